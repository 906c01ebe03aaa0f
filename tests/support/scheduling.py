"""Share the tests among processes of pytest-xdist."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

# Stands in the id of each test that uses vLLM in this process, or in commands that find its imports made, since the
# scheduler knows no more of a test than its id. Other processes don't import it then.
VLLM = "vLLM"
# Tests of a file in this folder share what takes long to make: a wheel, the figures of a benchmark.
SHARING_FILES = "tests/repository/"
# Tests in this folder share the engine of the model family in their brackets.
FAMILIES = "tests/families/"
# Tests in this folder share the browser that their brackets begin with.
BROWSERS = "tests/browser/"


class SharingScheduling(LoadScopeScheduling):
    """Gives all tests that share something to one process, which makes it once, and others one by one to either."""

    def _split_scope(self, nodeid: str) -> str:
        if VLLM in nodeid:
            return VLLM
        if family := family_of(nodeid):
            return family
        if nodeid.startswith(BROWSERS):
            return nodeid.partition("[")[2].removesuffix("]").partition("-")[0]
        return nodeid.split("::")[0] if nodeid.startswith(SHARING_FILES) else nodeid


def family_of(nodeid: str) -> str | None:
    """Return the model family that a test is about, None for all other tests."""
    return nodeid.partition("[")[2].removesuffix("]") or None if nodeid.startswith(FAMILIES) else None
