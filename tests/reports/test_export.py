"""What `mathbatch.export` writes for other tools, read again by their own libraries."""

from __future__ import annotations

import functools
import importlib.util
import shutil
from pathlib import Path

import pytest
import yaml
from huggingface_hub import ModelCard, parse_eval_result_entries
from support import processes
from support.images import base64_of, encoded
from support.rows import SCRIPTED, write_rows
from support.run_folders import run_dir

from mathbatch.reports.exports.inspect import write_inspect

pytestmark = pytest.mark.process

run = functools.partial(processes.run, warm=True)
export = functools.partial(processes.run, module="export")

COMMAND = (
    *(
        SCRIPTED,
        "report=false",
        "dataset=generic",
        "dataset.input=rows.jsonl",
        "dataset.answer_field=gold",
        "dataset.metadata=[kind]",
    ),
    *("model.engine.say='<think>so</think>Answer: 4'", "model.engine.fail_on=never", "system_prompt='Be brief.'"),
    *("sampling.n=2", "sampling.temperature=1"),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    (folder / "a.png").write_bytes(encoded())
    asked = "Look at <image> and say"
    rows = [
        {"sample_index": "1", "query_cot": asked, "image": "a.png", "gold": "4", "kind": "x"},
        {"sample_index": "2", "query_cot": asked, "image": base64_of(encoded("JPEG")), "gold": "5", "kind": "y"},
        {"sample_index": "3", "query_cot": "never", "gold": "5"},
    ]
    write_rows(folder / "rows.jsonl", rows)
    assert run(folder, *COMMAND).returncode == 1
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path


def exported(folder: Path, *arguments: str) -> str:
    done = export(folder, f"run_dir={run_dir(folder)}", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_hub_gets_the_accuracy_once_and_the_card_keeps_all_else(folder: Path) -> None:
    card = folder / "card" / "README.md"
    card.parent.mkdir()
    others = {"name": "m", "results": [{"task": {"type": "t"}, "dataset": {"type": "o/d", "name": "d"}, "metrics": []}]}
    others["results"][0]["metrics"] = [{"type": "accuracy", "value": 7}]
    card.write_text(f"---\n{yaml.safe_dump({'license': 'mit', 'model-index': [others]})}---\n# My model\n")
    for task in ("easy", "hard", "hard"):
        exported(folder, "format=hub", "output=card", "benchmark=me/bench", f"task={task}")
    easy, entry = parse_eval_result_entries(yaml.safe_load((folder / "card/.eval_results/generic.yaml").read_text()))
    assert easy.task_id == "easy"
    assert (entry.dataset_id, entry.task_id, entry.value) == ("me/bench", "hard", 50.0)
    assert "temperature 1, 2 answers each, scorer auto, 95 % interval" in str(entry.notes)
    data = ModelCard.load(card).data
    assert (data.license, data.model_name) == ("mit", "m")
    assert [(one.dataset_type, one.metric_value) for one in data.eval_results or []] == [("o/d", 7), ("me/bench", 50.0)]
    assert card.read_text().endswith("# My model\n")


def test_what_cannot_be_exported_is_refused_with_what_to_do(folder: Path) -> None:
    where = f"run_dir={run_dir(folder)}"
    said = export(folder, where, "format=hub", "output=card").stderr
    assert "benchmark: the dataset has no name on the hub\n  fix: name it: benchmark=owner/name" in said
    assert "valid names: hub, inspect" in export(folder, where, "format=xls", "output=x").stderr
    card = folder / "card" / "README.md"
    card.parent.mkdir()
    card.write_text("---\nmodel-index: 3\n---\n")
    said = export(folder, where, "format=hub", "output=card", "benchmark=a/b").stderr
    assert "README.md can't be read" in said
    assert not (folder / "card/.eval_results").exists()
    card.unlink()
    results = folder / "card/.eval_results/generic.yaml"
    results.parent.mkdir()
    results.write_text("- dataset: 3\n")
    said = export(folder, where, "format=hub", "output=card", "benchmark=a/b").stderr
    assert "generic.yaml can't be read" in said
    assert not card.exists()
    (run_dir(folder) / "manifest.json").unlink()
    assert "is no complete run" in export(folder, where, "format=hub", "output=card", "benchmark=a/b").stderr


@pytest.mark.filterwarnings("ignore")
def test_inspect_ai_reads_every_row_with_its_rollouts_and_scores(folder: Path) -> None:
    if importlib.util.find_spec("inspect_ai") is None:
        said = export(folder, f"run_dir={run_dir(folder)}", "format=inspect", "output=log.eval").stderr
        assert "pip install 'mathbatch[inspect]'" in said
        pytest.skip("inspect_ai is not installed")
    from inspect_ai.log import read_eval_log

    write_inspect(run_dir(folder), folder / "logs" / "log.eval")
    log = read_eval_log(str(folder / "logs" / "log.eval"), resolve_attachments=True)
    assert (log.status, log.eval.task, log.eval.config.epochs) == ("success", "generic", 2)
    assert log.results is not None
    assert log.results.scores[0].metrics["accuracy"].value == 0.5
    samples = {(one.id, one.epoch): one for one in log.samples or []}
    assert samples.keys() == {(id, epoch) for id in "123" for epoch in (1, 2)}
    system, user = samples["1", 2].messages[:2]
    assert system.text == "Be brief."
    assert [part.type for part in user.content] == ["text", "image", "text"]
    assert user.content[1].image == str(folder / "a.png")
    assert samples["2", 1].messages[1].content[1].image.startswith("data:image/jpeg;base64,")
    assert samples["1", 1].output.completion == "Answer: 4"
    assert samples["1", 1].messages[-1].content[0].reasoning == "so"
    verdicts = {id: (samples[id, 1].scores or {}).get("mathbatch") for id in "123"}
    assert [one and one.value for one in verdicts.values()] == ["C", "I", None]
    assert "scripted" in samples["3", 1].error.message
    assert samples["1", 1].metadata == {"kind": "x"}
