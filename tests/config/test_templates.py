"""Templates and expressions of a dataset config: what they can do, and what a hostile one can't."""

from __future__ import annotations

import re
from typing import Any

import pytest
from support.growth import LINEAR, growth

from mathbatch.config.templates.compile import compile_expression, compile_prompt
from mathbatch.errors import ConfigError, SampleError

ROW = {
    "id": "validation_Math_1",
    "answer": "so 2 * 9 = <<2*9=18>>18\n#### 1,080",
    "option": "A. 300, 400;B. 400; 300;C. 3000; D. none",
    "options": "['$6', \"it's 7\"]",
    "solution": "thus \\boxed{\\frac{1}{2}} and \\boxed{204}",
    "choices": ["135°", "140°"],
    "gold": "140°",
    "none": None,
    "long": "a" * 50_000 + "!",
    "my field": 3,
    "raw": b"%1000000000d",
    "values": ["field", "named", "values"],
}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("id | match('^validation_(.+?)_[0-9]+$')", "Math"),
        ("id | match('Physics')", None),
        ("id | match('(?P<set>val)', 'set')", "val"),
        ("answer | after('####') | replace(',', '')", "1080"),
        ("solution | boxed", "204"),
        ("option | split_choices", ["300, 400", "400; 300", "3000", "none"]),
        ("'red; green;blue' | split_choices", ["red", "green", "blue"]),
        ("'A、1；B、2' | split_choices", ["1", "2"]),
        ("'（A）1，（B）2\nC．3' | split_choices", ["1", "2", "3"]),
        ("options | as_list", ["$6", "it's 7"]),
        ('\'["a", "b"]\' | as_list', ["a", "b"]),
        ("none | as_list", []),
        ("choices | lettered", "(A) 135°\n(B) 140°"),
        ("choices | lettered('{}. {}', ' ')", "A. 135° B. 140°"),
        ("gold | letter_of(choices)", "B"),
        ("2 | letter", "C"),
        ("'033' | int", 33),
        ("'336^x' | match('[0-9]+') | int", 336),
        ("'x' | int(7)", 7),
        ("'2.5' | float + 1", 3.5),
        ("2.567 | round(1)", 2.6),
        ("none | split_choices", []),
        ("'A. Plan A. B. C; B. x; C. y' | split_choices", ["Plan A. B. C", "x", "y"]),
        ("'(A) one (B) two (C) three' | split_choices", ["one", "two", "three"]),
        ("choices | map('replace', '°', '')", ["135", "140"]),
        ("choices | select('equalto', '135°')", ["135°"]),
        ("row.values | last", "values"),
        ("id ~ '-' ~ row['my field']", "validation_Math_1-3"),
        ("none is empty and choices is not empty", True),
        ("choices[0] if choices else ''", "135°"),
    ],
)
def test_expressions_bring_any_shape_into_form(source: str, value: Any) -> None:
    assert compile_expression(source, "dataset.columns.x")(ROW) == value


