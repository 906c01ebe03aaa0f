"""Watch a page: what it says, asks for, opens and lets happen."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Error, Frame, Page

from support.browsers import address, viewport

# Runs before any script of the page: says what the policy refuses, and that something set the canary `__hit`.
CANARY = """(() => {
  const say = console.error.bind(console);
  addEventListener('securitypolicyviolation', (event) => say(
    `refused by the policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
  Object.defineProperty(window, '__hit', { set: (value) => say(`code of others ran: ${value}`) });
})()"""
# What Firefox says of lengths in a formula that no browser takes; KaTeX writes them as they were given.
HARMLESS = re.compile(r"Error in parsing (MathML attribute value|the value) .*Attribute ignored")
# Script that opens views and looks at them; see `browsers_look`.
LOOK = Path(__file__).with_name("look.js")
# Number of looks, 50 ms apart, after which nothing more is expected of a page.
LOOKS = 200


class WatchedPage:
    """A page of the report, and in `troubles` all that it must not do."""

    def __init__(self, browser: Browser, downloads: Path, report: Path, width: int = 1440, dark: bool = False) -> None:
        self.report = report
        self.downloads = downloads
        self.known = set(downloads.iterdir())
        self.troubles: list[str] = []
        self.requests: list[str] = []
        self.own = (address(report.parent) + "/", "data:")
        # "null" leaves the setting as it is: Firefox can't be told this way.
        scheme: Any = "null" if browser.browser_type.name == "firefox" else "dark" if dark else "light"
        self.context = browser.new_context(viewport=viewport(width), color_scheme=scheme, accept_downloads=True)
        self.context.add_init_script(CANARY)
        self.context.add_init_script(path=LOOK)
        self.page = self.context.new_page()
        self._watch(self.page)
        self.context.on("page", lambda page: self.troubles.append(f"opened another page: {page.url}"))

    def _watch(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", self._failed)
        page.on("dialog", self._asked)
        page.on("request", lambda request: self._requested(request.url))
        page.on("websocket", lambda socket: self.troubles.append(f"socket: {socket.url}"))
        page.on("worker", lambda worker: self.troubles.append(f"worker: {worker.url}"))
        page.on("framenavigated", self._went)
        page.on("crash", lambda _: self.troubles.append("the page crashed"))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"console {message.type}: {message.text}")

    def _failed(self, error: Error) -> None:
        if not HARMLESS.search(str(error)):
            self.troubles.append(f"error: {error}")

    def _asked(self, dialog: Dialog) -> None:
        self.troubles.append(f"dialog {dialog.type}: {dialog.message}")
        dialog.dismiss()

    def _requested(self, url: str) -> None:
        self.requests.append(url)
        if not (url.startswith(self.own) and ".." not in unquote(url)):
            self.troubles.append(f"request: {url[:300]}")

    def _went(self, frame: Frame) -> None:
        if frame.parent_frame is not None:
            self.troubles.append(f"frame: {frame.url[:300]}")
        elif frame.url.partition("#")[0] not in ("about:blank", address(self.report)):
            self.troubles.append(f"left for {frame.url[:300]}")

    def may_read(self, folder: Path) -> None:
        """Let the page load files of another folder as well."""
        self.own += (address(folder) + "/",)

    def noted(self) -> list[str]:
        """Return all that the page did and must not have done."""
        self.page.wait_for_timeout(0)  # Playwright hands over events while it waits for something.
        return [*self.troubles, *(f"saved a file: {path.name}" for path in self.new_files())]

    def new_files(self) -> list[Path]:
        """Return the files that the browser has saved since the page was opened and that `saved` has not returned."""
        return sorted(set(self.downloads.iterdir()) - self.known)

    def awaited(self, words: str) -> str:
        """Return all that was noted, once these words are among it, or after some seconds without them."""
        for _ in range(LOOKS):
            if any(words in found for found in self.noted()):
                break
            self.page.wait_for_timeout(50)
        return "\n".join(self.noted())

    def saved(self) -> Path:
        """Return the file that the browser saves next."""
        for _ in range(LOOKS):
            found = [path for path in self.new_files() if path.stat().st_size]
            if found:
                self.known.update(found)
                return found[0]
            self.page.wait_for_timeout(50)
        raise AssertionError("the browser has saved nothing")

    def go(self, view: str) -> None:
        """Open a view of the report by its address, `#/overview`."""
        self.page.goto(address(self.report, view))

    def close(self) -> None:
        """Close the page and all that belongs to it."""
        self.context.close()


OpenReport = Callable[..., WatchedPage]
