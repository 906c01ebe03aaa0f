"""Parts of a report's data: places of answers, chunks, replacement in one step, samples by id, hostile texts."""

from __future__ import annotations

import random
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from support.reports import facts_in, rows_in, script

from mathbatch.commands.report import main
from mathbatch.data.images.decode import ImageDecoder
from mathbatch.data.storage.sealed import DamagedFileError
from mathbatch.errors import ConfigError
from mathbatch.records import Record, Request, Sample
from mathbatch.reports.html.chunks import MAX_ROWS, MAX_TEXT, RowWriter
from mathbatch.reports.html.details import as_written
from mathbatch.reports.html.lengths import Lengths
from mathbatch.reports.html.links import share
from mathbatch.reports.html.page import HERE
from mathbatch.reports.html.payload import Report, RunFacts
from mathbatch.reports.html.pictures import Pictures
from mathbatch.reports.html.publish import publish
from mathbatch.reports.html.rows import ReportRow
from mathbatch.reports.html.scored_lines import ScoreLines
from mathbatch.reports.html.scripts import read_report, write_script
from mathbatch.reports.html.selection import REST, Selection, _shares, kind_of
from mathbatch.reports.html.spans import answer_span, rule_of
from mathbatch.runner.snapshot import FOLDER_FILE

CHOICES = ("Red", "Green", "8.0")
# Text with the answer between ⟦ and ⟧ where it has a certain place, the answer, the reason of the verdict.
SPANS = [
    (r"So $x = \boxed{⟦4⟧}$.", "4", "boxed: the same text"),
    (r"\boxed{3}, no: \boxed{⟦4⟧}. Check: 4", "4", "boxed: different numbers"),
    (r"\boxed{\frac{1}{2}} is \boxed{⟦\frac{1}{2}⟧}", r"\frac{1}{2}", "boxed: the same text"),
    (r"\boxed{(⟦C⟧)} A C", "C", "'(C)', boxed"),
    (r"\boxed{⟦(A) and (B)⟧}", "AB", "'(A) and (B)', boxed"),
    (r"It is \boxed{⟦ABC⟧}.", "A", "the text of A, boxed"),
    ("4 and 14, so the answer is ⟦4⟧.", "4", "stated as the answer: equal"),
    ("4.5 or 1,400 make 4,5; ⟦4⟧", "4", "in the last sentence: equal; math says wrong ('4.5')"),
    ("A triangle. The answer is (⟦A⟧). A proof:", "A", "'(A)', stated as the answer"),
    ("A: no. It is **⟦B⟧**", "B", "'B', in bold"),
    ("⟦7⟧ is it. Or 7?", "7", "in the first sentence: equal"),
    ("The colour is ⟦Green⟧.", "B", "the text of B, in the last sentence"),
    ("The length is 8.", "C", "the text of C, in the last sentence"),
    ("𝑥 is 😀 ⟦4⟧", "4", "in the last sentence: equal"),
    ("A word about A things", "A", "'A', in the last sentence"),
    ("It is A" + 300_000 * "\n" + "or so", "A", "stated as the answer"),
    ("It is ⟦A⟧ .*" + 300_000 * "\n", "A", "stated as the answer"),
    ("nothing", "5", "boxed: different"),
    ("", "5", "boxed: different"),
]


