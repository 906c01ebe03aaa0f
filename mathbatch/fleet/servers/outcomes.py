"""Name what may come of sending a request, other than an answer."""

from __future__ import annotations


class Unanswered(Exception):
    """Request without an answer, which may be sent again. `kind` is that of the failure if it never gets one."""

    def __init__(self, kind: str, reason: str, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.kind, self.wait_s = kind, wait_s


class Crowded(Unanswered):
    """Complaint of a server that it has too many requests."""


class Unreachable(Unanswered):
    """Server to which there is no way: nobody listens there, or its name leads nowhere."""


class OtherLength(Exception):
    """Complaint of a server that it knows the longest answer by another name: `instead`."""

    def __init__(self, reason: str, instead: str) -> None:
        super().__init__(reason)
        self.instead = instead
