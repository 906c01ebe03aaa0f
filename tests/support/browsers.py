"""Open pages in the browsers that people use, without a network, and note all that a page must not do.

Playwright drives Debian's `chromium`, and by WebDriver BiDi its `firefox-esr` as well.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Playwright, ViewportSize, sync_playwright

from support.dead_network import DeadNetwork

# Browsers by name, with the commands by which systems know them.
COMMANDS = {"chromium": ("chromium", "chromium-browser", "google-chrome"), "firefox": ("firefox-esr", "firefox")}

# Widths of a desktop, a tablet and a phone in CSS pixels.
WIDTHS = (1440, 820, 390)
HEIGHT = 900

CHROMIUM_ARGUMENTS = [
    # Chromium refuses to run as root with its sandbox.
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    # Memory shared with its processes would be limited to 64 MB in a container.
    "--disable-dev-shm-usage",
    # What it asks its maker for on its own.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-domain-reliability",
    # A name that the proxy is not asked for, such as one to prefetch, is found nowhere.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--enable-precise-memory-info",
]

# What Firefox asks its maker for on its own.
FIREFOX_SILENT: dict[str, str | float | bool] = {
    "app.normandy.enabled": False,
    "browser.newtabpage.enabled": False,
    "browser.region.network.url": "",
    "browser.safebrowsing.blockedURIs.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "captivedetect.canonicalURL": "",
    "datareporting.healthreport.uploadEnabled": False,
    "dom.push.connection.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.server": "",
}


def installed(name: str) -> str | None:
    """Return the path of the browser with this name, None if it is not installed."""
    return next((path for command in COMMANDS[name] if (path := shutil.which(command))), None)


@contextmanager
def open_browser(name: str, network: DeadNetwork, downloads: Path) -> Iterator[Browser]:
    """Start a browser whose only way out is `network`, and that saves what a page hands out in `downloads`.

    Raises LookupError if it is not installed.
    """
    path = installed(name)
    if path is None:
        raise LookupError(f"{name} is not installed: scripts/test_browsers does it, or says how")
    with sync_playwright() as playwright:
        browser = _launch(playwright, name, path, network, downloads)
        yield browser
        browser.close()


def _launch(playwright: Playwright, name: str, path: str, network: DeadNetwork, downloads: Path) -> Browser:
    if name == "chromium":
        return playwright.chromium.launch(
            executable_path=path,
            downloads_path=downloads,
            args=CHROMIUM_ARGUMENTS,
            proxy={"server": f"http://127.0.0.1:{network.port}", "bypass": "<-loopback>"},
        )
    return playwright.firefox.launch(
        channel="moz-firefox",
        executable_path=path,
        downloads_path=downloads,
        firefox_user_prefs={**FIREFOX_SILENT, **_proxied(network.port)},
        # Without it, a release build of Firefox keeps to the server for settings that was built in.
        env={**os.environ, "MOZ_REMOTE_SETTINGS_DEVTOOLS": "1"},
    )


def _proxied(port: int) -> dict[str, str | float | bool]:
    return {
        "network.proxy.type": 1,
        "network.proxy.http": "127.0.0.1",
        "network.proxy.http_port": port,
        "network.proxy.ssl": "127.0.0.1",
        "network.proxy.ssl_port": port,
        "network.proxy.no_proxies_on": "",
        "network.proxy.allow_hijacking_localhost": True,
        "network.dns.disabled": True,
    }


def viewport(width: int) -> ViewportSize:
    """Return the size of a window of this width."""
    return {"width": width, "height": HEIGHT}


def address(page: Path, view: str = "") -> str:
    """Return the address of a page on the disk, with the part that names a view of it."""
    return page.resolve().as_uri() + view
