"""Many jobs over one engine: shared, interleaved, checked before anything loads, each as good as its single run."""

from __future__ import annotations

import functools
import json
import resource
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support import processes
from support.held_model import HELD, begun, hold_after, let_go
from support.paths import ROOT
from support.processes import command, environment, start, wait_for, wait_until_said
from support.rows import SCRIPTED, overrides, questions, write_rows
from support.run_folders import records, results, run_dirs, saved, sweep_report

pytestmark = pytest.mark.process

run = functools.partial(processes.run, warm=True)

TEMPERATURES = "sampling.temperature=0,0.5,1.0"

LOGGED_MODEL = """
import os
import time

from mathbatch.data.loaders import FileDataLoader
from mathbatch.errors import EngineError
from mathbatch.models.scripted import ScriptedModel

EXACT = "mathbatch.scoring.scorers.exact.ExactScorer"


class LoggedLoader(FileDataLoader):
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        with open("loaders.log", "a") as log:
            log.write("made\\n")


class LoggedModel(ScriptedModel):
    '''Notes when it is opened and closed; a model of the name `broken` can't be opened.'''

    def note(self, what):
        with open("engines.log", "a") as log:
            log.write(f"{what} {self.config.path}\\n")

    async def open(self):
        if self.config.path == "broken":
            raise EngineError("there is no such checkpoint")
        if self.config.path == "defect":
            raise KeyError("a defect of the model class")
        self.note("open")
        await super().open()

    async def close(self):
        await super().close()
        self.note("close")
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "logged.py").write_text(LOGGED_MODEL)
    return write_rows(tmp_path / "rows.jsonl", questions(20))


def sweep(folder: Path, *arguments: str) -> Any:
    return run(folder, "-m", *arguments)


def logged(*arguments: str) -> list[str]:
    return ["model._target_=logged.LoggedModel", *arguments]


def test_one_engine_serves_all_jobs_and_each_has_the_folder_of_its_single_run(tmp_path: Path, data: Path) -> None:
    assert run(tmp_path, *overrides(data, "sampling.temperature=0.5")).returncode == 0
    (alone,) = run_dirs(tmp_path)
    before = records(alone)
    done = sweep(tmp_path, *overrides(data, TEMPERATURES))
    assert done.returncode == 0, done.stderr
    found = sweep_report(tmp_path)
    assert found["engine_loads"] == 1
    assert len(run_dirs(tmp_path)) == 3
    assert [job["overrides"] for job in found["jobs"]] == [[f"sampling.temperature={t}"] for t in ("0", "0.5", "1.0")]
    assert all(job["status"] == "complete" and job["answered"] == 20 for job in found["jobs"])
    assert found["jobs"][1]["folder"] == str(alone)
    assert records(alone) == before, "the single run had answered it all"
    assert all(len(results(folder)) == 20 for folder in run_dirs(tmp_path))
    for word in ("one engine load", "sampling.temperature", "0.5", alone.name):
        assert word in done.stdout


def test_each_cell_is_composed_and_its_parts_are_made_once(tmp_path: Path, data: Path) -> None:
    done = sweep(tmp_path, *overrides(data, TEMPERATURES), "loader._target_=logged.LoggedLoader")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "loaders.log").read_text() == 3 * "made\n"


def test_a_complete_sweep_loads_no_engine_and_changes_nothing(tmp_path: Path, data: Path) -> None:
    assert sweep(tmp_path, *overrides(data, TEMPERATURES)).returncode == 0
    before = {folder: (records(folder), results(folder)) for folder in run_dirs(tmp_path)}
    assert sweep(tmp_path, *overrides(data, TEMPERATURES)).returncode == 0
    assert sweep_report(tmp_path)["engine_loads"] == 0
    assert {folder: (records(folder), results(folder)) for folder in run_dirs(tmp_path)} == before
    assert run(tmp_path, *overrides(data, "sampling.temperature=1.0")).stdout.count("20 by earlier runs") == 1


BAD_CELLS = [
    ("sampling.temperature=0,0.5,hot,1.0", "sampling.temperature=hot"),
    ("sampling.top_p=0.5,0.9,7", "sampling.top_p=7"),
    ("model.engine.delay_s=0,0.1 ++model.engine.dely_s=0,1", "dely_s"),
    ("dataset.input=rows.jsonl,nowhere.jsonl", "dataset.input=nowhere.jsonl"),
    (
        "scorer._target_=mathbatch.scoring.scorers.exact.ExactScorer,mathbatch.nowhere.Scorer",
        "mathbatch.nowhere.Scorer",
    ),
    ("dataset=generic,gneric", "gneric"),
    ("dataset.response_field=a,b dataset.query_field=query_cot,qurey", "dataset.query_field=qurey"),
    ("hydra.sweeper.max_batch_size=1 sampling.temperature=0,hot", "sampling.temperature=hot"),
    ("+sampling.foo=1,2", "sampling.foo=1"),
]


@pytest.mark.parametrize(
    ("cell", "named", "launcher"),
    # All are refused before a launcher has a part in it.
    [*((*bad, "mathbatch") for bad in BAD_CELLS), (*BAD_CELLS[0], "basic"), (*BAD_CELLS[7], "basic")],
)
def test_one_bad_cell_stops_the_sweep_before_anything_is_made_and_is_named(
    tmp_path: Path, data: Path, cell: str, named: str, launcher: str
) -> None:
    done = sweep(tmp_path, *overrides(data), f"hydra/launcher={launcher}", *cell.split(" "))
    assert done.returncode == 2
    assert named in done.stderr
    assert "job" in done.stderr
    assert "Traceback" not in done.stderr
    assert not run_dirs(tmp_path)
    assert not list(tmp_path.glob("outputs/*/*/*/responses"))


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("batch_size=2,4", "batch_size changes no answer"),
        ("sampling.temperature=0,0.0", "sampling.temperature changes no answer"),
        ("sampling.temperature=1 sampling.n=2,4", "the first ones of a larger"),
        ("dataset.limit=3,5", "dataset.limit changes no answer"),
    ],
)
def test_two_cells_that_are_one_run_are_refused_with_the_reason(
    tmp_path: Path, data: Path, cells: str, reason: str
) -> None:
    done = sweep(tmp_path, *overrides(data), *cells.split(" "))
    assert done.returncode == 2
    assert reason in done.stderr
    assert "are one run" in done.stderr
    assert not run_dirs(tmp_path)


def test_the_same_cell_twice_is_run_once(tmp_path: Path, data: Path) -> None:
    assert sweep(tmp_path, *overrides(data, "sampling.temperature=0,0")).returncode == 0
    (folder,) = run_dirs(tmp_path)
    assert len(records(folder)) == 20


@pytest.mark.parametrize("launcher", ["mathbatch", "basic"])
def test_a_job_that_fails_leaves_its_siblings_alone_and_is_named_at_the_end(
    tmp_path: Path, data: Path, launcher: str
) -> None:
    (tmp_path / "broken.jsonl").write_bytes(b"\x00\x01 no json\n" * 20)
    inputs = "dataset.input=rows.jsonl,broken.jsonl,more.jsonl"
    write_rows(tmp_path / "more.jsonl", questions(7))
    done = sweep(tmp_path, *overrides(data), inputs, f"hydra/launcher={launcher}")
    assert done.returncode == 1, done.stderr
    found = {job["overrides"][0].partition("=")[2]: job for job in sweep_report(tmp_path)["jobs"]}
    assert found["rows.jsonl"]["status"] == found["more.jsonl"]["status"] == "complete"
    assert found["rows.jsonl"]["answered"] == 20
    assert found["more.jsonl"]["answered"] == 7
    assert found["broken.jsonl"]["status"] == "failed"
    assert "job 1 (dataset.input=broken.jsonl) failed: dataset: 20 of the first 20 rows" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_job_whose_input_breaks_in_its_middle_fails_alone(tmp_path: Path, data: Path) -> None:
    import gzip

    text = "".join(json.dumps(row) + "\n" for row in questions(40_000)).encode()
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(text)[:-20_000])
    done = sweep(tmp_path, *overrides(data), "dataset.input=rows.jsonl,cut.jsonl.gz")
    assert done.returncode == 1, done.stderr
    good, cut = sweep_report(tmp_path)["jobs"]
    assert (good["status"], good["answered"]) == ("complete", 20)
    assert cut["status"] == "failed"
    assert "cut.jsonl.gz is damaged" in cut["error"]


def test_failed_samples_make_exit_code_one_and_the_job_is_complete(tmp_path: Path, data: Path) -> None:
    done = sweep(tmp_path, *overrides(data, TEMPERATURES, "model.engine.fail_on=12 +"))
    assert done.returncode == 1
    assert [(job["status"], job["failed"]) for job in sweep_report(tmp_path)["jobs"]] == [("complete", 1)] * 3
    assert "job 2 (sampling.temperature=1.0): 12: scripted: the script says so" in done.stdout


def test_models_follow_one_another_and_two_are_never_open(tmp_path: Path, data: Path) -> None:
    write_rows(tmp_path / "more.jsonl", questions(7))
    inputs = "dataset.input=rows.jsonl,more.jsonl"
    done = sweep(tmp_path, *overrides(data, *logged("model.path=a,b,c")), inputs)
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "engines.log").read_text().split("\n")
    assert lines == ["open a", "close a", "open b", "close b", "open c", "close c", ""]
    assert sweep_report(tmp_path)["engine_loads"] == 3
    assert len(sweep_report(tmp_path)["jobs"]) == 6


def test_a_model_that_cannot_load_fails_its_own_jobs_only(tmp_path: Path, data: Path) -> None:
    done = sweep(tmp_path, *overrides(data, *logged("model.path=a,broken,b")))
    assert done.returncode == 1
    assert [job["status"] for job in sweep_report(tmp_path)["jobs"]] == ["complete", "failed", "complete"]
    assert "there is no such checkpoint" in done.stdout


def test_a_defect_in_a_model_class_costs_the_jobs_of_that_model_only(tmp_path: Path, data: Path) -> None:
    done = sweep(tmp_path, *overrides(data, *logged("model.path=a,defect,b")))
    assert done.returncode == 1
    assert [job["status"] for job in sweep_report(tmp_path)["jobs"]] == ["complete", "failed", "complete"]
    assert "KeyError: 'a defect of the model class'" in done.stdout
    (log,) = tmp_path.glob("outputs/sweeps/*/run.log")
    assert "Traceback" in log.read_text()


def test_jobs_that_differ_in_name_only_share_an_engine(tmp_path: Path, data: Path) -> None:
    assert sweep(tmp_path, *overrides(data, "model.name=one,two")).returncode == 0
    assert sweep_report(tmp_path)["engine_loads"] == 1


def test_an_engine_that_dies_in_a_sweep_costs_no_unit_of_any_job(tmp_path: Path, data: Path) -> None:
    dying = ("model.engine.die_on=12 +", "model.engine.deaths=1", "model.engine.delay_s=0.01")
    done = sweep(tmp_path, *overrides(data, TEMPERATURES, *dying))
    assert done.returncode == 0, done.stdout + done.stderr
    for folder in run_dirs(tmp_path):
        assert sorted(record["id"] for record in records(folder)) == sorted(str(at) for at in range(20))


def test_a_sample_that_kills_the_engine_is_set_aside_in_each_job_that_asks_it(tmp_path: Path, data: Path) -> None:
    done = sweep(tmp_path, *overrides(data, TEMPERATURES, "model.engine.die_on=12 +", "model.engine.delay_s=0.01"))
    assert done.returncode == 1, done.stderr
    for folder in run_dirs(tmp_path):
        kinds = {record["id"]: record.get("failure", {}).get("kind") for record in records(folder)}
        assert kinds == {str(at): "engine_killed" if at == 12 else None for at in range(20)}


def test_killed_in_mid_sweep_the_same_command_goes_on_and_redoes_nothing(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(60))
    held = ["-m", *overrides(data, TEMPERATURES, HELD, "batch_size=6")]
    before: list[list[dict[str, Any]]] = [[], [], []]
    for goal in (30, 60):
        hold_after(tmp_path, 30)
        process = start(tmp_path, *held)
        wait_for(lambda goal=goal: saved(tmp_path) == goal, process)  # type: ignore[misc]
        process.kill()
        process.communicate()
        now = [records(folder) for folder in run_dirs(tmp_path)]
        assert all(new[: len(old)] == old for old, new in zip(before, now, strict=True))
        before = now
    let_go(tmp_path)
    assert run(tmp_path, *held).returncode == 0
    for folder, old in zip(run_dirs(tmp_path), before, strict=True):
        found = records(folder)
        assert found[: len(old)] == old
        assert sorted(int(record["id"]) for record in found) == list(range(60)), "each unit once"
    assert sweep_report(tmp_path)["engine_loads"] == 1


def test_ctrl_c_saves_what_is_in_flight_in_every_job(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(200))
    hold_after(tmp_path, 30)
    process = start(tmp_path, "-m", *overrides(data, TEMPERATURES, HELD, "batch_size=6"))
    wait_for(lambda: len(begun(tmp_path)) == 36, process)
    process.send_signal(signal.SIGINT)
    wait_until_said("6 in flight will be finished and saved", process)
    let_go(tmp_path)
    printed, _ = process.communicate(timeout=300)
    assert process.returncode == 130
    assert [len(records(folder)) for folder in run_dirs(tmp_path)] == [12] * 3
    assert "was stopped; the same command goes on from there" in printed
    assert {job["status"] for job in sweep_report(tmp_path)["jobs"]} == {"stopped"}


def test_sweep_order_is_one_of_two(tmp_path: Path, data: Path) -> None:
    done = run(tmp_path, *overrides(data, "sweep.order=zigzag"))
    assert done.returncode == 2
    assert "sweep.order" in done.stderr


def test_a_sweep_over_pictures_reads_each_picture_once(tmp_path: Path) -> None:
    from PIL import Image

    for at in range(10):
        Image.new("RGB", (40 + at, 30), "red").save(tmp_path / f"{at}.png")
    rows = [{"sample_index": str(at), "query_cot": "What?", "image": f"{at % 10}.png"} for at in range(10)]
    data = write_rows(tmp_path / "rows.jsonl", rows)
    shown = ["-m", SCRIPTED, "dataset=generic", f"dataset.input={data}", "sampling.n=3", "batch_size=4"]
    done = run(tmp_path, *shown, "sampling.temperature=0.2,0.5,1.0", "model.engine.delay_s=0.01")
    assert done.returncode == 0, done.stderr
    assert sweep_report(tmp_path)["images_read"] == 10


def test_the_command_line_of_a_sweep_holds_no_secret(tmp_path: Path, data: Path) -> None:
    done = sweep(tmp_path, *overrides(data, TEMPERATURES, "+model.engine.hf_token=abc"))
    assert done.returncode == 2
    assert "a secret would be saved" in done.stderr


def test_an_experiment_is_a_sweep_in_a_file(tmp_path: Path, data: Path) -> None:
    listed = sorted(path.stem for path in (ROOT / "conf" / "experiment").glob("*.yaml"))
    assert len(listed) >= 2
    for name in listed:
        done = run(tmp_path, f"experiment={name}", SCRIPTED, f"output_dir={name}", "dataset.limit=4")
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(list(tmp_path.glob(f"{name}/*/*/*/manifest.json"))) > 1


@pytest.mark.parametrize("launcher", ["joblib", "submitit_local"])
def test_stock_launchers_run_and_score_every_job(tmp_path: Path, launcher: str) -> None:
    data = write_rows(tmp_path / "gold.jsonl", [{**row, "gold": "none"} for row in questions(20)])
    scored = ("dataset.answer_field=gold", "dataset.scoring=exact")
    done = sweep(tmp_path, *overrides(data, "sampling.temperature=0,1.0", *scored), f"hydra/launcher={launcher}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [job["accuracy"] for job in sweep_report(tmp_path)["jobs"]] == [0.0] * 2  # scored, in processes of their own
    assert len(run_dirs(tmp_path)) == 2
    assert all(len(results(folder)) == 20 for folder in run_dirs(tmp_path))
    assert [job["status"] for job in sweep_report(tmp_path)["jobs"]] == ["complete"] * 2


def test_optuna_maximises_accuracy_in_several_rounds_over_one_engine(tmp_path: Path, data: Path) -> None:
    rows = [{**row, "gold": "none"} for row in questions(5)]
    data = write_rows(tmp_path / "gold.jsonl", rows)
    search = ["hydra/sweeper=optuna", "hydra.sweeper.direction=maximize", "hydra.sweeper.n_trials=4",
              "hydra.sweeper.n_jobs=2", "sampling.temperature=interval(0.1,1.0)"]  # fmt: skip
    done = sweep(tmp_path, *overrides(data, *logged("dataset.answer_field=gold")), *search)
    assert done.returncode == 0, done.stdout + done.stderr
    found = sweep_report(tmp_path)
    assert len(found["jobs"]) == 4
    assert all(job["accuracy"] == 0.0 for job in found["jobs"])
    assert (tmp_path / "engines.log").read_text() == "open unused\nclose unused\n".replace("unused", _path(tmp_path))


def test_optuna_without_one_completed_job_ends_in_a_sentence(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "gold.jsonl", [{**row, "gold": "none"} for row in questions(5)])
    search = ["hydra/sweeper=optuna", "hydra.sweeper.n_trials=2", "hydra.sweeper.n_jobs=1",
              "sampling.temperature=interval(0.1,1.0)"]  # fmt: skip
    closed = "model._target_=support.faulty_parts.ClosedModel"
    done = sweep(tmp_path, *overrides(data, closed, "dataset.answer_field=gold"), *search)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "no trial is completed: every job failed" in done.stderr
    assert "ClosedModel.open raised ConnectionError: nobody listens" in done.stdout
    assert "Traceback" not in done.stderr


def _path(folder: Path) -> str:
    return (folder / "engines.log").read_text().split("\n")[0].removeprefix("open ")


def test_a_sample_that_kills_before_any_answer_is_found_however_many_jobs_ask_it(tmp_path: Path, data: Path) -> None:
    temperatures = "sampling.temperature=" + ",".join(str(at / 10) for at in range(1, 9))
    dying = overrides(data, temperatures, "model.engine.die_on=is 0 +", "model.engine.delay_s=0.01")
    done = sweep(tmp_path, *dying)
    assert done.returncode == 1, done.stdout + done.stderr
    assert [(job["answered"], job["failed"]) for job in sweep_report(tmp_path)["jobs"]] == [(19, 1)] * 8


def test_a_job_whose_every_sample_kills_the_engine_is_given_up_and_its_siblings_are_not(tmp_path: Path) -> None:
    write_rows(tmp_path / "good.jsonl", questions(200))
    evil = [{**row, "query_cot": f"kill {row['sample_index']}"} for row in questions(40)]
    data = write_rows(tmp_path / "evil.jsonl", evil)
    settings = ("model.engine.die_on=kill", "model.engine.delay_s=0.005", "batch_size=16")
    done = sweep(tmp_path, *overrides(data, *settings), "dataset.input=good.jsonl,evil.jsonl")
    assert done.returncode == 1, done.stderr
    good, bad = sweep_report(tmp_path)["jobs"]
    assert (good["status"], good["answered"]) == ("complete", 200)
    assert bad["status"] == "failed"
    assert "samples in a row killed the engine" in bad["error"]


def test_complete_jobs_stay_complete_when_a_sweep_with_others_is_killed(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(100))
    held = overrides(data, HELD, "batch_size=4")
    assert run(tmp_path, *held, "sampling.temperature=0.5").returncode == 0
    (complete,) = run_dirs(tmp_path)
    hold_after(tmp_path, 8)
    process = start(tmp_path, "-m", *held, "sampling.temperature=0.5,1.0")
    wait_for(lambda: saved(tmp_path) == 108, process)
    process.kill()
    process.communicate()
    assert (complete / "manifest.json").exists()
    assert run(tmp_path, f"run_dir={complete}", module="verify").returncode == 0


def test_a_row_that_is_edited_while_it_is_answered_never_gets_the_answer_to_its_old_text(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(40))
    held = overrides(data, HELD, "batch_size=4")
    hold_after(tmp_path, 8)
    process = start(tmp_path, *held)
    wait_for(lambda: saved(tmp_path) == 8, process)
    rows = questions(40)
    rows[3]["query_cot"] = "What is 3 + 4?"
    write_rows(data, rows)
    let_go(tmp_path)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 2
    assert "has no record of 3" in said
    (folder,) = run_dirs(tmp_path)
    assert not (folder / "manifest.json").exists()
    assert run(tmp_path, *held).returncode == 0
    assert len(records(folder)) == 41


def test_batches_after_one_with_a_failed_job_are_run_too(tmp_path: Path, data: Path) -> None:
    (tmp_path / "broken.jsonl").write_bytes(b"no json\n" * 20)
    inputs = "dataset.input=broken.jsonl,rows.jsonl"
    done = sweep(tmp_path, *overrides(data), inputs, "hydra.sweeper.max_batch_size=1")
    assert done.returncode == 1
    assert [job["status"] for job in sweep_report(tmp_path)["jobs"]] == ["failed", "complete"]


def test_cells_of_a_stock_launcher_report_to_one_table_wherever_their_folders_are(tmp_path: Path, data: Path) -> None:
    (tmp_path / "broken.jsonl").write_bytes(b"no json\n" * 20)
    cells = ("output_dir=a,b", "dataset.input=rows.jsonl,broken.jsonl", "hydra/launcher=basic")
    done = sweep(tmp_path, *overrides(data), *cells)
    assert done.returncode == 1
    assert done.stdout.count("failed: dataset: 20 of") == 2
    assert len(list(tmp_path.glob("[ab]/*/*/*/manifest.json"))) == 2


def test_the_folder_of_a_sweep_is_not_hydras_to_choose(tmp_path: Path, data: Path) -> None:
    for key in ("hydra.sweep.dir=mine", "hydra.sweep.subdir=mine", "hydra.sweep={dir: mine}"):
        done = sweep(tmp_path, *overrides(data, TEMPERATURES), key)
        assert done.returncode == 2
        assert "has no effect here" in done.stderr
        assert "output_dir" in done.stderr
    assert not (tmp_path / "mine").exists()


def test_a_multirun_that_sweeps_nothing_is_one_run(tmp_path: Path, data: Path) -> None:
    done = sweep(tmp_path, *overrides(data), "sampling.temperature=0.6")
    assert done.returncode == 0, done.stderr
    assert "jobs" not in done.stdout
    assert "demo on generic" in done.stdout
    (folder,) = run_dirs(tmp_path)
    assert len(records(folder)) == 20
    assert not list(tmp_path.rglob("sweeps"))
    again = run(tmp_path, *overrides(data), "sampling.temperature=0.6")
    assert "20 (20 by earlier runs)" in again.stdout


def test_what_is_wrong_with_it_is_told_as_of_any_run(tmp_path: Path, data: Path) -> None:
    done = sweep(tmp_path, *overrides(data), "sampling.temperature=-1")
    assert done.returncode == 2
    assert done.stderr.startswith("mathbatch: sampling.temperature: -1.0 is out of range")


@pytest.mark.parametrize(
    ("swept", "values"),
    [
        ("range(0,1,0.2)", ["0.0", "0.2", "0.4", "0.6", "0.8"]),
        ("range(0.1,0.4,0.1)", ["0.1", "0.2", "0.3"]),
        ("range(0.6,-0.1,-0.2)", ["0.6", "0.4", "0.2", "0.0"]),
    ],
)
def test_a_range_has_the_numbers_that_a_single_run_would_have(
    tmp_path: Path, data: Path, swept: str, values: list[str]
) -> None:
    assert sweep(tmp_path, *overrides(data), f"sampling.temperature={swept}").returncode == 0
    jobs = sweep_report(tmp_path)["jobs"]
    assert [job["overrides"] for job in jobs] == [[f"sampling.temperature={value}"] for value in values]
    again = run(tmp_path, *overrides(data), f"sampling.temperature={float(values[-1]):g}")
    assert "20 (20 by earlier runs)" in again.stdout


def test_an_optimising_sweeper_without_gold_answers_is_refused_at_once(tmp_path: Path, data: Path) -> None:
    done = sweep(tmp_path, *overrides(data), "hydra/sweeper=optuna", "sampling.temperature=interval(0.1,1.0)")
    assert done.returncode == 2
    assert "dataset.answer_field" in done.stderr
    assert not run_dirs(tmp_path)


def test_a_secret_within_a_value_is_not_saved_either(tmp_path: Path, data: Path) -> None:
    done = sweep(tmp_path, *overrides(data, TEMPERATURES), "+model.engine={hf_token: abc}")
    assert done.returncode == 2
    assert "a secret would be saved" in done.stderr
    assert not any(b"abc" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_a_sweep_of_more_jobs_than_the_user_may_open_files_completes(tmp_path: Path, data: Path) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    seeds = f"sampling.seed={','.join(map(str, range(40)))}"
    swept = subprocess.run(
        command("-m", *overrides(data), seeds),
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=600,
        # In the command alone: the tests may have more files open themselves.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, hard)),
        check=False,
    )
    assert swept.returncode == 0, swept.stderr
