"""Give each test of the report a page in each browser, and fail it for whatever the page must not do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from support.browsers import COMMANDS, open_browser
from support.browsers_watch import OpenReport, WatchedPage
from support.dead_network import DeadNetwork
from support.finished_runs import Finished, finished_sweep


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.process)


@pytest.fixture(scope="session")
def network() -> Iterator[DeadNetwork]:
    """Yield the network that the browsers see."""
    with DeadNetwork() as network:
        yield network


@pytest.fixture(scope="session")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder in which the browsers save what a page hands out."""
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="session", params=list(COMMANDS))
def browser(request: pytest.FixtureRequest, network: DeadNetwork, downloads: Path) -> Iterator[Browser]:
    """Yield a browser that is started once for all tests."""
    with open_browser(request.param, network, downloads) as browser:
        yield browser


@pytest.fixture
def open_report(browser: Browser, downloads: Path, network: DeadNetwork) -> Iterator[OpenReport]:
    """Yield what opens a report in a new page, and check afterwards that all pages have behaved."""
    pages: list[WatchedPage] = []
    before = len(network.asked)

    def opened(report: Path, view: str = "", width: int = 1440, dark: bool = False) -> WatchedPage:
        pages.append(WatchedPage(browser, downloads, report, width, dark))
        pages[-1].go(view)
        return pages[-1]

    yield opened
    noted = list(dict.fromkeys(found for page in pages for found in page.noted()))
    for page in pages:
        page.close()
    assert noted == []
    assert network.asked[before:] == []


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Return a sweep of two runs over the demo dataset, with their reports."""
    return finished_sweep(tmp_path_factory.mktemp("finished"))
