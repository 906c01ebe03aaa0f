"""Share the tests among processes of pytest-xdist."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

# Stands in the id of each test that shares an engine, since the scheduler knows no more of a test than its id.
SHARED_ENGINE = "shared engine"


class EngineScheduling(LoadScopeScheduling):
    """Gives all tests that share an engine to one process, which loads it once, and others one by one to either."""

    def _split_scope(self, nodeid: str) -> str:
        return SHARED_ENGINE if SHARED_ENGINE in nodeid else nodeid
