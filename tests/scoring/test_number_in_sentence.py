"""Check which numbers a sentence has, and which one it states."""

from __future__ import annotations

from support.cases import from_file

from mathbatch.scoring.answers.number_in_sentence import number_stated_in, numbers_in_digits_or_words


@from_file("scoring/cases/numerals.jsonl", "text", "expected")
def test_numerals(text: str, expected: list[str]) -> None:
    assert [one.digits for one in numbers_in_digits_or_words(text)] == expected


@from_file("scoring/cases/stated_numbers.jsonl", "text", "expected")
def test_the_stated_number(text: str, expected: str | None) -> None:
    found = number_stated_in(text)
    assert (found and found.digits) == expected
