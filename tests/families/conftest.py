"""Prepare a process for the engines of all families, which are loaded one after another."""

from __future__ import annotations

import pytest
from support import forked_engines
from support.families.torchvision import make_importable
from support.scheduling import family_of


@pytest.fixture(scope="session")
def prepared() -> None:
    """Make this process fit to load engines quickly."""
    make_importable()
    if forked_engines.prepare():
        forked_engines.look_at_architectures_here()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a family together, so that it is loaded once."""
    items.sort(key=lambda item: family_of(item.nodeid) or "")