HOSTILE = [
    "{{ id.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ id | attr('__class__') }}",
    "{{ row.__init__.__globals__ }}",
    "{{ self.__init__ }}",
    "{{ ().__class__ }}",
    "{{ row.pop('id') }}",
    "{{ row.update({'id': 1}) }}",
    "{{ choices.append('x') }}",
    "{{ lipsum.__globals__ }}",
    "{{ cycler }}",
    "{{ _budget.step }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% for a in choices recursive %}{{ loop(choices) }}{% endfor %}",
    "{% for a in long %}{% for b in long %}{% endfor %}{% endfor %}",
    "{% set _budget = none %}{% for a in long %}{% for b in long %}{% endfor %}{% endfor %}",
    "{{ 'a' * 10 ** 10 }}",
    "{{ [1] * 10 ** 10 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '{:1000000000d}'.format(1) }}",
    "{{ id.center(1000000000) }}",
    "{{ id | center(1000000000) }}",
    "{{ id | format(1) }}",
    "{{ range(10 ** 9) | list }}",
    "{{ long.replace('a', long) }}",
    "{{ long | replace('a', long) }}",
    "{{ long | list | join(long) }}",
    "{% set x = long %}" + "{% set x = x ~ x %}" * 40,
    "{% set x = long %}" + "{% set x = x + x %}" * 40,
    "{% set x = long %}" + "{% set x = [x, x] | join %}" * 40,
    "{% set x %}{{ long }}{% endset %}{{ x }}",
    "{{ long | match('(a+)+$') }}",
    "{{ long | match('(a|aa)+$') }}",
    "{{ ('[' * 100000) | as_list }}",
    "{{ 15 | round(-8000000) }}",
    "{{ ([[1] * 100000] * 100000) == ([[1] * 100000] * 100000 + []) }}",
    "{% set x = [1] %}" + "{% set x = [x, x] %}" * 60 + "{{ x == x }}",
    "{% set x = {'a': 1} %}" + "{% set x = {'a': x, 'b': x} %}" * 60 + "{{ x | string }}",
    "{{ (['x' * 100] * 10000) | map('match', '(x+x+)+y') | list }}",
    "{% for i in ('x' * 1000) | list %}{{ 'y' * 1000000 }}{% endfor %}",
    "{% for i in ('x' * 90000) | list %}" + "literal " * 10000 + "{% endfor %}",
    "{{ ([['x' * 1000] * 1000] * 1000) | string }}",
    "{{ [1] | tojson(indent=300000000) }}",
    "{{ (['x' * 1000000] * 1000000) | map('upper') | list }}",
    "{{ ([[1] * 1000000] * 1000) | sum(start=[]) }}",
    "{{ raw * 40000000 }}",
    "{{ raw % 1 }}",
    "{{ x | map('upper') | map('lower') if x is defined else lipsum }}",
    "{{ row.items }}",
    "{{ self }}",
    "{{ _budget }}",
    "{{ 1" + "0" * 5000 + " }}",
    "{{ " + "(" * 2000 + "1" + ")" * 2000 + " }}",
    "{% for a in choices %}" * 25 + "{% endfor %}" * 25,
    "{{ none | lettered }}{{ [none, 1] | lettered }}",
    "{{ 'abc' | lettered }}",
    "{{ choices | lettered('{}' * 10) }}",
    "{{ 1" + " < 1" * 100_000 + " }}",
]


@pytest.mark.parametrize("template", HOSTILE, ids=lambda template: template[:50])
def test_a_hostile_template_is_refused_and_nothing_of_it_is_run(template: str) -> None:
    row = {**ROW, "choices": list(ROW["choices"])}
    before = dict(row)
    with pytest.raises((SampleError, ConfigError)):
        compile_prompt(template)(row)
    assert row == before


STEPS, PATTERN = "more than 100,000 steps", "takes more than 0.5 s"
OUTPUT, REPEATED, VALUE = "of output", "a repetition that makes", "a value of more than 1,048,576"
LIMITS = [  # template, the limit that it meets
    ("{% for a in long %}{% for b in long %}{% endfor %}{% endfor %}", STEPS),
    ("{{ (['x' * 100] * 10000) | map('match', '(x+x+)+y') | list }}", STEPS),
    ("{{ long | match('(a+)+$') }}", PATTERN),
    ("{% for i in ('x' * 1000) | list %}{{ 'y' * 1000000 }}{% endfor %}", OUTPUT),
    ("{{ 'a' * 10 ** 10 }}", REPEATED),
    ("{{ 9 ** 9 ** 9 }}", "a power of numbers above 1,000"),
    ("{{ long | replace('a', long) }}", "a replacement that makes"),
    ("{{ long | list | join(long) }}", "a separator that makes"),
    ("{% set x = long %}" + "{% set x = x ~ x %}" * 40, VALUE),
]


@pytest.mark.parametrize(("template", "limit"), LIMITS, ids=lambda text: text[:50])
def test_what_would_not_end_meets_a_limit_that_is_named(template: str, limit: str) -> None:
    with pytest.raises(SampleError, match=limit):
        compile_prompt(template)(ROW)


# Patterns whose compiled form would take from hundreds of megabytes to more than any machine has.
LARGE = [
    "((a{1000}){1000}){10}",
    "(?:(?:a{1000}){1000}?){10}",
    "(?>(?>a{1000}+){1000}){10}",
    "a{1000000000}",
    "a{,1000000000}",
    "a{0000000001000000}",
    "(((((a?){9}){9}){9}){9}){90}",
    "(a|b{1000}|c){1000}",
    "([a-z_]{1000}){1000}",
    r"(\p{L}{1000}){1000}",
    r"(a)\1{1000000}",
    "(?<=(a{1000}){1000})b",
    "(?P<x>(?P<y>a{1000}){1000})",
    "[(](a{1000}[)]){1000}",
    r"(\((a{1000})\)){1000}",
    "([])(](a{1000})){1000}",
    "([^])(](a{1000})){1000}",
    "(" * 900 + "a{400}" + ")" * 900 + "{400}",
]


