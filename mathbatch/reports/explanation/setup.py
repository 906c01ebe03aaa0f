"""Name what differs between two runs beside their settings: checkpoint, chat template, versions, scorers."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import structs

from mathbatch.config.load import typed
from mathbatch.config.schema import Config
from mathbatch.data.storage.sealed import DamagedFileError, read_sealed
from mathbatch.errors import MathBatchError
from mathbatch.models.checkpoint.folder import local_checkpoint
from mathbatch.models.engine_arguments import chat_template
from mathbatch.reports.explanation.explanation import Changes, Difference
from mathbatch.reports.explanation.settings import ABSENT, different_settings, settings_of
from mathbatch.runner.identity import folder_name, identity
from mathbatch.runner.run_key import recorded_run
from mathbatch.runner.snapshot import Manifest, attempts, read_snapshot, started_in
from mathbatch.scoring.files import MANIFEST, read_metrics

# Packages that make neither prompts nor answers.
BESIDE = ("python", "hydra-core")
# Settings of a model that name a folder, which counts by what is in it.
CONTENTS = ("path", "lora")
# Settings that choose the chat template.
OF_TEMPLATE = ("model.path", "model.revision", "model.chat_template", "model.base_urls")
SCORER_PARTS = ("scorers", "settings", "judge", "versions")


class Setup:
    """Setup of one run, as far as its folder tells: `settings` by path, `config`, and the text of its chat template.

    What can't be read is None, and `problems` says why.
    """

    def __init__(self, run_dir: Path) -> None:
        self.run_dir, self.problems = run_dir, list[str]()
        self.settings: dict[str, Any] | None = None
        self.versions: dict[str, str] | None = None
        self.template: str | None = None
        # Name that the folder of this run would get now, and what the checkpoint and the adapter hold.
        self.name: str | None = None
        self.contents: dict[str, Any] = {}
        self._read_configuration()
        self._read_versions()

    @property
    def is_as_named(self) -> bool | None:
        """Tell whether all that the settings name is as it was when the run began; None if that isn't known."""
        recorded = recorded_run(self.run_dir)
        return None if recorded is None or self.name is None else Path(recorded).name == self.name

    def _read_configuration(self) -> None:
        try:
            composed, folder = read_snapshot(self.run_dir)
            self.settings = settings_of(composed)
            with contextlib.chdir(folder if folder.is_dir() else Path.cwd()):
                config: Config = typed(composed, is_new=False)
                self.template = _template_of(config)
                known = identity(config, named_from=started_in(attempts(self.run_dir)[-1]))
                self.name = folder_name(config, known)
                self.contents = {f"model.{name}": known["model"].get(name) for name in CONTENTS}
        except (MathBatchError, OSError) as error:
            what = "what its settings name" if self.settings is not None else "its settings"
            self.problems.append(f"{self.run_dir}: {what} can't be read: {str(error).splitlines()[0]}")

    def _read_versions(self) -> None:
        try:
            self.versions = read_sealed(self.run_dir / MANIFEST, Manifest).content.versions
        except DamagedFileError as error:
            self.problems.append(f"the versions that ran: {error}")


def different_setups(ours: Setup, theirs: Setup) -> Iterator[Difference]:
    """Yield what two runs don't have in common as a whole; nothing about what is known of one alone."""
    if ours.settings is not None and theirs.settings is not None:
        yield from _different_settings(ours, theirs)
    if ours.template is not None and theirs.template is not None and ours.template != theirs.template:
        yield Difference(what="chat template", key="chat template", first=ours.template, second=theirs.template)
    if ours.versions is not None and theirs.versions is not None:
        for package in sorted(ours.versions.keys() | theirs.versions.keys()):
            first, second = ours.versions.get(package, ABSENT), theirs.versions.get(package, ABSENT)
            changes: Changes = "nothing" if package in BESIDE else "answers"
            if first != second:
                yield Difference(what="version", key=package, first=first, second=second, changes=changes)
    yield from _different_scorers(ours.run_dir, theirs.run_dir)


def _different_settings(ours: Setup, theirs: Setup) -> Iterator[Difference]:
    """Yield the settings that differ; one that names the same content elsewhere can't change an answer.

    A file with a chat template can't either: what it changes is told by the texts of the templates.
    """
    assert ours.settings is not None
    assert theirs.settings is not None
    same = {path for path, content in ours.contents.items() if content == theirs.contents.get(path)}
    if ours.template is not None and theirs.template is not None:
        same.add("model.chat_template")
    found = list(different_settings(ours.settings, theirs.settings))
    for one in found:
        yield structs.replace(one, changes="nothing") if one.key in same else one
    for path in ours.contents.keys() & theirs.contents.keys() - same - {one.key for one in found}:
        first, second = str(ours.contents[path]), str(theirs.contents[path])
        yield Difference(what="checkpoint", key=path, first=first, second=second)


def unknown_of(ours: Setup, theirs: Setup) -> Iterator[str]:
    """Yield what can't be known about the setups, and why."""
    yield from (*ours.problems, *theirs.problems)
    if ours.settings is None or theirs.settings is None:
        return
    has_other_template = any(ours.settings.get(path) != theirs.settings.get(path) for path in OF_TEMPLATE)
    for setup in (ours, theirs):
        if setup.template is None and has_other_template and setup.name is not None:
            yield f"{setup.run_dir}: its chat template, since the model's files aren't here"
        if setup.is_as_named is False:
            yield (
                f"{setup.run_dir}: a file that its settings name (checkpoint, adapter, chat template, system prompt) "
                "has changed since, or an earlier version named the folder"
            )


def _different_scorers(first: Path, second: Path) -> Iterator[Difference]:
    ours, theirs = (read_metrics(folder).values["scorer"] for folder in (first, second))
    for part in SCORER_PARTS:
        if ours.get(part) != theirs.get(part):
            texts = [json.dumps(scorer.get(part)) for scorer in (ours, theirs)]
            yield Difference(what="scorer", key=part, first=texts[0], second=texts[1], changes="verdicts")


def _template_of(config: Config) -> str | None:
    """Return the chat template of a run; None where the model's files aren't here. Raises OSError."""
    own = chat_template(config.model)
    folder = local_checkpoint(config.model)
    if own is not None or folder is None:
        return own
    for name in ("chat_template.jinja", "chat_template.json", "tokenizer_config.json"):
        path = folder / name
        if path.is_file():
            text = path.read_text("utf-8")
            template = text if path.suffix == ".jinja" else _json_member(text)
            if template is not None:
                return template
    return None


def _json_member(text: str) -> str | None:
    """Return the template in a JSON file of a tokenizer, as text also where there are several by name."""
    try:
        found = json.loads(text).get("chat_template")
    except ValueError:
        return None
    return found if found is None or isinstance(found, str) else json.dumps(found)
