"""Decide which requests a run still has to answer."""

from __future__ import annotations

from mathbatch.base import BaseDataFilter, BaseDataSaver
from mathbatch.records import Request


class RecordedDataFilter(BaseDataFilter):
    """Passes nothing: what has no answer is left to other commands."""

    def pending(self, request: Request, saver: BaseDataSaver) -> bool:
        return False


class PendingDataFilter(BaseDataFilter):
    """Passes the requests that have no answer in the store. Failures pass only if `retry_failures` is set."""

    def __init__(self, retry_failures: bool) -> None:
        self.retry_failures = retry_failures

    def pending(self, request: Request, saver: BaseDataSaver) -> bool:
        state = saver.state(request.id, request.rollout, request.digest)
        return state is None or (state == "failed" and self.retry_failures)
