"""What `mathbatch.show` says of a sample: prompt, pictures, answers, verdicts, in whatever state the run is."""

from __future__ import annotations

import base64
import functools
import io
import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image
from support import processes
from support.images import encoded
from support.marks import mark, write_marks
from support.rows import SCRIPTED, questions, write_rows
from support.run_folders import run_dir, shared_run_dir
from support.terminals import Terminal

from mathbatch.data.loaders import FileDataLoader
from mathbatch.data.storage.lock import FolderLock
from mathbatch.data.storage.search import BLOCK, lines_with
from mathbatch.reports.pictures import Way, drawn, way_of
from mathbatch.runner.look import looking_at, sample_in

pytestmark = pytest.mark.process

show = functools.partial(processes.run, module="show")

COMMAND = (
    *(SCRIPTED, "report=false", "dataset=generic", "dataset.input=rows.jsonl", "dataset.answer_field=gold"),
    *("model.engine.say='<think>long thought</think>Answer: 4'", "model.engine.fail_on=never"),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a run of two rollouts over rows with and without pictures, to be copied."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "a.png").write_bytes(encoded())
    rows = [
        {"sample_index": "one", "query_cot": "Look at <image> and add 2", "image": "a.png", "gold": "4"},
        {"sample_index": 7, "query_cot": "What is 2 + 3?", "gold": "5"},
        {"sample_index": "é-\u202e\x1b[31m", "query_cot": "never \x1b[2J say this", "gold": "4"},
        {"sample_index": "7b", "query_cot": 'Look at "7"', "image": "gone.png", "gold": "4"},
    ]
    write_rows(folder / "rows.jsonl", rows)
    done = processes.run(folder, *COMMAND, "sampling.n=2", "sampling.temperature=1")
    assert done.returncode == 1, done.stderr
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """Return a run folder of this test's own."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return run_dir(tmp_path)


def shown(folder: Path, *arguments: str, code: int = 0) -> str:
    done = show(folder.parents[3], f"run_dir={folder}", *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_sample_is_shown_from_its_picture_to_the_reason_of_its_verdict(folder: Path) -> None:
    said = shown(folder, "id=one")
    picture = f"[picture: {folder.parents[3] / 'a.png'}, 40 x 30]"
    order = [
        "one of generic by demo, row 1",
        "── user",
        "Look at",
        picture,
        "and add 2",
        "reasoning 1 of 2",
        "long thought",
    ]
    order += [
        "answer 1 of 2 (rollout=0)",
        "Answer: 4",
        "verdict    correct",
        "extracted  4",
        "gold       4",
        "reason     stated",
    ]
    order += ["tokens", "finished   stop", "answer 2 of 2 (rollout=1)"]
    places = [said.index(text) for text in order]
    assert places == sorted(places)


def test_one_rollout_and_several_ids_as_they_are_spelled(folder: Path) -> None:
    said = shown(folder, "id=[7,one]", "rollout=1")
    assert said.index("7 of generic") < said.index("one of generic")
    assert "rollout=0" not in said
    assert said.count("(rollout=1)") == 3 * 2
    assert "rollouts are counted from 0: the last one is 1" in shown(folder, "id=7", "rollout=2", code=2)


def test_failures_are_told_with_their_reason(folder: Path) -> None:
    assert "failed     missing_image" in shown(folder, "id=7b")
    said = shown(folder, "verdict=failed", "limit=1")
    assert "never" in said
    assert "scripted: the script says so" in said


def test_what_would_steer_the_terminal_is_text_and_the_id_may_be_typed_as_it_is_shown(folder: Path) -> None:
    said = shown(folder, r"id=é-\u202e\x1b[31m")
    assert r"é-\u202e\x1b[31m of generic" in said
    assert r"never \x1b[2J say this" in said
    assert "\x1b" not in said
    assert "\u202e" not in said


def test_an_unknown_id_is_told_with_the_nearest_ones_and_others_are_shown_all_the_same(folder: Path) -> None:
    said = shown(folder, "id=[onne,one]", code=1)
    assert "has no id 'onne'" in said
    assert "the nearest are one" in said
    assert "one of generic by demo" in said


def test_long_reasoning_is_shortened_unless_it_is_asked_for(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", [row | {"gold": "4"} for row in questions(1)])
    thought = "a" * 400 + "b" * 400
    done = processes.run(
        tmp_path, *COMMAND[:-2], "dataset.image_field=null", f"model.engine.say='<think>{thought}</think>4'"
    )
    assert done.returncode == 0
    run = run_dir(tmp_path)
    assert thought not in shown(run, "id=0")
    assert "[… 200 characters more: reasoning=true …]" in shown(run, "id=0")
    assert thought in shown(run, "id=0", "reasoning=true")


def test_a_run_that_is_being_written_is_shown_without_its_torn_last_line(folder: Path) -> None:
    segment = folder / "responses" / "00001.jsonl"
    with segment.open("ab") as stream:
        stream.write(b'{"id":"7","digest":"0123456789abcdef","text":"half a reco')
    before = segment.read_bytes()
    lock = FolderLock(folder)
    lock.acquire()
    try:
        said = shown(folder, "id=7")
    finally:
        lock.release()
    assert "Answer: 4" in said
    assert "note:" not in said
    assert segment.read_bytes() == before


def test_a_damaged_record_is_noted(folder: Path) -> None:
    segment = folder / "responses" / "00001.jsonl"
    segment.write_bytes(segment.read_bytes().replace(b"Answer: 4", b"Answer: 5"))
    said = shown(folder, "id=7")
    assert "the record is damaged; python -m mathbatch.verify tells more" in said
    assert "there is none yet" in said


def test_an_answer_to_the_row_as_it_was_before_is_told_to_be_that(folder: Path) -> None:
    rows = folder.parents[3] / "rows.jsonl"
    rows.write_text(rows.read_text().replace("What is 2 + 3?", "What is 3 + 3?"))
    said = shown(folder, "id=7")
    assert "What is 3 + 3?" in said
    assert "note: the row or its pictures have changed" in said


def test_a_configuration_that_was_changed_is_noted(folder: Path) -> None:
    config = folder / "config.yaml"
    config.write_text(config.read_text().replace("top_p: 1.0", "top_p: 0.9"))
    assert "note: config.yaml differs from its copy in .hydra" in shown(folder, "id=7")


def test_the_mark_of_a_person_stands_beside_the_verdict(folder: Path) -> None:
    marks = write_marks(folder.parents[3] / "marks.json", folder, mark(folder, "7", "correct", "gold"))
    more = (f"marks={marks}", "dataset.limit=3")
    scored = processes.run(folder.parents[3], f"run_dir={folder}", *more, module="score")
    assert scored.returncode in (0, 1), scored.stderr
    said = shown(folder, "id=7", "rollout=0")
    assert "verdict    wrong" in said
    assert "marked     correct by a person (fault: gold): look" in said
    assert "7 of generic" not in shown(folder, "verdict=correct", "limit=9")
    assert "7 of generic" in shown(folder, "verdict=wrong", "limit=9")


def test_without_the_dataset_the_answers_are_shown(folder: Path) -> None:
    (folder.parents[3] / "rows.jsonl").unlink()
    said = shown(folder, "id=7")
    assert "the messages can't be shown: dataset.input: there is no file" in said
    assert "verdict    wrong" in said
    assert "the nearest are one" in shown(folder, "id=onne", code=1)


def test_answers_of_shards_that_are_not_merged_are_shown(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", questions(4))
    for shard in ("1/2", "2/2"):
        processes.run(tmp_path, *COMMAND, "dataset.image_field=null", "dataset.answer_field=null", f"shard={shard}")
    run = shared_run_dir(tmp_path)
    said = shown(run, "id=[0,1,2,3]")
    assert said.count("Answer: 4") == 4


def test_without_an_id_the_figures_of_the_run_are_explained(folder: Path) -> None:
    said = shown(folder)
    assert "share of correct among the judged responses" in said
    assert "pass_at_k.*.value" in said
    assert "number of units without one" in said


def test_a_terminal_with_colours_gets_the_picture_drawn(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TMUX", "TERM_PROGRAM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for term, colours, sign in (
        *(("xterm-kitty", "truecolor", "\x1b_Ga=T,f=100,q=2,m="), ("xterm-256color", "truecolor", "\x1b[38;2;")),
        *(("xterm-256color", "", "\x1b[38;5;"), ("dumb", "", "[picture: /")),
    ):
        monkeypatch.setenv("TERM", term)
        monkeypatch.setenv("COLORTERM", colours)
        with Terminal(folder, f"run_dir={folder}", "id=one", module="show") as terminal:
            code, said = terminal.wait()
        assert code == 0, said
        assert sign in said
        assert ("\x1b" in said) == (term != "dumb")


def test_a_picture_is_drawn_whole_in_each_way() -> None:
    image = Image.open(io.BytesIO(encoded(size=(900, 300)))).convert("RGB")
    sent = "".join(re.findall(r"\x1b_G[^;]*;([^\x1b]*)\x1b", drawn(image, Way.KITTY, 80)))
    iterm = drawn(image, Way.ITERM, 80).split(":")[1].removesuffix("\x07\n")
    for data in (sent, iterm):
        assert Image.open(io.BytesIO(base64.b64decode(data))).size == (790, 263)
    lines = drawn(image, Way.BLOCKS, 61).splitlines()
    assert [line.count("▀") for line in lines] == [60] * 10
    assert all(line.endswith("\x1b[0m") for line in lines)
    assert re.match(r"\x1b\[38;2;\d+;\d+;\d+;48;2;\d+;\d+;\d+m▀", lines[0])


def test_a_terminal_is_known_by_what_it_says_of_itself() -> None:
    for variables, way in (
        ({"TERM": "xterm-kitty"}, Way.KITTY),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "ghostty"}, Way.KITTY),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, Way.ITERM),
        ({"TERM": "tmux-256color", "TERM_PROGRAM": "iTerm.app", "TMUX": "/tmp/x"}, Way.BLOCKS),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, Way.BLOCKS),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, None),
        ({"TERM": "dumb"}, None),
        ({}, None),
    ):
        assert way_of(variables) == way, variables


@pytest.mark.parametrize("field", ["sample_index", ["sample_index", "part"]])
def test_each_row_is_found_by_its_bytes_as_by_reading_all(folder: Path, field: str | list[str]) -> None:
    ids = [1, 11, "1", 'a"b', "ü", 2.0, "1e3", "x-1", "x", True, None]
    rows = [{"sample_index": id, "part": at, "query_cot": f'{at} "11" : 1, x-1'} for at, id in enumerate(ids)]
    write_rows(folder.parents[3] / "rows.jsonl", rows)
    with looking_at(folder) as found:
        assert found.prompts is not None
        found.config.dataset.index_field = field
        loader = FileDataLoader(found.config.dataset)
        found.prompts = found.prompts._replace(loader=loader)
        listed = [row.id for row in loader]
        for id in listed:
            by_bytes, by_reading = loader.row_with_id(id), next(row for row in loader if row.id == id)
            assert by_bytes == by_reading
            assert sample_in(found, id).row == by_reading
        assert loader.row_with_id("nobody") is None


def test_lines_are_found_in_every_place_of_a_file(tmp_path: Path) -> None:
    long = b"x" * BLOCK
    lines = [
        b"needle\n",
        long + b" needle needle " + long + b"\n",
        b"\n",
        b"hay\n",
        b"a needle\n",
        b"needle at the end",
    ]
    path = tmp_path / "file"
    path.write_bytes(b"".join(lines))
    found = list(lines_with(path, b"needle"))
    assert [(one.number, one.line) for one in found] == [(at + 1, lines[at]) for at in (0, 1, 4, 5)]
    assert [one.offset for one in found] == [len(b"".join(lines[:at])) for at in (0, 1, 4, 5)]


def test_scores_that_cannot_be_read_are_noted(folder: Path) -> None:
    scores = folder / "scores.jsonl"
    lines = scores.read_text().splitlines(keepends=True)
    scores.write_text(
        "".join(line.replace('"verdict"', "verdict") if json.loads(line)["id"] == "7" else line for line in lines)
    )
    assert "scores.jsonl, line 3 can't be read" in shown(folder, "id=7")
