"""Notice that each of the first samples fails by the same error, so that a defect ends a run instead of filling it."""

from __future__ import annotations

import traceback

from mathbatch.errors import JobError, SampleError
from mathbatch.parts.faults import Fault, PartFailure

# Samples from the first one on that all fail in one way before the rest is not tried.
ENOUGH = 100
# Different errors that are logged with their tracebacks, each once.
MAX_LOGGED = 20
# Kind of the failures of samples that the engine refuses: for the same reason each time, it refuses the settings.
REJECTED = "rejected"


class FirstErrors:
    """Errors of the first samples, as long as they are all the same. `noun` is what messages call the samples."""

    def __init__(self, noun: str = "samples") -> None:
        self._noun = noun
        self._first: Fault | None = None
        self._first_id = ""
        self._count = 0
        self._are_mixed = False
        self._logged: set[str] = set()

    def note_success(self) -> None:
        """Note that a sample was answered: from now on an error is that of its sample."""
        self._are_mixed = True

    def note(self, error: SampleError, id: str) -> None:
        """Note that a sample failed. Raise JobError if it is one too many of the same."""
        if isinstance(error, PartFailure):
            self._log(error)
            self.note_fault(error.fault, id)
        elif error.kind == REJECTED:
            self.note_fault(Fault("the engine", "rejects the request", str(error), f"{REJECTED} {error}"), id)
        else:
            self._are_mixed = True

    def note_fault(self, fault: Fault, id: str) -> None:
        """Note the fault of a part on one sample. Raise JobError if it is one too many of the same."""
        if self._first is None:
            self._first, self._first_id = fault, id
        self._are_mixed = self._are_mixed or fault.key != self._first.key
        self._count += 1
        if self._count == ENOUGH:
            self._raise(f"each of the first {ENOUGH} {self._noun}, from {self._first_id} on")

    def end(self) -> None:
        """Raise JobError if there are no more samples and all that there were failed by the same error."""
        several = f"all {self._count} {self._noun}, from {self._first_id} on"
        self._raise(several if self._count > 1 else self._first_id)

    def _raise(self, what: str) -> None:
        if self._first is not None and not self._are_mixed:
            raise JobError(self._first.sentence(f", for {what}"))

    def _log(self, error: PartFailure) -> None:
        if error.__cause__ is not None and error.fault.key not in self._logged and len(self._logged) < MAX_LOGGED:
            self._logged.add(error.fault.key)
            traceback.print_exception(error.__cause__)
