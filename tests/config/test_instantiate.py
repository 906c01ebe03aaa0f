"""Classes named by `_target_` are made as Hydra makes them, and what can't be made is refused with its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from mathbatch.base import BaseDataFilter, BaseDataSaver
from mathbatch.config.instantiate import make
from mathbatch.errors import ConfigError, StoreError
from mathbatch.records import Request

HERE = __name__


class Threshold:
    """An argument that is an object of its own."""

    def __init__(self, value: float, unit: str = "s") -> None:
        if value < 0:
            raise ConfigError("filter.threshold.value", f"{value} is out of range", "set it to at least 0")
        self.value, self.unit = value, unit


class ThresholdFilter(BaseDataFilter):
    def __init__(
        self, threshold: Threshold | Callable[..., Threshold] | float = 1.0, words: Sequence[Any] = (), given: str = ""
    ) -> None:
        self.threshold, self.words, self.given = threshold, words, given

    def pending(self, request: Request, saver: BaseDataSaver) -> bool:
        return True


class Unfinished(BaseDataFilter):
    """Has no pending."""


class Unmade(ThresholdFilter):
    def __init__(self) -> None:
        raise KeyError("no such table")


class Narrow(ThresholdFilter):
    def __init__(self, unit: str) -> None:
        super().__init__(words=[unit])


class Leaving(ThresholdFilter):
    def __init__(self) -> None:
        raise SystemExit(0)


class Mistaken(ThresholdFilter):
    def __init__(self) -> None:
        len(3)  # type: ignore[arg-type]


class Shortened(ThresholdFilter):
    def pending(self, request: Request) -> bool:  # type: ignore[override]
        return True


class BrokenFilter(ThresholdFilter):
    def __init__(self) -> None:
        raise StoreError("the disk is full")


def a_filter(words: Sequence[Any]) -> ThresholdFilter:
    return ThresholdFilter(words=words)


def not_a_filter() -> int:
    return 3


def made(name: str, **arguments: Any) -> Any:
    return make("filter", {"_target_": f"{HERE}.{name}", **arguments}, BaseDataFilter)


def test_arguments_with_a_target_become_objects_at_any_depth() -> None:
    threshold = {"_target_": f"{HERE}.Threshold", "value": 2}
    found = made("ThresholdFilter", threshold=threshold, words=[{"inner": threshold}])
    assert (found.threshold.value, found.threshold.unit) == (2, "s")
    assert found.words[0]["inner"].value == 2


def test_a_partial_argument_is_called_later() -> None:
    found = made("ThresholdFilter", threshold={"_target_": f"{HERE}.Threshold", "_partial_": True, "unit": "ms"})
    assert (found.threshold(value=3).value, found.threshold(value=3).unit) == (3, "ms")


def test_containers_are_plain_unless_convert_says_otherwise() -> None:
    assert type(made("ThresholdFilter", words=["a", {"b": [1]}]).words) is list
    assert type(made("ThresholdFilter", words=["a", {"b": [1]}]).words[1]) is dict
    assert type(made("ThresholdFilter", words=["a"], _convert_="none").words).__name__ == "ListConfig"


def test_recursive_false_leaves_arguments_as_they_are() -> None:
    assert made("ThresholdFilter", words=[{"_target_": "nowhere.Class"}], _recursive_=False).words == [
        {"_target_": "nowhere.Class"}
    ]


@pytest.mark.parametrize("text", ["${{ gold }}$", "$${x}", r"\${x}", "${oc.env:HOME}", "$x$ {y}", "\\\\${"])
def test_a_text_that_looks_like_an_interpolation_is_taken_as_it_stands(text: str) -> None:
    """The configuration has been resolved before: what is left of `${` is LaTeX, or an escaped one."""
    found = made("ThresholdFilter", threshold={"_target_": f"{HERE}.Threshold", "value": 1, "unit": text}, words=[text])
    assert (found.words, found.threshold.unit) == ([text], text)


def test_a_function_may_make_the_object() -> None:
    assert made("a_filter", words=["x"]).words == ["x"]


def test_given_arguments_reach_the_class_as_they_are() -> None:
    given = object()
    found = make("filter", {"_target_": f"{HERE}.ThresholdFilter"}, BaseDataFilter, given=given)
    assert found.given is given  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({}, ["filter._target_", "names no class", "BaseDataFilter"]),
        ({"_target_": f"{HERE}.NoFilter"}, ["filter._target_", f"there is no class '{HERE}.NoFilter'"]),
        ({"_target_": "nowhere.Filter"}, ["filter._target_", "nowhere"]),
        ({"_target_": f"{HERE}.Threshold", "value": 1}, ["filter._target_", "is no BaseDataFilter", "derive it from"]),
        ({"_target_": f"{HERE}.not_a_filter"}, ["filter._target_", "is no BaseDataFilter"]),
        ({"_target_": "mathbatch.base"}, ["filter._target_", "mathbatch.base"]),
        ({"_target_": f"{HERE}.ThresholdFilter", "_partial_": True}, ["filter._partial_", "not a function"]),
        ({"_target_": f"{HERE}.ThresholdFilter", "treshold": 1}, ["filter.treshold", "did you mean 'threshold'?"]),
        ({"_target_": f"{HERE}.ThresholdFilter", "given": "x"}, ["filter.given", "takes no such argument"]),
        ({"_target_": f"{HERE}.a_filter"}, ["filter: a_filter", "words", "beside _target_"]),
        (
            {"_target_": f"{HERE}.ThresholdFilter", "threshold": {"_target_": f"{HERE}.Treshold"}},
            ["filter.threshold", "Treshold", "correct its _target_"],
        ),
        (
            {"_target_": f"{HERE}.ThresholdFilter", "threshold": {"_target_": f"{HERE}.Threshold"}},
            ["filter.threshold", "value"],
        ),
        (
            {"_target_": f"{HERE}.ThresholdFilter", "threshold": {"_target_": f"{HERE}.Threshold", "value": -1}},
            ["filter.threshold.value", "-1 is out of range"],
        ),
        ({"_target_": f"{HERE}.Unfinished"}, ["filter._target_", "Unfinished lacks pending", "define it"]),
        ({"_target_": f"{HERE}.Unmade"}, ["Unmade raised KeyError: 'no such table'", "test_instantiate.py, line "]),
        ({"_target_": f"{HERE}.Leaving"}, ["Leaving raised SystemExit: 0", "test_instantiate.py, line "]),
        ({"_target_": f"{HERE}.Mistaken"}, ["Mistaken raised TypeError", "test_instantiate.py, line "]),
        (
            {"_target_": f"{HERE}.Shortened"},
            ["Shortened.pending can't be called as it will be", "write it as `def pending(self, request, saver)`"],
        ),
        (
            {"_target_": f"{HERE}.ThresholdFilter", "threshold": {"_target_": f"{HERE}.Unmade"}},
            ["filter.threshold", "raised KeyError: 'no such table'", "test_instantiate.py, line "],
        ),
        ({"_target_": "os.system", "command": "true"}, ["filter._target_", "os.system"]),
    ],
)
def test_what_cannot_be_made_is_refused_with_its_place(section: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ConfigError) as refused:
        make("filter", section, BaseDataFilter, **({"given": "y"} if "given" in section else {}))
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def of(:\n", "raised SyntaxError: invalid syntax"),
        ("import json\nimport no_such_module\n", "raised ModuleNotFoundError: No module named 'no_such_module'"),
        ("import sys\nsys.exit(0)\n", "raised SystemExit: 0"),
        ("x = 1\nx.y\n", "raised AttributeError: 'int' object has no attribute 'y'"),
    ],
)
def test_a_module_that_cannot_be_imported_is_named_with_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "faulty_module.py").write_text(text)
    with pytest.raises(ConfigError) as refused:
        make("filter", {"_target_": "faulty_module.Filter"}, BaseDataFilter)
    line = len(text.splitlines())
    assert f"filter._target_: the import of faulty_module.Filter {words}" in str(refused.value)
    assert f"{tmp_path}/faulty_module.py, line {line}" in str(refused.value)


def test_an_error_that_the_class_raises_comes_through_as_it_is() -> None:
    with pytest.raises(StoreError, match="the disk is full"):
        made("BrokenFilter")


def test_an_argument_that_a_class_does_not_take_is_told_how_to_take_it() -> None:
    with pytest.raises(ConfigError, match=r"Narrow does not take given.*\n.*let __init__ take given, and call super"):
        make("filter", {"_target_": f"{HERE}.Narrow", "unit": "m"}, BaseDataFilter, given="x")
    with pytest.raises(ConfigError, match=r"Unmade takes no such argument\n.*or let __init__ take rerun"):
        make("filter", {"_target_": f"{HERE}.Unmade", "rerun": False}, BaseDataFilter)
