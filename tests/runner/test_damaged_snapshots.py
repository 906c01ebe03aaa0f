"""Check that what says what ran is not believed when it is damaged, and that a damaged folder is found and mended."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.processes import run
from support.rows import SCRIPTED

from mathbatch.commands.verify.command import prove, repair
from mathbatch.config.load import typed
from mathbatch.errors import ConfigError, StoreError
from mathbatch.runner import folders
from mathbatch.runner.folders import mend_snapshot, run_folder
from mathbatch.runner.run_log import chatter_to
from mathbatch.runner.snapshot import SnapshotError, read_config, read_snapshot

BEFORE = Path(__file__).parent / "made_before"
COMMAND = [
    *(SCRIPTED, "dataset=generic", "dataset.name=rows", "dataset.input=rows.jsonl", "dataset.image_field=null"),
    *("dataset.answer_field=gold", r"model.engine.say='\boxed{4}'"),
]
DRAWS = int(os.environ.get("DRAWS", "6"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a complete run, made by an earlier version and named for the same run by other words."""
    monkeypatch.chdir(tmp_path)
    return fresh(tmp_path)


def fresh(place: Path) -> Path:
    shutil.rmtree(place / "outputs", ignore_errors=True)
    shutil.copy(BEFORE / "rows.jsonl", place)
    for read_before in (folders._written, folders._recorded):
        read_before.cache_clear()
    return Path(shutil.copytree(BEFORE / "greedy-b65b3e79", place / "outputs" / "demo" / "rows" / "greedy-b65b3e79"))


def copy_of(folder: Path) -> Path:
    (copy,) = folder.glob(".hydra/*/config.yaml")
    return copy


def note_of(folder: Path) -> Path:
    return copy_of(folder).with_name("started-in.txt")


def is_damaged(folder: Path) -> bool:
    """Tell whether every command notices that what ran is not known."""
    report = prove(folder)
    with pytest.raises(SnapshotError, match=r"^run_dir: .*: .*\n  fix: run the same command again"):
        read_snapshot(folder)
    return bool(report.configuration.count) and not report.is_whole and not report.damaged.count


NOT_WRITTEN_BY_A_RUN = {
    "bytes": b"\xff\xfe\x00",
    "nothing": b"",
    "a list": b"- 1\n- 2\n",
    "a number": b"5\n",
    "null": b"null\n",
    "no YAML": b"model: [\n",
    "two documents": b"a: 1\n---\nb: 2\n",
    "an endless alias": b"dataset: &a [*a]\n",
    "an alias that grows": b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "a tag": b"a: !!python/object/apply:os.system [exit]\n",
    "a tag of nothing": b'a: !!int ""\n',
    "a number of 5000 digits": b"a: " + b"9" * 5000 + b"\n",
    "depth": b"a: " + b"[" * 5000 + b"]" * 5000 + b"\n",
    "an open interpolation": b"output_dir: ${\n",
    "a zero": b'a: "\\0"\n',
    "a double key": b"a: 1\na: 2\n",
    "a list as key": b"? [a]\n: 1\n",
    "size": b"a: " + b"x" * (17 << 20) + b"\n",
}


@pytest.mark.parametrize("content", NOT_WRITTEN_BY_A_RUN.values(), ids=NOT_WRITTEN_BY_A_RUN.keys())
def test_a_damaged_configuration_is_told_and_put_back_from_its_copy(content: bytes, folder: Path) -> None:
    sound = (folder / "config.yaml").read_bytes()
    (folder / "config.yaml").write_bytes(content)
    assert is_damaged(folder)
    assert len(mend_snapshot(folder)) == 1
    assert (folder / "config.yaml").read_bytes() == sound
    for both in (folder / "config.yaml", copy_of(folder)):
        both.write_bytes(content)
    folders._recorded.cache_clear()
    with pytest.raises(SnapshotError, match=r"can't be read"):
        read_snapshot(folder)
    assert mend_snapshot(folder) == []


def test_a_damaged_copy_is_put_back_and_the_folder_is_whole(folder: Path) -> None:
    sound = copy_of(folder).read_bytes()
    copy_of(folder).write_bytes(sound[:100])
    assert is_damaged(folder)
    assert repair(folder) == [
        ".hydra/20261128T232200/config.yaml: put back from config.yaml",
        "results: written again from the records",
    ]
    assert copy_of(folder).read_bytes() == sound
    assert prove(folder).is_whole


@pytest.mark.parametrize("at", ["config.yaml", "copy", "started-in.txt"])
@pytest.mark.parametrize("put", [os.mkfifo, os.mkdir, lambda path: path.symlink_to(path), lambda path: None])
def test_what_is_no_file_in_the_place_of_a_configuration_is_told_and_not_waited_for(
    put: Callable[[Path], None], at: str, folder: Path
) -> None:
    path = {"config.yaml": folder / "config.yaml", "copy": copy_of(folder), "started-in.txt": note_of(folder)}[at]
    path.unlink()
    put(path)
    assert is_damaged(folder)


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"\0", b"/a\0b", b"\xff/x", b"/\xff", b"outputs", b"..\n", b"/" + b"x" * 5000, b"x" * (1 << 20)],
    ids=lambda content: repr(content[:20]),
)
def test_a_damaged_note_of_where_a_run_began_is_told(content: bytes, folder: Path) -> None:
    note_of(folder).write_bytes(content)
    assert is_damaged(folder)
    assert not [sentence for sentence in repair(folder) if "results" in sentence]


