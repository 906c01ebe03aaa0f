"""Every model family through real vLLM: tiny checkpoints with its architecture, processor and kind of chat template."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from support.families.loaded_family import SYSTEM, FamilyRun, LoadedFamily
from support.families.noting_model import Prompt
from support.families.rows import SPECIAL, SWEPT, Row, rows_for
from support.families.table import FAMILIES, THOUGHT
from support.run_folders import records, results

pytestmark = [pytest.mark.engine, pytest.mark.families]

THINKING = [name for name, family in FAMILIES.items() if family.thinks]
# Stands for a picture in a prompt whose white space is left out.
PICTURE = "\0"


@pytest.fixture(scope="session", params=FAMILIES)
def run(
    request: pytest.FixtureRequest, prepared: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FamilyRun]:
    """Yield what a family did, with its engine still loaded."""
    with closing(LoadedFamily(FAMILIES[request.param], tmp_path_factory.mktemp(request.param))) as loaded:
        yield FamilyRun(loaded)


def test_every_row_is_answered_with_one_load(run: FamilyRun) -> None:
    assert run.failures() == {}
    assert [row["id"] for row in run.results] == [row.id for row in run.rows]
    assert run.loaded.loads == 1


def test_check_counts_the_tokens_that_the_engine_gets(run: FamilyRun) -> None:
    found = run.loaded.check()
    assert not found.fails, found.findings
    counted = dict(zip([row.id for row in run.rows], found.tokens, strict=True))
    assert counted == {id: record["prompt_tokens"] for id, record in run.records.items()}


def test_pictures_stand_where_the_text_has_them_and_no_word_is_lost(run: FamilyRun) -> None:
    names = {run.prompts[row.id].images[0]: row.images[0] for row in run.rows if len(row.images) == 1}
    for row in run.rows:
        prompt = run.prompts[row.id]
        order = row.placed if run.family.in_place else list(row.images)
        assert [names[image] for image in prompt.images] == order, row
        assert re.search(expected(row, run.family.in_place), plain(prompt)), (row, prompt)


def test_the_system_prompt_arrives_once_as_it_is_written(run: FamilyRun) -> None:

    assert {id: prompt.whole.count(SYSTEM) for id, prompt in run.prompts.items()} == dict.fromkeys(run.prompts, 1)


def test_a_resumed_run_gives_the_same_results_as_one_in_one_go(run: FamilyRun) -> None:
    assert run.resumed[: len(run.first_half)] == run.first_half
    assert run.resumed_results == run.results


@pytest.mark.parametrize("run", THINKING, indirect=True)
def test_thoughts_are_no_part_of_the_answer_nor_scored(run: FamilyRun) -> None:
    said = {(record.get("text"), record.get("reasoning")) for record in run.records.values()}
    assert said == {(run.family.answer, THOUGHT)}
    assert run.metrics["accuracy"] == run.family.accuracy


def test_a_text_like_special_tokens_is_answered_or_refused_by_name(run: FamilyRun) -> None:

    job = run.loaded.run("special", rows=rows_for(SPECIAL, run.family.images), name="special")
    (record,) = records(job.components.run_dir)
    assert "text" in record or record["failure"]["kind"] == "rejected", record
    assert run.loaded.loads == 1


@pytest.mark.parametrize("run", ["qwen2_5_vl", "internvl", "idefics3"], indirect=True)
def test_a_seeded_sweep_prepares_each_picture_once_and_gives_the_same_in_any_order(run: FamilyRun) -> None:

    cells = [["sampling.temperature=0.5"], ["sampling.temperature=1.5"]]
    before = run.loaded.image_counts
    jobs = run.loaded.sweep("sweep", cells, SWEPT, "swept")
    read, preprocessed = (now - old for now, old in zip(run.loaded.image_counts, before, strict=True))
    pictures = {image for row in SWEPT for image in row.images}
    assert (read, preprocessed) == (len(pictures), len(pictures))
    straight = [results(job.components.run_dir) for job in jobs]
    assert straight[0] != straight[1]
    swapped = run.loaded.sweep("swapped", cells[::-1], SWEPT, "swept")
    assert [results(job.components.run_dir) for job in swapped] == straight[::-1]
    deep = run.loaded.sweep("deep", cells, SWEPT, "swept", "sweep.order=depth")
    assert [results(job.components.run_dir) for job in deep] == straight


def plain(prompt: Prompt) -> str:
    """Return a prompt without white space, with a mark for each picture."""
    return "".join(PICTURE.join(prompt.texts).split())


def expected(row: Row, in_place: bool) -> str:
    """Return a pattern of what a prompt has of a row: its texts, with pictures, or words that name them, between."""
    texts = [part if isinstance(part, int) else re.escape("".join(part.split())) for part in row.parts]
    if in_place:
        return "".join(PICTURE if isinstance(part, int) else part for part in texts)
    words = [_words(row, part) if isinstance(part, int) else part for part in texts]
    return PICTURE * len(row.images) + ".*?" + "".join(words)


def _words(row: Row, image: int) -> str:
    """Return a pattern of the words that are left of the placeholder of an image."""
    mark = re.search(rf"<image([ _]?{image + 1})?>", row.question)
    if mark is None:
        return ""
    return rf"<?image_?{image + 1}{'' if mark[1] else '?'}>?"
