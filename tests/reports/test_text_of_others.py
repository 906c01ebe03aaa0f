"""Text of others never steers a terminal: of no command, in no table, and not where `run.log` is shown."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from rich.cells import cell_len
from support.escapes import ESCAPES, NAME, steering
from support.processes import run
from support.rows import write_rows
from support.run_folders import run_dirs
from support.terminals import Terminal
from tqdm import tqdm

from mathbatch.runner.run_log import chatter_to
from mathbatch.visible import cover_hidden, visible, visibly

PARTS = ("model._target_=support.escapes.NoisyModel", "processor._target_=support.escapes.NoisyProcessor")
BASE = ("--config-dir", "conf", "dataset=strange", *PARTS)
BAD_YAML = {"broken": f"name: [{ESCAPES}", "unknown": json.dumps({"input": "rows.jsonl", ESCAPES: 3})}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which all that may have a strange name or text has one, with two runs in it."""
    folder = tmp_path_factory.mktemp("strange") / NAME
    (folder / "conf" / "dataset").mkdir(parents=True)
    rows = [
        {"id": f"{at}{ESCAPES}", "ask": f"{ask} {ESCAPES}", "gold": ESCAPES, f"is{ESCAPES}": f"{at % 2}{ESCAPES}"}
        for at, ask in enumerate(("what", "fail", "raise", "what"))
    ]
    write_rows(folder / f"{NAME}.jsonl", rows)
    strange = {"name": NAME, "input": f"{NAME}.jsonl", "index_field": "id", "query_field": "ask"}
    strange |= {"image_field": None, "answer_field": "gold", "metadata": [f"is{ESCAPES}"], "prompt": "{{ ask }}"}
    for name, text in {"strange": json.dumps(strange), **BAD_YAML}.items():
        (folder / "conf" / "dataset" / f"{name}.yaml").write_text(text)
    done = run(folder, "-m", *BASE, "sampling.max_tokens=5,6")
    assert done.returncode == 1, done.stderr
    assert visible(ESCAPES) in done.stdout
    assert not steering(done.stdout + done.stderr)
    return folder


@pytest.mark.process
@pytest.mark.parametrize(
    ("module", "arguments", "code"),
    [
        ("run", [*BASE, "sampling.max_tokens=5"], 1),
        ("run", [*BASE, "--cfg", "job"], 0),
        ("run", ["--config-dir", "conf", "dataset=broken"], 2),
        ("run", ["--config-dir", "conf", "dataset=unknown"], 2),
        ("run", [f"dataset={ESCAPES}"], 2),
        ("run", [f"sampling.temperature='{ESCAPES}'"], 2),
        ("run", [f"--{ESCAPES}"], 2),
        ("new_dataset", [f"{NAME}.jsonl", f"name=x{NAME}"], 0),
        ("new_dataset", [ESCAPES], 2),
        ("verify", [f"run_dir={ESCAPES}"], 2),
        ("verify", [f"run_dir=[{ESCAPES}"], 2),
        ("compare", [f"run_dir={ESCAPES}", f"other={ESCAPES}"], 2),
        ("score", [f"run_dir={ESCAPES}"], 2),
        ("show", [f"run_dir={ESCAPES}", "id=1"], 2),
        ("runs", [ESCAPES], 2),
    ],
)
def test_no_command_passes_it_on(folder: Path, module: str, arguments: list[str], code: int) -> None:
    done = run(folder, *arguments, module=module)
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert "Traceback" not in said
    assert "x1b[31m" in said or "u001b[31m" in said or r"\e[31m" in said or "x001b" in said
    assert not steering(said)


@pytest.mark.process
def test_no_look_at_a_finished_run_passes_it_on(folder: Path) -> None:
    first, second = map(str, run_dirs(folder))
    for module, arguments in (
        ("verify", [f"run_dir={first}"]),
        ("verify", [f"run_dir={first}", "repair=true"]),
        ("score", [f"run_dir={first}"]),
        ("compare", [f"run_dir={first}", f"other={second}"]),
        ("show", [f"run_dir={first}", f"id=0{ESCAPES}"]),
        ("show", [f"run_dir={first}", "verdict=failed"]),
        *(("runs", [f"format={form}"]) for form in ("table", "csv")),
    ):
        done = run(folder, *arguments, module=module)
        assert done.returncode in (0, 1), done.stderr
        assert r"\x1b[31m" in done.stdout
        assert not steering(done.stdout + done.stderr), module
    for log in folder.glob("outputs/**/run.log"):
        assert visible(ESCAPES) in log.read_text()
        assert not steering(log.read_bytes().decode(errors="replace"))


@pytest.mark.process
def test_a_terminal_gets_neither_escapes_of_others_nor_styles(folder: Path) -> None:
    with Terminal(folder, *BASE) as terminal:
        _assert_harmless(*terminal.wait())


@pytest.mark.usefixtures("vllm")
def test_a_terminal_of_a_check_gets_neither(folder: Path) -> None:
    with Terminal(folder, *BASE, module="check", vllm=True) as terminal:
        _assert_harmless(*terminal.wait())


def _assert_harmless(code: int, said: str) -> None:
    assert code == 1, said
    assert visible(ESCAPES) in "".join(said.split("\r\n"))
    assert not steering(said)


def test_a_table_is_as_wide_as_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.table import Table

    from mathbatch.reports.terminal import show

    show([Table("a", ESCAPES, title=ESCAPES)], [f"[bold]{ESCAPES}"])
    *table, line = capsys.readouterr().out.rstrip("\n").split("\n")
    assert line == f"[bold]{visible(ESCAPES)}"
    assert len({cell_len(row) for row in table}) == 1
    assert not steering("\n".join(table))


def test_a_progress_line_is_drawn_over_itself_and_nothing_else_is() -> None:
    stream = io.StringIO()
    with tqdm(total=3, file=visibly(stream), unit="row", ncols=80, mininterval=0) as bar:
        bar.update(2)
        bar.set_postfix_str(ESCAPES)
        tqdm.write(f"\rforged {ESCAPES}", file=visibly(stream))
    assert stream.getvalue().startswith("\r  0%|")
    assert "\r 67%|" in stream.getvalue()
    assert not steering(stream.getvalue())


def test_an_old_terminal_gets_what_it_can_show() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    print("é π \udc9b", file=visibly(stream), flush=True)
    assert stream.buffer.getvalue() == b"\xe9 \\u03c0 \\x9b\n"


def test_a_log_is_safe_to_look_at_whoever_has_written_to_it(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_bytes(b"killed \x1b[31m here\n")
    with chatter_to(log):
        os.write(2, b"\rbar 1\rbar 2\n\x1b]0;t\x07 \xc2\x9b \x9b \xe2\x80\xae \xff\tpi \xcf\x80\n")
        os.write(1, "no end €".encode())
    assert log.read_bytes().decode() == "killed ?[31m here\n\nbar 1\nbar 2\n?]0;t? ?? ? ??? ? pi π\nno end €"


def test_covering_a_log_moves_nothing(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_bytes("".join(f"{ESCAPES}π\n" for _ in range(99)).encode() + bytes(range(256)))
    size = log.stat().st_size
    cover_hidden(log)
    assert log.stat().st_size == size
    assert not steering(log.read_text())
