"""Collect what `verify` finds."""

from __future__ import annotations

from mathbatch.reports.findings import Finding


class Report:
    """All findings, by name, in the order in which they are shown."""

    def __init__(self) -> None:
        self.configuration = Finding(
            "configuration",
            "files that say what ran can't be relied on: repair=true puts back the right one of two, "
            "or run the same command again, which writes them anew",
            True,
        )
        self.unreadable = Finding("unreadable", "files of records that can't be read: put them back", True)
        self.answered = Finding("answered", "units with an answer", False)
        self.failed = Finding("failed", "units with a named failure; the next run tries them again", False)
        self.stale = Finding(
            "replaced",
            "records of an input that has changed since or is not asked now, or of another run; never used",
            False,
        )
        self.missing = Finding("missing", "units without a record: run the same command again", True)
        self.in_shards = Finding(
            "in shards", "shards whose answers are not taken in yet: run again, or python -m mathbatch.merge", False
        )
        self.torn = Finding("torn", "segments whose last line is cut: repair=true or the next run cuts it off", True)
        self.damaged = Finding(
            "damaged",
            "lines that are no sound record: repair=true sets them aside and keeps what is sound in them",
            True,
        )
        self.doubled = Finding("doubled", "second answers of a unit: repair=true sets them aside", True)
        self.foreign = Finding("foreign", "records of ids that are not among the rows asked now; never used", False)
        self.results = Finding(
            "results", "results or manifest that don't fit the records: run again, or repair=true", True
        )
        self.scores = Finding(
            "scores",
            "scores that were changed, or are not of these results: run again, or score again; "
            "repair=true sets those in scores/ aside",
            True,
        )
        self.unsealed = Finding(
            "no checksum", "files of an earlier version, changes in which don't show: run again to add it", False
        )

    @property
    def findings(self) -> list[Finding]:
        """Return all findings in the order in which they are shown."""
        return list(vars(self).values())

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing is amiss."""
        return not any(finding.amiss and finding.count for finding in self.findings)
