"""Filters: which units a run has still to do."""

from __future__ import annotations

from mathbatch.base import BaseDataFilter, BaseDataSaver
from mathbatch.records import Request


class PendingDataFilter(BaseDataFilter):
    """What the store has no answer for. Failures are tried again unless `retry_failures` is off."""

    def __init__(self, retry_failures: bool) -> None:
        self.retry_failures = retry_failures

    def pending(self, request: Request, saver: BaseDataSaver) -> bool:
        state = saver.state(request.id, request.rollout, request.digest)
        return state is None or (state == "failed" and self.retry_failures)