@pytest.mark.parametrize(("marked", "answer", "reason"), SPANS)
def test_the_answer_is_marked_where_it_was_taken_or_nowhere(marked: str, answer: str, reason: str) -> None:
    text = marked.replace("⟦", "").replace("⟧", "")
    found = answer_span(text, answer, reason, CHOICES)
    before, mark, after = marked.partition("⟦")
    wanted = None
    if mark:
        start = len(before.encode("utf-16-le")) // 2
        wanted = (start, start + len(after.partition("⟧")[0].encode("utf-16-le")) // 2)
    assert found == wanted


@pytest.mark.parametrize(
    ("reason", "rule"),
    [
        ("boxed: the same text", "boxed"),
        ("'D', boxed", "boxed"),
        ("'A: yes', stated as the answer", "stated as the answer"),
        ("the text of B, in the last sentence", "in the last sentence"),
        ("no answer is stated; the response was cut at the token limit", "no answer is stated"),
        ("x" * 1000, "x" * 80),
    ],
)
def test_a_rule_is_what_decided_without_what_it_quotes(reason: str, rule: str) -> None:
    assert rule_of(reason) == rule


def row(number: int, text: str) -> ReportRow:
    sample = Sample(id=f"q{number}", row_number=number + 1, row={}, query="?")
    request = Request(id=sample.id, messages=[{"role": "user", "content": "What is it?"}])
    return ReportRow(sample, request, [Record(sample.id, "0" * 16, text=text, output_tokens=number)], [None], {})


def written(folder: Path, texts: list[str]) -> RunFacts:
    pictures = Pictures(folder, folder, ImageDecoder(1, 1))
    writer = RowWriter(folder / "report" / "data", "run", [], pictures)
    for number, text in enumerate(texts):
        writer.add(row(number, text))
    writer.finish()
    pictures.close()
    facts = RunFacts(key="run", base="run", run="r", name="run", model="m", dataset="d", folder=".")
    facts.included, facts.chunks = writer.rows, writer.chunks
    publish(folder, Report(title="t", made="", version="", runs=[facts]))
    return facts


def test_chunks_are_small_and_an_answer_that_is_not_has_one_of_its_own(tmp_path: Path) -> None:
    texts = ["short"] * (MAX_ROWS + 5) + ["x" * 5_000_000] + ["y" * (MAX_TEXT // 3)] * 3
    written(tmp_path, texts)
    found = rows_in(tmp_path)
    assert [one["rollouts"][0]["text"] for one in found] == texts
    index = script(tmp_path / "report" / "data" / "run" / "index.js")[1]
    assert index["starts"] == [0, MAX_ROWS, MAX_ROWS + 5, MAX_ROWS + 6, MAX_ROWS + 8]


def test_texts_of_any_kind_come_through_and_none_is_code(tmp_path: Path) -> None:
    texts = [
        "</script><script>alert(1)</script>",
        '"); alert(1); ("',
        "\\u2028 \u2028\u2029",
        "\0\x1b\ufeff\u202e",
        "𝑥😀",
        "",
    ]
    written(tmp_path, [*texts, "half \ud83d of a pair"])
    assert [one["rollouts"][0].get("text") for one in rows_in(tmp_path)] == [*texts, "half ? of a pair"]


def test_an_empty_report_is_whole(tmp_path: Path) -> None:
    written(tmp_path, [])
    assert rows_in(tmp_path) == []
    assert read_report(tmp_path) is not None


def test_whoever_reads_it_while_it_is_replaced_has_all_that_its_report_names(tmp_path: Path) -> None:
    facts = written(tmp_path, ["one"] * 3)
    data = tmp_path / "report" / "data"
    later = RunFacts(**{name: getattr(facts, name) for name in facts.__struct_fields__})
    later.base = "later"
    (data / "run").joinpath("pictures.txt").write_text("")
    for path in (data / "run").iterdir():
        (data / "later").mkdir(exist_ok=True)
        (data / "later" / path.name).write_bytes(path.read_bytes().replace(b'"run/', b'"later/'))
    assert rows_in(tmp_path, facts_in(tmp_path)) != []
    publish(tmp_path, Report(title="t", made="", version="", runs=[later]), also_kept=["run"])
    assert {path.name for path in data.iterdir()} == {"run", "later", "report.js"}
    assert facts_in(tmp_path)["base"] == "later"
    publish(tmp_path, Report(title="t", made="", version="", runs=[later]))
    assert {path.name for path in data.iterdir()} == {"later", "report.js"}
    assert len(rows_in(tmp_path)) == 3


def test_what_comes_from_outside_the_configuration_is_shown_as_it_is_written_there() -> None:
    hidden = [("the secret prompt", "${oc.env:PROMPT}"), ("7", "${oc.env:LEVEL}")]
    assert as_written("Begin: the secret prompt.", hidden) == "Begin: ${oc.env:PROMPT}."
    assert as_written("7", hidden) == "${oc.env:LEVEL}"
    assert as_written("7 times 7", hidden) == "7 times 7"


def test_data_that_are_a_link_are_not_brought_to_another_page(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / "link").symlink_to("secret")
    share(tmp_path / "link", tmp_path / "page" / "link")
    share(tmp_path / "secret", tmp_path / "page" / "file")
    share(tmp_path / "gone", tmp_path / "page" / "gone")
    assert [path.name for path in (tmp_path / "page").iterdir()] == ["file"]


def test_what_no_report_has_made_stays(tmp_path: Path) -> None:
    mine = tmp_path / "report" / "data" / "mine" / "results.csv"
    picture = tmp_path / "report" / "pictures" / "holiday.jpg"
    for path in (mine, picture):
        path.parent.mkdir(parents=True)
        path.write_text("mine")
    written(tmp_path, ["one"])
    assert mine.read_text() == picture.read_text() == "mine"


def test_a_page_is_brought_up_to_date_file_by_file(tmp_path: Path) -> None:
    written(tmp_path, ["one"])
    app = tmp_path / "report" / "app"
    before = {path: path.stat().st_ino for path in app.rglob("*") if path.is_file()}
    (app / "main.js").write_text("of an earlier version")
    written(tmp_path, ["one"])
    after = {path: path.stat().st_ino for path in app.rglob("*") if path.is_file()}
    assert {path.name for path in after if after[path] != before.get(path)} == {"main.js"}
    assert (app / "main.js").read_bytes() == (HERE / "app" / "main.js").read_bytes()


def test_a_report_that_this_version_can_not_read_counts_for_nothing(tmp_path: Path) -> None:
    assert read_report(tmp_path) is None
    write_script(tmp_path / "report" / "data", "report", {"title": 4})
    assert read_report(tmp_path) is None
    (tmp_path / "report" / "data" / "report.js").write_text("[" * 100_000)
    assert read_report(tmp_path) is None


def test_a_sample_is_about_as_large_as_its_share_and_the_same_in_every_run() -> None:
    selection = Selection({REST: 0.25})
    taken = [number for number in range(4000) if selection.takes(row(number, "x"))]
    assert 900 < len(taken) < 1100
    smaller = Selection({REST: 0.1})
    assert {number for number in range(4000) if smaller.takes(row(number, "x"))} < set(taken)


def test_shares_fill_the_page_and_small_kinds_are_there_in_full() -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    draws = random.Random(seed)
    for _ in range(200):
        counts = Counter({kind: draws.randrange(1, 1000) for kind in (REST, "wrong", "failed", "cut")})
        most = draws.randrange(10, 3000)
        shares = _shares(counts, most)
        total = sum(shares.get(kind, 1.0) * count for kind, count in counts.items())
        assert total <= most + 1e-6 or counts.total() <= most
        assert total >= min(most, counts.total()) - len(counts)
        if counts.total() - counts[REST] <= most:
            assert set(shares) <= {REST}


def test_a_row_is_of_the_kind_that_one_looks_for_first() -> None:
    assert kind_of(row(1, "x")) == REST
    cut = row(1, "x")
    cut.records = [Record("q1", "0" * 16, text="x", finish_reason="length")]
    assert kind_of(cut) == "cut"
    cut.doubts = {0: ["why"]}
    assert kind_of(cut) == "in the audit list"


def test_a_score_that_can_not_be_read_is_told_by_its_line_in_whatever_order_they_are_asked_for(tmp_path: Path) -> None:
    lines = [f'{{"id":"{at}","rollout":0,"verdict":"wrong"}}' for at in range(3)]
    (tmp_path / "scores.jsonl").write_text("\n".join([*lines, '{"id":"3", torn', ""]))
    with closing(ScoreLines(tmp_path)) as found, pytest.raises(DamagedFileError, match=r"scores\.jsonl, line 4: "):
        found.of("2", 0, Record(id="2", digest="d", text=""))


def test_a_histogram_has_every_answer_in_a_bin_of_a_round_size() -> None:
    lengths = Lengths()
    for number in (0, 1, 99, 100, 4095):
        lengths.add(Record("q", "0" * 16, text="x", output_tokens=number), "correct")
    lengths.add(Record("q", "0" * 16, text="x"), "correct")
    found = lengths.histogram()
    assert found is not None
    assert len(found.edges) == len(found.counts["correct"]) + 1
    assert found.edges[:3] == [0, 200, 400]
    assert found.counts["correct"][0] == 4
    assert found.counts["correct"][-1] == 1
    assert found.edges[-2] <= 4095 < found.edges[-1]
    assert Lengths().histogram() is None


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["run_dir=."], "is no run folder"),
        ([], "run_dir: has no value"),
        (["run_dir=a", "run_dir=b", "output=b"], "is the folder of a run"),
        (["run_dir=a", "output=c"], "is the folder of a run"),
        (["run_dir=a", "outputs=b"], "outputs: no such key"),
    ],
)
def test_what_can_not_be_shown_is_refused(
    arguments: list[str], problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c" / ".hydra" / "20261129T151930").mkdir(parents=True)
    (tmp_path / "c" / ".hydra" / "20261129T151930" / FOLDER_FILE).touch()
    monkeypatch.setattr(sys, "argv", ["report", *arguments])
    with pytest.raises(ConfigError, match=problem):
        main()
