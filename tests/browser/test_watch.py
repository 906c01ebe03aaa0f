"""What watches the pages sees all that a page could do, so that its silence means something."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser
from support.browsers_watch import WatchedPage
from support.dead_network import DeadNetwork

POLICY = """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'">"""

DEEDS = {
    "sets the canary": ("window.__hit = 'deed'", "code of others ran: deed"),
    "opens a dialog": ("alert('deed')", "dialog alert: deed"),
    "opens a page": ("open('about:blank#deed')", "opened another page"),
    "opens a frame": (
        "const frame = document.createElement('iframe'); frame.srcdoc = 'x'; document.body.append(frame)",
        "frame: about:srcdoc",
    ),
    "is refused a request": ("fetch('https://deed.example/')", "refused by the policy: connect-src"),
    "is refused a script": (
        "const script = document.createElement('script'); script.textContent = '1'; document.body.append(script)",
        "refused by the policy: script-src-elem inline",
    ),
    "is refused a handler": ("document.body.setAttribute('onclick', '1')", "refused by the policy: script-src-attr"),
    "goes elsewhere": ("location.href = 'https://deed.example/'", "left for "),
    "goes to another file": ("location.href = 'other.html'", "left for "),
    "complains": ("console.error('deed')", "console error: deed"),
    "fails": ("throw new Error('deed')", "error: deed"),
    "fails later": ("Promise.reject(new Error('deed'))", "error: deed"),
    "downloads": (
        "const link = document.createElement('a'); link.download = 'deed.txt'; "
        "link.href = URL.createObjectURL(new Blob(['x'])); document.body.append(link); link.click()",
        "saved a file: ",
    ),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_watch_sees_a_page_that(
    deed: str, browser: Browser, downloads: Path, network: DeadNetwork, tmp_path: Path
) -> None:
    code, expected = DEEDS[deed]
    (tmp_path / "other.html").write_text("<p>other")
    (tmp_path / "deed.js").write_text(f"addEventListener('load', () => setTimeout(() => {{ {code} }}))")
    page = tmp_path / "page.html"
    page.write_text(f'<!doctype html>{POLICY}<body><p id="p">here</p><script src="deed.js"></script>')
    watched = WatchedPage(browser, downloads, page)
    watched.go("")
    assert expected in watched.awaited(expected)
    watched.close()


def test_watch_sees_what_a_page_asks_the_network_for(
    browser: Browser, downloads: Path, network: DeadNetwork, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    page.write_text('<!doctype html><body><img src="http://deed.example/picture.png">')
    watched = WatchedPage(browser, downloads, page)
    watched.go("")
    for _ in range(300):  # the time only ends a test that would hang
        if any("http://deed.example/picture.png" in asked for asked in network.asked):
            break
        watched.page.wait_for_timeout(100)
    else:
        pytest.fail(f"the proxy was asked for nothing but {network.asked}")
    watched.close()


def test_watch_says_nothing_of_a_page_that_behaves(
    browser: Browser, downloads: Path, network: DeadNetwork, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    page.write_text(f'<!doctype html>{POLICY}<body><p>here</p><script src="own.js"></script>')
    (tmp_path / "own.js").write_text("location.hash = '#/there'; document.title = 'drawn'")
    before = list(network.asked)
    watched = WatchedPage(browser, downloads, page)
    watched.go("")
    assert watched.page.title() == "drawn"
    assert watched.noted() == []
    assert network.asked == before
    watched.close()
