"""List rows and templates that are bad or only look so."""

from __future__ import annotations

import codecs

from support.bad_inputs.case import (
    BAD,
    UNREADABLE,
    Answered,
    Case,
    Failed,
    Refused,
    dumped,
    healthy,
    lines,
    raw_field,
    refused,
    with_fields,
)


def template(bad: bytes, name: str, text: str, outcome: Failed | Refused) -> Case:
    return Case(name, bad, outcome, (f"dataset.prompt='{text}'",))


ROWS = [
    Case("invalid UTF-8 in a line", lines(raw_field("note", b'"\xff"')), Failed("unreadable_row", "0xff", id=None)),
    Case("line of NUL bytes", lines(bytes(50)), UNREADABLE),
    Case("line in UTF-16", lines('{"sample_index": "bad"}'.encode("utf-16-le")), UNREADABLE),
    Case("truncated line", lines(b'{"sample_index": "bad", "query_cot": "Wh'), UNREADABLE),
    Case("two objects in a line", lines(dumped(healthy("e")) + dumped(healthy("f"))), UNREADABLE),
    Case("line that is a list", lines(b"[1, 2]"), Failed("unreadable_row", "this is a list", id=None)),
    Case("line that is a number", lines(b"17"), Failed("unreadable_row", "this is a int", id=None)),
    Case("line that is a string", lines(b'"hello"'), Failed("unreadable_row", "this is a str", id=None)),
    Case("line that is null", lines(b"null"), Failed("unreadable_row", "a row must be a JSON object", id=None)),
    Case("comment line", lines(b"# a comment"), UNREADABLE),
    Case(
        "truncated last line",
        lines(b'{"sample_index": "bad", "que', order="abcd!")[:-1],
        Failed("unreadable_row", "row 5", order="abcd!", id=None),
    ),
    Case(
        "bad first line",
        lines(b"sample_index,query_cot", order="!abcd"),
        Failed("unreadable_row", "row 1", "!abcd", None),
    ),
    Case(
        "half a surrogate pair in the prompt",
        with_fields(query_cot="a \ud800 b"),
        Failed("unreadable_row", "pair", id=None),
    ),
    Case(
        "half a surrogate pair in another field", with_fields(note="\udfff"), Failed("unreadable_row", "row 3", id=None)
    ),
    Case("half a surrogate pair in a field's name", with_fields(**{"\ud800": 1}), UNREADABLE),
    Case("half a surrogate pair in a path", with_fields(image="\ud800.png"), UNREADABLE),
    Case("integer of 5,000 digits", lines(raw_field("note", b"7" * 5000)), Failed("unreadable_row", "digits", id=None)),
    Case("100,000 brackets", lines(raw_field("note", b"[" * 100_000 + b"]" * 100_000)), UNREADABLE),
    Case(
        "200 brackets", lines(raw_field("note", b"[" * 200 + b"]" * 200)), Failed("unreadable_row", "deeper", id=None)
    ),
    Case(
        "brackets about as deep as Python goes",
        lines(raw_field("note", b"[" * 950 + b"]" * 950)),
        Failed("unreadable_row", "deeper", id=None),
    ),
    Case("100,000 brackets left open", lines(b"[" * 100_000), UNREADABLE),
    Case(
        "duplicate id",
        lines(dumped(healthy("a"))),
        Failed("duplicate_id", "row 3: id 'a' is also that of row 1", id="a"),
    ),
    Case(
        "duplicate id, as number and text",
        lines(dumped({"sample_index": 7, "query_cot": "x"}), order="ab7!cd"),
        Failed("duplicate_id", "row 4: id '7' is also that of row 3", order="ab7!cd", id=7),
    ),
    Case(
        "missing id",
        lines(b'{"query_cot": "What?"}'),
        Failed("missing_id", "row 3: no id in dataset.index_field", id=None),
    ),
    Case("null id", with_fields(sample_index=None), Failed("missing_id", "None", id=None)),
    Case("boolean id", with_fields(sample_index=True), Failed("missing_id", "True", id=True)),
    Case("float id", with_fields(sample_index=1.5), Failed("missing_id", "1.5", id=1.5)),
    Case("blank id", with_fields(sample_index=" "), Failed("missing_id", "' '", id=" ")),
    Case("list as id", with_fields(sample_index=["x"]), Failed("missing_id", "['x']", id=["x"])),
    Case("NaN as id", lines(b'{"sample_index": NaN, "query_cot": "What?"}'), Failed("missing_id", "None", id=None)),
    Case("empty prompt", with_fields(query_cot=""), Failed("empty_prompt", "row 3")),
    Case("blank prompt", with_fields(query_cot=" \n\t "), Failed("empty_prompt", "row 3")),
    Case("null prompt", with_fields(query_cot=None), Failed("empty_prompt", "row 3")),
    Case("number as prompt", with_fields(query_cot=7), Failed("bad_prompt", "row 3: the prompt is a int")),
    Case("list as prompt", with_fields(query_cot=["What?"]), Failed("bad_prompt", "list")),
    Case("no prompt", lines(b'{"sample_index": "bad"}'), Failed("missing_prompt", "dataset.query_field=query_cot")),
    Case("BOM at the start", codecs.BOM_UTF8 + with_fields(), Answered()),
    Case("CRLF", lines(dumped({"sample_index": BAD, "query_cot": "What?"}), end=b"\r\n"), Answered()),
    Case("blank lines", lines(raw_field("note", b"1"), end=b"\n\n  \n\t\r\n"), Answered({"note": 1})),
    Case("no newline at the end", with_fields()[:-1], Answered()),
    Case("NaN in a row", lines(raw_field("note", b"NaN")), Answered({"note": None})),
    Case(
        "Infinity in a row", lines(raw_field("note", b"[Infinity, -Infinity, 1e999]")), Answered({"note": [None] * 3})
    ),
    Case("NaN as picture", lines(raw_field("image", b"NaN")), Answered({"image": None})),
    Case("integer of 400 digits", lines(raw_field("note", b"7" * 400)), Answered({"note": int("7" * 400)})),
    Case("name that is there twice", lines(raw_field("query_cot", b'"Which?"')), Answered({"query_cot": "Which?"})),
    Case("emoji as a surrogate pair", with_fields(query_cot="\U0001f600"), Answered({"query_cot": "\U0001f600"})),
    Case("199 brackets", lines(raw_field("note", b"[" * 199 + b"]" * 199)), Answered()),
    Case("500 braces in a prompt", with_fields(query_cot="{" * 500), Answered()),
    Case("prompt of 5 MB", lambda _: with_fields(query_cot="What? " * 900_000), Answered()),
    Case(
        "line separators in a prompt",
        with_fields(query_cot="a\u2028b\u0085c\x0b"),
        Answered({"query_cot": "a\u2028b\u0085c\x0b"}),
    ),
    Case(
        "placeholder with 5,000 digits",
        with_fields(query_cot=f"Look at <image{'1' * 5000}>", image="good.png"),
        Answered(),
    ),
]


