"""Each bad input costs what it must and no more: one row, or a sentence before anything is asked."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf, open_dict
from support.bad_inputs import BAD, CASES, Answered, Case, Failed, Refused, encoded
from support.processes import run_process
from support.rows import SCRIPTED
from support.run_folders import Outcome, found_outcome

from mathbatch.commands import exit_codes
from mathbatch.commands.run import Run
from mathbatch.config import Config
from mathbatch.config.load import typed
from mathbatch.config.paths import conf_dir
from mathbatch.errors import MathBatchError
from mathbatch.runner.run_job import RunJob
from mathbatch.runner.signals import Signals


@pytest.fixture(scope="session")
def composed() -> DictConfig:
    """The configuration of a run of the scripted model, without an input. Once for all: Hydra takes its time."""
    ConfigStore.instance().store(name="schema", node=Config)
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        config = compose("config", [SCRIPTED, "dataset=generic", "dataset.name=rows"], return_hydra_config=True)
    HydraConfig.instance().set_config(config)
    with open_dict(config):
        del config["hydra"]
    return config


@pytest.fixture
def run_here(
    composed: DictConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Outcome]:
    """What `mathbatch.run` does with these overrides and the scripted model, in this process and in `tmp_path`."""
    monkeypatch.chdir(tmp_path)

    def run_it(*overrides: str) -> Outcome:
        config = composed.copy()
        for override in OverridesParser.create().parse_overrides(list(overrides)):
            OmegaConf.update(config, override.key_or_group, override.value())
        try:
            code = Run(Signals()).run_alone(RunJob(typed(config), config))
        except MathBatchError as error:
            print(f"mathbatch: {error}", file=sys.stderr)
            code = exit_codes.MISTAKE
        printed = capfd.readouterr()
        return found_outcome(tmp_path, code, printed.out, printed.err)

    return run_it


def made(case: Case, folder: Path) -> tuple[str, ...]:
    """Make the files of a case; returns the overrides that name them."""
    (folder / "good.png").write_bytes(encoded())
    content = case.content if isinstance(case.content, bytes) else case.content(folder)
    (folder / case.input).write_bytes(content)
    return (f"dataset.input={case.input}", *case.overrides)


def cases(outcome: type) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "case", [pytest.param(case, id=case.name) for case in CASES if isinstance(case.outcome, outcome)]
    )


@cases(Failed)
def test_a_bad_row_fails_by_its_kind_and_all_others_are_answered(
    case: Case, tmp_path: Path, run_here: Callable[..., Outcome]
) -> None:
    check_failed(case, run_here(*made(case, tmp_path)))


@cases(Answered)
def test_a_row_that_only_looks_bad_is_answered(case: Case, tmp_path: Path, run_here: Callable[..., Outcome]) -> None:
    check_answered(case, run_here(*made(case, tmp_path)))


@cases(Refused)
def test_a_bad_file_or_setting_is_refused_in_a_sentence(
    case: Case, tmp_path: Path, run_here: Callable[..., Outcome]
) -> None:
    check_refused(case, run_here(*made(case, tmp_path)))


@pytest.mark.parametrize(
    "name",
    [
        "truncated JPEG",
        "line of NUL bytes",
        "100,000 brackets",
        "CRLF",
        "array broken in the middle",
        "truncated gzip",
        "missing file",
        "prompt field that no row has",
    ],
)
@pytest.mark.process
def test_a_process_of_its_own_ends_the_same_way(name: str, tmp_path: Path) -> None:
    (case,) = (case for case in CASES if case.name == name)
    outcome = run_process(tmp_path, *made(case, tmp_path))
    check = {Failed: check_failed, Answered: check_answered, Refused: check_refused}[type(case.outcome)]
    check(case, outcome)


def test_the_names_of_the_cases_are_unique() -> None:
    names = [case.name for case in CASES]
    assert sorted(names) == sorted(set(names))


def check_failed(case: Case, outcome: Outcome) -> None:
    expected = case.outcome
    assert isinstance(expected, Failed)
    assert outcome.code == 1, outcome.err
    assert "Traceback" not in outcome.err
    assert outcome.results is not None
    assert len(outcome.results) == len(expected.order), "each row once"
    for id, row in zip(expected.order, outcome.results, strict=True):
        if id == "!":
            assert row.get("sample_index") == expected.id
            assert row["model_answer"] is None
            failure = row["model_answer_failure"]
        else:
            check_healthy(row, id)
    assert failure["kind"] == expected.kind, failure["message"]
    assert expected.says in failure["message"]
    assert len(failure["message"]) < 6000, "a message does not repeat the data"
    (record,) = (record for record in outcome.records() if "failure" in record)
    assert record["failure"] == failure
    number = expected.order.index("!") + 1
    assert record["id"] in (BAD, f"<row {number}>")
    assert f"failed: {record['id']}: {expected.kind}" in outcome.out


def check_answered(case: Case, outcome: Outcome) -> None:
    expected = case.outcome
    assert isinstance(expected, Answered)
    assert outcome.code == 0, outcome.out + outcome.err
    assert outcome.results is not None
    assert len(outcome.results) == len(expected.order), "each row once"
    for id, row in zip(expected.order, outcome.results, strict=True):
        if id == "!":
            assert row["model_answer"]
            assert {name: row[name] for name in expected.fields or {}} == (expected.fields or {})
        else:
            check_healthy(row, id)


def check_healthy(row: dict[str, object], id: str) -> None:
    assert row["sample_index"] == id, "in the order of the file"
    assert row["query_cot"] == f"What is {id}?"
    assert row["model_answer"]
    assert "model_answer_failure" not in row


def check_refused(case: Case, outcome: Outcome) -> None:
    expected = case.outcome
    assert isinstance(expected, Refused)
    assert outcome.code == 2, outcome.out + outcome.err
    assert "Traceback" not in outcome.err
    assert outcome.err.startswith(f"mathbatch: {expected.says[0]}: ")
    assert "\n  fix: " in outcome.err
    for text in expected.says[1:]:
        assert text in outcome.err
    assert outcome.results is None
