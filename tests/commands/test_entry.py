"""Check how commands begin and end: with help, after Ctrl-C, and with a standard output that takes nothing."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.processes import command, environment, run
from support.rows import overrides, questions, write_rows

import mathbatch
from mathbatch.commands.compare import CompareConfig
from mathbatch.config.load import arguments_as
from mathbatch.errors import ConfigError


@pytest.mark.process
def test_each_command_has_help_and_a_version(tmp_path: Path) -> None:
    for module, says in (
        *(("compare", "other="), ("verify", "repair=true"), ("new_dataset", "rows.jsonl")),
        *(("show", "verdict=wrong"), ("runs", "sort=-accuracy"), ("export", "format=inspect")),
    ):
        done = run(tmp_path, "--help", module=module)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"python -m mathbatch.{module}" in done.stdout
        assert says in done.stdout
    whole = [sys.executable, "-m", "mathbatch", "--version"]
    done = subprocess.run(whole, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout == f"mathbatch {mathbatch.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run_dir=a", "oter=b"], "oter: no such key\n  fix: did you mean 'other'?; usage"),
        (["run_dir=a"], "other: has no value\n  fix: usage"),
        ([], "other: has no value\n  fix: usage"),
    ],
)
def test_a_command_without_groups_names_the_nearest_key_and_its_usage(arguments: list[str], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        arguments_as(CompareConfig, arguments, "usage")
    assert str(caught.value) == says


@pytest.mark.process
def test_score_without_arguments_names_both_of_its_ways(tmp_path: Path) -> None:
    done = run(tmp_path, module="score")
    assert done.returncode == 2
    assert "run_dir=…" in done.stderr
    assert "responses.path=… output=…" in done.stderr


@pytest.mark.process
def test_a_disk_error_where_nothing_is_saved_yet_is_told_by_its_reason(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(3))
    (tmp_path / "outputs").symlink_to("outputs")
    done = run(tmp_path, "-m", *overrides(data, "sampling.temperature=0,1"))
    assert done.returncode == 2
    assert done.stderr.startswith("mathbatch: ")
    assert "outputs" in done.stderr.splitlines()[0]
    assert "Too many levels of symbolic links\n  fix: correct the symbolic links there" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.process
def test_an_output_that_nobody_reads_or_that_is_closed_ends_a_run_as_ever_and_a_full_one_is_told(
    tmp_path: Path,
) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(3))
    arguments = command(*overrides(data))
    unread = subprocess.Popen(
        arguments, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert unread.stdout is not None
    unread.stdout.close()  # as `| head` does
    unread.stdout = None
    assert unread.communicate()[1] == "loading demo …\n"
    assert unread.returncode == 0
    shell = " ".join(f"'{argument}'" for argument in arguments)
    for stream, code, says in ((">&-", 0, ""), (">/dev/full", 2, "can't write to standard output: No space left")):
        done = subprocess.run(
            f"{shell} {stream}", shell=True, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True
        )
        assert done.returncode == code, done.stderr
        assert says in done.stderr
        assert "Traceback" not in done.stderr
    assert list(tmp_path.glob("outputs/*/*/*/results.jsonl"))


@pytest.mark.process
def test_ctrl_c_during_the_imports_is_a_sentence(tmp_path: Path) -> None:
    importing = [sys.executable, "-X", "importtime", "-m", "mathbatch.run"]
    with subprocess.Popen(importing, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True) as started:
        assert started.stderr is not None
        for line in started.stderr:
            if "omegaconf" in line:
                break
        os.kill(started.pid, signal.SIGINT)
        rest = started.stderr.read()
    assert started.returncode == 130
    assert "mathbatch: stopped" in rest
    assert "Traceback" not in rest


@pytest.mark.process
def test_the_command_finds_parts_in_the_current_folder_as_python_does(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(2))
    (tmp_path / "own_parts.py").write_text(
        "from mathbatch.models.scripted import ScriptedModel\n\nclass OwnModel(ScriptedModel):\n    pass\n"
    )
    # What the script that pip installs does, in a folder of its own.
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "mathbatch").write_text("from mathbatch.__main__ import main\n\nmain()\n")
    arguments = overrides(data, "model._target_=own_parts.OwnModel")[1:]
    for start in (["bin/mathbatch"], ["-m", "mathbatch"]):
        whole = [sys.executable, *start, *arguments]
        done = subprocess.run(whole, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.mark.process
@pytest.mark.parametrize(
    ("kind", "low", "high", "says"),
    [
        (resource.RLIMIT_AS, 40 << 20, 280 << 20, "ulimit -v allows {:,} MiB of address space, and the imports"),
        (resource.RLIMIT_DATA, 40 << 20, 280 << 20, "ulimit -d allows {:,} MiB of data, and the imports alone take"),
        (resource.RLIMIT_STACK, 128 << 10, 1000 << 10, "ulimit -s allows {:,} KiB of stack, and Python and its"),
        (resource.RLIMIT_NOFILE, 8, 63, "ulimit -n allows {} open files, and a command needs 64\n  fix: raise it"),
    ],
    ids=["-v", "-d", "-s", "-n"],
)
def test_a_limit_of_the_shell_under_which_imports_hang_or_crash_is_told(
    tmp_path: Path, kind: int, low: int, high: int, says: str
) -> None:
    seed = int(os.environ.get("LIMITS_SEED", random.randrange(2**32)))
    print(f"LIMITS_SEED={seed}")
    rng, unit = random.Random(seed), {resource.RLIMIT_STACK: 1 << 10, resource.RLIMIT_NOFILE: 1}.get(kind, 1 << 20)
    data = write_rows(tmp_path / "rows.jsonl", questions(2))
    for module, arguments in (("run", overrides(data)), ("check", overrides(data)), ("score", []), ("verify", [])):
        limit = rng.randrange(low, high, unit)
        done = _run_limited(tmp_path, kind, limit, module, arguments)
        assert done.returncode == 2, (module, limit, done.stderr)
        assert done.stderr.startswith("mathbatch: " + says.format(limit // unit)), (module, limit, done.stderr)
        assert done.stderr.count("\n") == 2


@pytest.mark.process
def test_a_limit_that_would_make_right_answers_too_hard_to_compare_is_told_and_costs_no_answer(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", [{**row, "gold": "1"} for row in questions(2)])
    arguments = overrides(data, "dataset.answer_field=gold")
    # Below it are the imports, above it the memory that one comparison may take.
    done = _run_limited(tmp_path, resource.RLIMIT_AS, 1 << 30, "run", arguments)
    assert done.returncode == 2, done.stderr
    assert "ulimit -v allows 1,024 MiB of address space, and scoring takes up to" in done.stderr
    assert "Traceback" not in done.stderr
    done = run(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr
    assert "loading" not in done.stderr, "all is answered"


def _run_limited(
    folder: Path, kind: int, limit: int, module: str, arguments: list[str]
) -> subprocess.CompletedProcess[str]:
    """Run a command under a limit that `ulimit` would set. It ends in a second, or hangs for ever."""
    return subprocess.run(
        command(*arguments, module=module),
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        preexec_fn=lambda: resource.setrlimit(kind, (limit, limit)),
    )


WITH_ENGINE = """
import atexit, os, sys, types
from mathbatch.commands.entry import enter
from mathbatch.errors import MathBatchError

def main():
    atexit.register(print, "said at the end")
    print("said")
    if sys.argv[1:]:
        raise MathBatchError("wrong")
    return 1

atexit.register(os.write, 2, b"taken apart")  # called last, just before Python takes its modules apart
sys.modules["torch"] = types.ModuleType("torch")  # as if an engine had been loaded
sys.modules["mathbatch.commands.own"] = types.SimpleNamespace(main=main)
enter("own")
"""


@pytest.mark.process
@pytest.mark.parametrize(("arguments", "code", "told"), [([], 1, ""), (["wrong"], 2, "mathbatch: wrong\n")])
def test_a_command_that_had_an_engine_says_all_and_takes_nothing_apart(
    arguments: list[str], code: int, told: str, tmp_path: Path
) -> None:
    words = [sys.executable, "-c", WITH_ENGINE, *arguments]
    done = subprocess.run(words, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, "said\nsaid at the end\n", told)