@pytest.mark.parametrize("at", ["config.yaml", "copy"])
def test_repair_writes_no_results_where_two_configurations_could_be_right(at: str, folder: Path) -> None:
    """Neither the name of the response field nor the rows that are asked are part of a folder's name."""
    before = (folder / "results.jsonl").read_bytes()
    path = folder / "config.yaml" if at == "config.yaml" else copy_of(folder)
    path.write_bytes(path.read_bytes().replace(b"response_field: model_answer", b"response_field: modem_answer"))
    assert is_damaged(folder)
    assert repair(folder) == []
    assert (folder / "results.jsonl").read_bytes() == before
    assert run(folder.parents[3], *COMMAND).returncode == 0
    assert (folder / "results.jsonl").read_bytes() == before
    assert prove(folder).is_whole


def test_a_part_that_a_damaged_configuration_names_is_not_made(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.py").write_text("open('imported', 'w')\n")
    config = folder / "config.yaml"
    config.write_bytes(config.read_bytes().replace(b"mathbatch.data.filters.", b"elsewhere."))
    assert b"elsewhere" in config.read_bytes()
    assert is_damaged(folder)
    repair(folder)
    assert not (tmp_path / "imported").exists()


def test_a_flipped_bit_anywhere_is_noticed_and_the_folder_is_found_by_other_words_all_the_same(
    folder: Path, tmp_path: Path
) -> None:
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    print(f"SEED={seed}")
    draw = random.Random(seed)
    config = typed(read_config(folder / "config.yaml"))
    assert run_folder(config) == folder
    for number in range(DRAWS):
        folder = fresh(tmp_path)
        path = draw.choice([folder / "config.yaml", copy_of(folder)])
        content = bytearray(path.read_bytes())
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
        path.write_bytes(content)
        assert is_damaged(folder), number
        assert run_folder(config) == folder, number
        repair(folder)
        folders._recorded.cache_clear()
        report = prove(folder)
        assert report.is_whole or report.configuration.count, number


def test_a_folder_elsewhere_is_no_run_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no run folder"):
        repair(tmp_path)


def test_a_run_folder_at_the_top_of_the_file_system_has_its_files_where_the_run_began(folder: Path) -> None:
    moved = Path("/tmp") / f"mathbatch-{os.getpid()}"
    shutil.move(folder, moved)
    try:
        assert read_snapshot(moved)[1] == Path(note_of(moved).read_text().strip())
    finally:
        shutil.rmtree(moved)


@pytest.mark.parametrize("put", [os.mkfifo, os.mkdir])
def test_a_log_that_is_no_file_is_told_and_not_waited_for(put: Callable[[Path], None], tmp_path: Path) -> None:
    put(tmp_path / "run.log")
    with (
        pytest.raises(StoreError, match=r"can't write .*run.log: .*\n  fix: remove the "),
        chatter_to(tmp_path / "run.log"),
    ):
        pass


def test_a_log_that_is_a_link_leaves_what_it_leads_to_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("mine \x1b[31m\n")
    (tmp_path / "run.log").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="it is a link, not a file"), chatter_to(tmp_path / "run.log"):
        pass
    assert (tmp_path / "elsewhere").read_text() == "mine \x1b[31m\n"


@pytest.mark.process
def test_the_same_run_and_score_answer_in_a_sentence_whatever_stands_in_the_folder(tmp_path: Path) -> None:
    shutil.copy(BEFORE / "rows.jsonl", tmp_path)
    assert run(tmp_path, *COMMAND).returncode == 0
    (folder,) = (tmp_path / "outputs" / "demo" / "rows").iterdir()
    before = (folder / "results.jsonl").read_bytes()
    for name in (".hydra", "responses"):
        (folder / name).rename(tmp_path / "kept")
        os.mkfifo(folder / name)
        commands = (("verify", [f"run_dir={folder}"], 1), ("score", [f"run_dir={folder}"], 2), ("run", COMMAND, 2))
        for module, arguments, code in commands:
            done = run(tmp_path, *arguments, module=module, timeout=60)
            assert "Traceback" not in done.stderr, (name, module)
            assert done.returncode == code, (name, module, done.stderr)
        (folder / name).unlink()
        (tmp_path / "kept").rename(folder / name)
    (folder / "config.yaml").write_bytes(b"\xff")
    scored = run(tmp_path, f"run_dir={folder}", module="score")
    assert scored.returncode == 2
    assert "config.yaml: it can't be read: " in scored.stderr
    assert run(tmp_path, *COMMAND).returncode == 0
    assert (folder / "results.jsonl").read_bytes() == before
    assert prove(folder).is_whole
