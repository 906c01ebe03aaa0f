"""Show samples of a run, or the figures of the run itself."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import yaml
from omegaconf import MISSING

from mathbatch.commands import exit_codes
from mathbatch.config.load import arguments_as
from mathbatch.config.spelling import Loader
from mathbatch.errors import ConfigError, SampleError, nearest
from mathbatch.records import ImageRef
from mathbatch.reports.figures import show_figures
from mathbatch.reports.show import SamplePrinter
from mathbatch.runner.look import LookedAt, ShownSample, all_ids, ids_with_verdict, looking_at, sample_in
from mathbatch.scoring.files import Verdict
from mathbatch.visible import visible

USAGE = "python -m mathbatch.show run_dir=… id=…"
ID = "id="
# Ids that are offered in the place of one that isn't there.
OFFERED = 5


@dataclass
class ShowConfig:
    """Arguments of the command, beside `id`."""

    run_dir: str = MISSING
    verdict: str | None = None
    limit: int = 3
    rollout: int | None = None
    reasoning: bool = False
    rendered: bool = False


def main() -> int:
    """Show what the command line names; return the exit code."""
    ids = [id for argument in sys.argv[1:] if argument.startswith(ID) for id in _ids(argument.removeprefix(ID))]
    others = [argument for argument in sys.argv[1:] if not argument.startswith(ID)]
    config = arguments_as(ShowConfig, others, USAGE)
    run_dir = Path(config.run_dir).expanduser()
    if config.verdict is not None and config.verdict not in get_args(Verdict):
        raise ConfigError("verdict", f"there is no '{config.verdict}'", nearest(config.verdict, get_args(Verdict)))
    if config.limit < 1:
        raise ConfigError("limit", "must be at least 1", "leave it out to see three")
    with looking_at(run_dir) as found:
        if config.verdict is not None:
            having = ids_with_verdict(found.run_dir, config.verdict, config.limit)  # type: ignore[arg-type]
            ids += having
            if not having:
                print(f"no answer has the verdict {config.verdict}")
        elif not ids:
            show_figures(found.run_dir)
        return _show(found, list(dict.fromkeys(ids)), config)


def _show(found: LookedAt, ids: list[str], config: ShowConfig) -> int:
    printer = SamplePrinter(found, config.reasoning)
    rendered = _renderer(found, printer) if config.rendered and ids else None
    code = exit_codes.SUCCESS
    for id in ids:
        sample = sample_in(found, id)
        if not sample.is_known and (meant := _shown_as(found, id)) is not None:
            sample = sample_in(found, meant)
        if not sample.is_known:
            notes = "".join(f"\n  {note}" for note in sample.notes)
            print(f"mathbatch: {found.run_dir} has no id '{id}'{notes}{_hint(found, id)}", file=sys.stderr)
            code = exit_codes.FAILURES
            continue
        if config.rollout is not None and not 0 <= config.rollout < len(sample.answers):
            fix = f"rollouts are counted from 0: the last one is {len(sample.answers) - 1}"
            raise ConfigError("rollout", f"{id} has no rollout {config.rollout}", fix)
        printer.show(sample, config.rollout, None if rendered is None else rendered(sample))
    return code


def _ids(text: str) -> list[str]:
    """Return the ids of an argument: one, or a list `[17,18]`, as they are spelled. Raises ConfigError."""
    if not text.startswith("["):
        return [text] if text else []
    try:
        node = yaml.compose(text, Loader=Loader)
    except yaml.YAMLError as error:
        raise ConfigError("id", f"{text} is no list", "write it as id=[17,18]; quote an id with commas") from error
    assert isinstance(node, yaml.SequenceNode)
    return [str(one.value) for one in node.value]


def _shown_as(found: LookedAt, id: str) -> str | None:
    """Return the id that is shown as this text, if it has characters that can't be typed."""
    return next((one for one in all_ids(found) if one != id and visible(one) == id), None) if "\\" in id else None


def _hint(found: LookedAt, id: str) -> str:
    """Return a line with the ids of the run that are most like this one."""
    from rapidfuzz import process

    near = [one for one, _, _ in process.extract(id, list(all_ids(found)), limit=OFFERED, score_cutoff=50)]
    return f"\n  fix: name another; the nearest are {', '.join(near)}" if near else "\n  fix: name another"


def _renderer(found: LookedAt, printer: SamplePrinter) -> Callable[[ShownSample], str]:
    """Return a function that renders the prompt of a sample as a run does. Loading it takes seconds."""
    from mathbatch.commands.check.chat import ChatRenderer

    chat = ChatRenderer(found.config.model)

    def size_of(ref: ImageRef) -> tuple[int, int]:
        printer.decoder.measure(ref)
        return printer.decoder.decode(ref)[0].size

    def rendered(sample: ShownSample) -> str:
        if sample.request is None:
            return "not made: the messages are not known"
        if chat.why_not is not None:
            return f"not made: {chat.why_not}"
        try:
            prompt = chat.render(sample.request.messages, size_of)
        except SampleError as error:
            return f"not made: {error}"
        return f"{prompt.text}\n[{prompt.tokens:,} tokens, {sum(prompt.image_tokens):,} of them for pictures]"

    return rendered