TEMPLATES = [
    template(
        lines(b'{"sample_index": "bad"}'),
        "template that lacks a column in one row",
        "{{ query_cot }}",
        Failed("prompt_template", "row 3: dataset.prompt fails on this row: 'query_cot' is undefined"),
    ),
    template(
        with_fields(),
        "template that lacks a column in all rows",
        "{{ query_cott }}",
        refused("dataset", "5 of the first 5 rows", "'query_cott' is undefined"),
    ),
    template(with_fields(), "template with a syntax error", "{{ query_cot }", refused("dataset.prompt", "line 1")),
    template(
        with_fields(),
        "template with an unknown filter",
        "{{ query_cot | uper }}",
        refused("dataset.prompt", "line 1", "uper"),
    ),
    template(
        with_fields(query_cot=["x"]),
        "template that adds text to a list",
        '{{ query_cot + "!" }}',
        Failed("prompt_template", "row 3"),
    ),
    template(
        with_fields(query_cot=0),
        "template that divides by zero",
        "{{ 1 / query_cot if query_cot is number else query_cot }}",
        Failed("prompt_template", "division by zero"),
    ),
    template(
        lines(dumped({"sample_index": BAD, "query_cot": ["x"]})),
        "template that sorts what is no object",
        "{{ query_cot if query_cot is string else query_cot | dictsort }}",
        Failed("prompt_template", "items"),
    ),
    template(
        with_fields(),
        "template that reaches for Python",
        "{{ query_cot.__class__.__mro__ }}",
        refused("dataset", "unsafe"),
    ),
    template(
        with_fields(query_cot=""), "template that gives an empty prompt", "{{ query_cot }}", Failed("empty_prompt")
    ),
]