@pytest.mark.parametrize("pattern", LARGE, ids=lambda pattern: pattern[:40])
def test_a_pattern_that_would_be_huge_when_compiled_is_refused_wherever_it_comes_from(pattern: str) -> None:
    for source in (f"long | match({pattern!r})", "pattern | match(pattern)"):
        with pytest.raises(SampleError, match=r"dataset\.where fails on this row: .*more than 100,000 parts"):
            compile_expression(source, "dataset.where")({**ROW, "pattern": pattern})


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(?x)((a{1 000}){1 000})", "'(?x', which is not available"),
        ("(?i-s:(?ix:(a{1 000}){1 000}))", "'(?ix', which is not available"),
        ("(a{1000}[[:alpha:](]){1000}[[:alpha:])]", "'[:alpha:]', which is not available"),
        ("(?V1)(a{1000}[a[(]]){1000}", "'(?V', which is not available"),
        ("(a{1000}(?#()){1000}", "'(?#', which is not available"),
        ("(?R)", "'(?R', which is not available"),
        ("(a(?1)?)x", "'(?1', which is not available"),
        ("|".join(str(number) for number in range(1000)), "more than 2,000 characters"),
        ("(" * 1000 + ")" * 1000, "is broken: maximum recursion depth"),
    ],
    ids=lambda text: text[:40],
)
def test_a_pattern_that_hides_its_size_is_refused(pattern: str, problem: str) -> None:
    with pytest.raises(SampleError, match=re.escape(problem)):
        compile_expression("long | match(pattern)", "dataset.where")({**ROW, "pattern": pattern})


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (r"^validation_(\w{1,40})_\d{1,9}$", "Math"),
        (r"(?i)VALIDATION_(\p{L}{4})", "Math"),
        (r"[[(a-z]{10}_([^][(){}]{4})_[0-9]{1,}$", "Math"),
        (r"^.{0,300}?_(.{1,300}?)_.{0,300}$", "Math"),
        (r"^(?:(?:[a-z]{5}){2}_)(.{0,})_", "Math"),
        (r"(M\w{3})(?:_\{1\}|{}|{x}|_)", "Math"),
    ],
)
def test_ordinary_counts_are_read(pattern: str, found: str) -> None:
    assert compile_expression("id | match(pattern)", "dataset.where")({**ROW, "pattern": pattern}) == found


def test_choices_of_very_many_labels_cost_no_more_than_their_length() -> None:
    split = compile_expression("text | split_choices", "dataset.columns.choices")
    assert growth(lambda size: split({"text": "A. " * size}), 10_000) < LINEAR


def test_a_row_that_looks_like_a_template_is_text() -> None:
    assert compile_prompt("{{ q }}")({"q": "{{ 7 * 7 }}"}) == "{{ 7 * 7 }}"


@pytest.mark.parametrize(
    "source",
    [
        "absent",
        "none.field",
        "'336^x' | int",
        "'x' | float",
        "row.items",
        "answer | after('nowhere')",
        "1 / 0",
        "solution | letter_of([])",
    ],
)
def test_an_expression_that_fails_on_a_row_says_where_and_why(source: str) -> None:
    with pytest.raises(SampleError, match=r"dataset\.columns\.gold fails on this row: ."):
        compile_expression(source, "dataset.columns.gold")(ROW)


@pytest.mark.parametrize("source", ["answer | aftr('#')", "answer |", "(answer", "{% for %}"])
def test_a_broken_expression_is_refused_with_its_path(source: str) -> None:
    with pytest.raises(ConfigError, match=r"dataset\.columns\.gold: line 1: .*"):
        compile_expression(source, "dataset.columns.gold")


@pytest.mark.parametrize("name", ["row", "loop", "result", "range", "namespace", "caller", "context", "values", "题目"])
def test_a_field_is_read_by_its_name_whatever_that_means_elsewhere(name: str) -> None:
    row = {name: 5, "options": ["x", "y"]}
    assert compile_prompt(f"No. {{{{ {name} }}}}")(row) == "No. 5"
    assert compile_expression(f"{name} + 1", "dataset.columns.next")(row) == 6


def test_a_loop_counts_beside_a_field_named_loop() -> None:
    template = "{% for one in options %}{{ loop.index }}{{ one }}{% endfor %} {{ loop }}"
    assert compile_prompt(template)({"loop": 5, "options": ["x", "y"]}) == "1x2y 5"


def test_what_a_field_named_row_or_self_hides_is_told() -> None:
    with pytest.raises(SampleError, match="`row` is the field of that name here"):
        compile_prompt("{{ row['my field'] }}")({"row": 5, "my field": 6})
    with pytest.raises(ConfigError, match=r"`self` is Jinja's own; a field of that name is row\['self'\]"):
        compile_prompt("{{ self }}")
    assert compile_prompt("{{ row['self'] }}")({"self": 7}) == "7"
