"""Check which numbers a sentence has, and which one it states."""

from __future__ import annotations

from support.cases import from_file

from mathbatch.scoring.answers.number_in_sentence import numerals, said_number


@from_file("scoring/cases/numerals.jsonl", "text", "expected")
def test_numerals(text: str, expected: list[str]) -> None:
    assert [one.digits for one in numerals(text)] == expected


@from_file("scoring/cases/stated_numbers.jsonl", "text", "expected")
def test_the_stated_number(text: str, expected: str | None) -> None:
    found = said_number(text)
    assert (found and found.digits) == expected
