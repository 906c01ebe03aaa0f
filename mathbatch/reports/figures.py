"""Say what each key of `metrics.json` and `manifest.json` means, and show those of a run with their values.

A `*` in a key stands for a name of the run's own: a label, a verdict, a scorer, a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from mathbatch.data.storage.sealed import DamagedFileError, read_sealed
from mathbatch.reports.terminal import show
from mathbatch.scoring.files import MANIFEST, METRICS

METRICS_KEYS = {
    "accuracy": "share of correct among the judged responses; null if none is judged",
    "interval": "95 % confidence interval of the accuracy, low and high",
    "correct": "number of responses with the verdict correct",
    "judged": "number of responses with the verdict correct, wrong or no_answer",
    "interval_is": "method of the interval; clustered where rollouts or rows of one problem are alike",
    "denominator": "verdicts over which the accuracy is taken",
    "verdicts.*": "number of responses with each verdict",
    "truncated.*": "number of responses that were cut at the token limit, by verdict",
    "samples": "number of rows",
    "rollouts": "number of responses to a row",
    "judged_rollouts": "least and most judged responses to a row, where that differs",
    "pass_at_k.*.value": "chance that one of k responses is correct, mean over the rows (Chen et al. 2021)",
    "pass_at_k.*.samples": "number of rows with at least k judged responses",
    "majority_at_k.*.value": "chance that the answer most frequent among k responses is correct, mean over the rows",
    "majority_at_k.*.samples": "number of rows with at least k judged responses",
    "worst_case.accuracy": "share of groups (`dataset.group_field`) in which every response is correct",
    "worst_case.interval": "95 % confidence interval of that share",
    "worst_case.groups": "number of groups of which it is known",
    "worst_case.incomplete": "number of groups left out, with failed or unscored responses",
    "breakdown.*.*.accuracy": "accuracy of the rows with a label, by field of `dataset.metadata` and label",
    "breakdown.*.*.interval": "95 % confidence interval of that accuracy",
    "breakdown.*.*.correct": "number of correct responses to these rows",
    "breakdown.*.*.judged": "number of judged responses to these rows",
    "votes.*": "number of responses on which each scorer has voted",
    "unscored_votes.*": "number of these votes that were unscored",
    "unusable_golds.rows": "number of rows whose gold answer can't be used",
    "unusable_golds.reasons.*.rows": "number of these rows, by reason",
    "unusable_golds.reasons.*.ids": "ids of the first of them",
    "unscored.*": "number of responses without a verdict, by the most frequent reasons",
    "auto.accuracy": "accuracy by the scorer `auto`, beside that by the protocol of a benchmark",
    "auto.interval": "95 % confidence interval of that accuracy",
    "auto.correct": "number of responses that are correct to `auto`",
    "auto.judged": "number of responses that `auto` has judged",
    "suspects": "number of verdicts to look at; `audit.jsonl` lists the first thousand",
    "four_ways.*.*": "We-Math's own score and counts, strict and loose",
    "answers_without_row": "number of answers from elsewhere that belong to no row",
    "ids_with_several_answers": "number of ids that are on several lines of answers from elsewhere",
    "marks.file": "file of the marks that a person has laid over the verdicts; all other keys are without them",
    "marks.sha256": "SHA-256 of that file",
    "marks.count": "number of responses that are marked",
    "marks.changed": "number of marks that say other than the scorers",
    "marks.faults.*": "number of marks by where the fault lies",
    "marks.of_other_answers": "number of marks on answers that are not there any more",
    "marks.accuracy": "accuracy with the marks",
    "marks.interval": "95 % confidence interval of that accuracy",
    "marks.correct": "number of correct responses with the marks",
    "marks.judged": "number of judged responses with the marks",
    "marks.verdicts.*": "number of responses with each verdict, with the marks",
    "scorer.scorers": "names of the scorers",
    "scorer.settings": "`dataset.scoring`, as it was set",
    "scorer.versions.*": "digest of the code that decides verdicts",
    "scorer.judge": "name of the judge model, null if none was asked",
    "scorer.identity": "digest of all that decides verdicts, beside rows and responses",
    "scorer.golds": "digest of the gold answers",
    "stamp": "digest of all that decides the scores, by which a later run sees that they are up to date",
    "sha256.*": "SHA-256 of the scores, the audit list, the plots and the results that were scored",
    "crc": "CRC-32 of this document up to here",
}
MANIFEST_KEYS = {
    "versions.*": "versions of MathBatch, Python and the engine's packages",
    "run": "name of the run: its place below `output_dir` when it began",
    "units": "number of responses that were asked for: rows times `sampling.n`",
    "answered": "number of units with an answer",
    "failed": "number of units without one",
    "truncated": "number of answers that were cut at the token limit",
    "prompt_tokens": "tokens of the prompts of all answers",
    "output_tokens": "tokens of all answers, reasoning among them",
    "cached_tokens": "tokens of the prompts that the engine had in a cache, where it tells",
    "reasoning_tokens": "tokens of the answers that are reasoning, where the engine tells",
    "cost": "price of all tokens by `model.prices`",
    "this_run.answered": "number of units that the last attempt which answered any has answered",
    "this_run.truncated": "number of these answers that were cut",
    "this_run.prompt_tokens": "tokens of their prompts",
    "this_run.output_tokens": "tokens of these answers",
    "this_run.seconds": "seconds from the first request of that attempt to its last answer",
    "this_run.output_tokens_per_s": "output tokens of that attempt, by these seconds",
    "this_run.engines": "what each engine did, where there were several: name, state, answers, starts, losses",
    "results_sha256": "SHA-256 of the results that were scored",
    "finished": "digest by which a later run sees that nothing is left to do",
    "crc": "CRC-32 of this document up to here",
}
# Names of which the value of a key shows the first, and characters of a value that are shown.
SHOWN_NAMES = 6
SHOWN = 60


def leaves(values: Mapping[str, Any], known: Mapping[str, str], above: str = "") -> Iterator[str]:
    """Yield the described key of each leaf of a document, and the key itself where none describes it."""
    for name, value in values.items():
        keys = [f"{above}{part}" for part in (name, "*")]
        key = next((key for key in keys if any(_is_within(one, key) for one in known)), keys[0])
        if key in known or not isinstance(value, Mapping):
            yield key
        else:
            yield from leaves(value, known, f"{key}.")


def show_figures(run_dir: Path) -> None:
    """Show each key of the two documents of a run with its value and meaning, or what is wrong with a document."""
    tables, lines = [], []
    for name, known in ((METRICS, METRICS_KEYS), (MANIFEST, MANIFEST_KEYS)):
        try:
            values = read_sealed(run_dir / name, dict[str, Any]).values
        except DamagedFileError as error:
            lines.append(f"  {error}")
            continue
        table = Table(title=name, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
        for heading in ("key", "value", "meaning"):
            table.add_column(heading, overflow="fold")
        for key in dict.fromkeys(leaves(values, known)):
            table.add_row(key, _cut(_value(values, key)), known.get(key, ""))
        tables.append(table)
    show(tables, lines)


def _is_within(key: str, above: str) -> bool:
    return key == above or key.startswith(f"{above}.")


def _value(values: Mapping[str, Any], key: str) -> str:
    """Return the value of a key as text: of a `*` at its end the names with theirs, of one within it nothing."""
    found: Any = values
    *above, last = key.split(".")
    if "*" in above:
        return ""
    for name in above:
        found = found[name]
    if last != "*":
        return _text(found[last])
    named = [f"{name}: {_text(value)}" for name, value in list(found.items())[:SHOWN_NAMES]]
    return ", ".join(named) + (", …" if len(found) > SHOWN_NAMES else "")


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"[{', '.join(map(_text, value))}]" if isinstance(value, list) else "null" if value is None else str(value)
