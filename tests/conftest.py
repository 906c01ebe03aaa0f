"""Give the tests one real engine, and sort them so that two processes share them well."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.images import encoded
from support.scheduling import VLLM, SharingScheduling
from support.shared_engine import SharedEngine
from xdist.remote import Producer

from mathbatch.data.images.decode import ImageRoot

# Terminal settings of whoever runs the tests would change the tables that they compare.
for name in ("COLUMNS", "LINES", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
    os.environ.pop(name, None)

# Two processes share the cores. With one thread, torch has no pool of threads, for which forked engines would wait.
os.environ["OMP_NUM_THREADS"] = "1"
# vLLM would bind the engines of both processes to the same core.
os.environ["VLLM_CPU_OMP_THREADS_BIND"] = "nobind"

# Nothing is downloaded. Without a network each request would be tried again for half a minute.
os.environ["HF_HUB_OFFLINE"] = "1"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> SharingScheduling:
    """Let the tests that use vLLM run in one process."""
    return SharingScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of real engines, and put those that take longest first, so that processes end at the same time."""
    for item in items:
        if VLLM in item.nodeid:
            item.add_marker(pytest.mark.engine)
        if item.get_closest_marker("engine"):
            item.add_marker(pytest.mark.process)
    items.sort(
        key=lambda item: (
            VLLM not in item.nodeid,
            not item.get_closest_marker("engine"),
            not item.get_closest_marker("process"),
        )
    )


@pytest.fixture(scope="session", params=[VLLM])
def vllm() -> None:
    """Let a test run in the process that imports vLLM, as it does so too, or runs commands with `vllm=True`."""


@pytest.fixture(scope="session")
def engine(vllm: None) -> Iterator[SharedEngine]:
    """Yield the demo model in real vLLM, loaded once for the session."""
    shared = SharedEngine()
    yield shared
    shared.close()


@pytest.fixture
def image_root(tmp_path: Path) -> ImageRoot:
    """Return images of 40 x 30 and 400 x 300 pixels, and one that breaks off after a good header."""
    (tmp_path / "small.png").write_bytes(encoded())
    (tmp_path / "large.png").write_bytes(encoded(mode="L", size=(400, 300)))
    (tmp_path / "broken.png").write_bytes(encoded()[:-300])
    return ImageRoot(tmp_path)
