"""Every file format and every shape of a row, by YAML alone."""

from __future__ import annotations

import base64
import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet
from support import benchmark_shapes
from support.configs import composed
from support.images import encoded
from support.processes import run
from support.rows import overrides, questions, write_rows
from support.run_folders import results, run_dir

from mathbatch.data.images.decode import ImageDecoder
from mathbatch.data.loaders import FileDataLoader
from mathbatch.data.processors import ChatDataProcessor
from mathbatch.errors import ConfigError
from mathbatch.records import BadRow, Sample

DECODER = ImageDecoder(10**6, 1 << 20)
PICTURE = base64.b64encode(encoded()).decode()
OTHER = base64.b64encode(encoded(size=(50, 20))).decode()


def loaded(tmp_path: Path, yaml: str, *more: str) -> list[Sample | BadRow]:
    """Return what a dataset config of one's own loads."""
    (tmp_path / "conf" / "dataset").mkdir(parents=True, exist_ok=True)
    (tmp_path / "conf" / "dataset" / "mine.yaml").write_text(f"name: mine\n{yaml}")
    config = composed("dataset=mine", f"hydra.searchpath=[file://{tmp_path}/conf]", *more)
    return list(FileDataLoader(config.dataset))


def sizes(sample: Sample | BadRow) -> list[tuple[int, int]]:
    assert isinstance(sample, Sample), sample
    return [DECODER.decode(image)[0].size for image in sample.images]


def table(path: Path, rows: list[dict[str, Any]], delimiter: str) -> Path:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, rows[0], delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize("name", ["rows.csv", "rows.tsv", "rows.csv.gz", "rows.jsonl", "rows.jsonl.gz", "rows.parquet"])
@pytest.mark.process
def test_each_format_gives_the_same_answers(tmp_path: Path, name: str) -> None:
    rows = [{**row, "note": 'with, "quotes"\nand\ttabs'} for row in questions(30)]
    path = tmp_path / name
    if ".parquet" in name:
        parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    elif ".jsonl" in name:
        data = "".join(json.dumps(row) + "\n" for row in rows).encode()
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    else:
        table(path, rows, "," if ".csv" in name else "\t")
    done = run(tmp_path, *overrides(path))
    assert done.returncode == 0, done.stderr
    found = results(run_dir(tmp_path))
    assert [{key: row[key] for key in rows[0]} for row in found] == rows
    assert all(row["model_answer"] for row in found)


def test_several_files_and_globs_are_joined_and_their_names_kept(tmp_path: Path) -> None:
    for name in ("en", "de"):
        write_rows(tmp_path / f"{name}.jsonl", questions(3))
    yaml = f"input: '{tmp_path}/*.jsonl'\nindex_field: [_file, sample_index]\nimage_field: null\nmetadata: [_file]\n"
    found = loaded(tmp_path, yaml)
    assert [sample.id for sample in found] == ["de-0", "de-1", "de-2", "en-0", "en-1", "en-2"]
    assert [sample.metadata["_file"] for sample in found if isinstance(sample, Sample)] == ["de"] * 3 + ["en"] * 3
    listed = yaml.replace(f"'{tmp_path}/*.jsonl'", f"[{tmp_path}/en.jsonl, {tmp_path}/de.jsonl]")
    assert loaded(tmp_path, listed)[0].id == "en-0"


def test_an_id_that_two_files_share_names_both_places(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_rows(tmp_path / f"{name}.jsonl", questions(2))
    found = loaded(tmp_path, f"input: '{tmp_path}/[ab].jsonl'\nimage_field: null\n")
    bad = [row for row in found if isinstance(row, BadRow)]
    assert len(bad) == 2
    assert bad[0].kind == "duplicate_id"
    assert "b.jsonl, row 1" in bad[0].message
    assert "a.jsonl, row 1" in bad[0].message


@pytest.mark.process
def test_parquet_with_embedded_pictures(tmp_path: Path) -> None:
    rows = [{"sample_index": str(at), "query_cot": "?", "image": benchmark_shapes.picture(30 + at)} for at in range(40)]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "rows.parquet")
    found = loaded(tmp_path, f"input: {tmp_path}/rows.parquet\n")
    assert [sizes(sample) for sample in found] == [[(30 + at, 30 + at)] for at in range(40)]
    done = run(tmp_path, *overrides(tmp_path / "rows.parquet", "dataset.image_field=image"))
    assert done.returncode == 0, done.stderr
    assert results(run_dir(tmp_path))[3]["image"] == {"bytes": None, "path": "33.png"}


def test_a_tsv_whose_rows_share_pictures_by_index(tmp_path: Path) -> None:
    cells = {"1": PICTURE, "2": "1", "3": OTHER, "4": "3", "5": "1"}
    rows = [{"index": index, "question": "?", "image": cell} for index, cell in cells.items()]
    table(tmp_path / "rows.tsv", rows, "\t")
    yaml = f"input: {tmp_path}/rows.tsv\nindex_field: index\nquery_field: question\nimage_shared: true\n"
    found = loaded(tmp_path, yaml)
    assert [sizes(sample) for sample in found] == [[(40, 30)], [(40, 30)], [(50, 20)], [(50, 20)], [(40, 30)]]


def test_a_string_that_holds_a_list_of_pictures(tmp_path: Path) -> None:
    table(tmp_path / "rows.tsv", [{"sample_index": "1", "query_cot": "?", "image": json.dumps([PICTURE, OTHER])}], "\t")
    found = loaded(tmp_path, f"input: {tmp_path}/rows.tsv\ncolumns:\n  image: image | as_list\n")
    assert sizes(found[0]) == [(40, 30), (50, 20)]


def test_numbered_columns_and_lists_of_pictures(tmp_path: Path) -> None:
    rows = [{"sample_index": "1", "query_cot": "<image 2> or <image 1>?", "image_1": PICTURE, "image_2": OTHER, "image_3": None},
            {"sample_index": "2", "query_cot": "?", "image_1": None, "image_2": "", "image_3": [PICTURE, OTHER]}]  # fmt: skip
    write_rows(tmp_path / "rows.jsonl", rows)
    found = loaded(tmp_path, f"input: {tmp_path}/rows.jsonl\nimage_field: [image_1, image_2, image_3]\n")
    assert [sizes(sample) for sample in found] == [[(40, 30), (50, 20)]] * 2


def test_choices_in_columns_in_a_stringified_list_and_in_one_text(tmp_path: Path) -> None:
    row = {
        "sample_index": "1",
        "query_cot": "?",
        "A": "one",
        "B": "two",
        "C": "",
        "list": "['$6', '$7']",
        "text": "A. x; B. y",
    }
    write_rows(tmp_path / "rows.jsonl", [row])
    for expression, choices in (("[A, B, C] | reject('empty') | list", ("one", "two")), ("list | as_list", ("$6", "$7")),
                                ("text | split_choices", ("x", "y"))):  # fmt: skip
        yaml = f'input: {tmp_path}/rows.jsonl\nimage_field: null\nchoices_field: c\ncolumns:\n  c: "{expression}"\n'
        (sample,) = loaded(tmp_path, yaml)
        assert isinstance(sample, Sample)
        assert sample.choices == choices


def test_placeholders_in_the_syntax_of_the_dataset(tmp_path: Path) -> None:
    rows = [{"sample_index": "1", "query_cot": "Is [IMG:2] like [IMG:1]?", "image": [PICTURE, OTHER]}]
    write_rows(tmp_path / "rows.jsonl", rows)
    yaml = f"input: {tmp_path}/rows.jsonl\nimage_placeholder: '\\[IMG:(\\d+)\\]'\n"
    (sample,) = loaded(tmp_path, yaml)
    assert isinstance(sample, Sample)
    assert sample.query == "Is <image2> like <image1>?"


def test_placeholders_of_a_row_without_pictures_are_words(tmp_path: Path) -> None:
    rows = [
        {"sample_index": "1", "query_cot": "Is <image> like <image 2> or <image_3>?", "image": None},
        {"sample_index": "2", "query_cot": "Is <image> like <image 2>?", "image": PICTURE},
    ]
    write_rows(tmp_path / "rows.jsonl", rows)
    contents = []
    for sample in loaded(tmp_path, f"input: {tmp_path}/rows.jsonl\n"):
        assert isinstance(sample, Sample)
        contents.append(ChatDataProcessor().process(sample).messages[0]["content"])
    assert contents[0] == "Is image like image 2 or image 3?"
    assert [part.get("text") for part in contents[1]] == ["Is ", None, " like image 2?"]


def test_examples_do_not_take_the_place_of_a_field_of_that_name_in_silence(tmp_path: Path) -> None:
    write_rows(tmp_path / "shots.jsonl", [{"q": "1+1?"}])
    write_rows(tmp_path / "rows.jsonl", [{"sample_index": "1", "examples": "3, 4, 5"}])
    yaml = f"input: {tmp_path}/rows.jsonl\nimage_field: null\nexamples: {tmp_path}/shots.jsonl\nprompt: '{{{{ examples }}}}'\n"
    (bad,) = loaded(tmp_path, yaml)
    assert isinstance(bad, BadRow)
    assert "dataset.examples takes the place of the field of that name" in bad.message


def test_examples_of_a_file_stand_in_the_prompt(tmp_path: Path) -> None:
    write_rows(tmp_path / "shots.jsonl", [{"q": f"{at}+{at}?", "a": str(2 * at)} for at in range(5)])
    write_rows(tmp_path / "rows.jsonl", questions(2))
    prompt = "{% for e in examples[:2] %}{{ e.q }} {{ e.a }}\n{% endfor %}{{ query_cot }}"
    yaml = f"input: {tmp_path}/rows.jsonl\nimage_field: null\nexamples: {tmp_path}/shots.jsonl\nprompt: {json.dumps(prompt)}\n"
    (first, _) = loaded(tmp_path, yaml)
    assert isinstance(first, Sample)
    assert first.query == "0+0? 0\n1+1? 2\nWhat is 0 + 0?"


@pytest.mark.process
def test_rows_are_left_out_by_a_condition_and_results_leave_them_out_too(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", questions(10))
    done = run(tmp_path, *overrides(data, "dataset.where='sample_index | int >= 7'"))
    assert done.returncode == 0, done.stderr
    assert [row["sample_index"] for row in results(run_dir(tmp_path))] == ["7", "8", "9"]


@pytest.mark.parametrize(
    ("yaml", "words"),
    [
        ("inptu: rows.jsonl\n", ["dataset.inptu", "mine.yaml", "did you mean 'input'"]),
        ("input: rows.jsonl\n_target_: os.system\n", ["dataset._target_", "mine.yaml"]),
        ("input: rows.jsonl\nindex_field: 3\n", ["dataset.index_field", "no row has the field '3'"]),
        ("input: rows.jsonl\nimage_placeholder: '('\n", ["dataset.image_placeholder", "no regular expression"]),
        ("input: rows.jsonl\nimage_placeholder: '((a{1000}){1000}){1000}'\n", ["dataset.image_placeholder", "parts"]),
        ("input: rows.jsonl\ninput: rows.jsonl\n", ["mine.yaml, line 4", "duplicate key"]),
        ("input: [rows.jsonl\n", ["mine.yaml, line", "fix: correct the file"]),
        ("input: rows.jsonl\nwhere: 'a ='\n", ["dataset.where", "line 1"]),
        ("input: rows.jsonl\nprompt: 'x ${oc.env:HOME}'\n", ["dataset.prompt", "calls a resolver"]),
        ("input: rows.jsonl\ndefaults: [demo]\n", ["mine.yaml has a defaults list"]),
        ("input: rows.jsonl\nimage_shared: true\nimage_field: [a, b]\n", ["dataset.image_shared", "one field"]),
        ("input: rows.jsonl\ncolumns:\n  x: '{{ y }}'\n", ["dataset.columns.x"]),
        ("input: [rows.jsonl, rows.jsonk]\n", ["dataset.input", "rows.jsonk", "did you mean 'rows.jsonl'"]),
    ],
)
@pytest.mark.process
def test_a_mistake_in_a_dataset_file_is_refused_with_key_and_fix(tmp_path: Path, yaml: str, words: list[str]) -> None:
    write_rows(tmp_path / "rows.jsonl", questions(2))
    (tmp_path / "conf" / "dataset").mkdir(parents=True)
    rest = "" if "image_field" in yaml else "image_field: null\n"
    (tmp_path / "conf" / "dataset" / "mine.yaml").write_text(f"name: mine\n{rest}{yaml}")
    done = run(
        tmp_path, "--config-dir", "conf", "dataset=mine", "model._target_=mathbatch.models.scripted.ScriptedModel"
    )
    assert done.returncode == 2
    assert all(word in done.stderr for word in words), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.process
def test_a_dataset_file_sets_nothing_but_the_dataset(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", questions(2))
    (tmp_path / "conf" / "dataset").mkdir(parents=True)
    text = "# @package _global_\nmodel:\n  trust_remote_code: true\ndataset:\n  name: evil\n  input: rows.jsonl\n"
    (tmp_path / "conf" / "dataset" / "evil.yaml").write_text(text)
    for module, more in (("run", ()), ("check", ()), ("run", ("-m", "sampling.temperature=0,1"))):
        done = run(tmp_path, "--config-dir", "conf", "dataset=evil", *more, module=module)
        assert done.returncode == 2, done.stdout
        assert "@package _global_" in done.stderr
        assert not list(tmp_path.glob("outputs/*/*/*/config.yaml"))


def test_rows_that_are_left_out_may_lack_what_a_column_needs(tmp_path: Path) -> None:
    rows = [
        {"sample_index": str(at), "query_cot": "?", "solution": None if at % 2 else "\\boxed{4}"} for at in range(6)
    ]
    write_rows(tmp_path / "rows.jsonl", rows)
    yaml = f"input: {tmp_path}/rows.jsonl\nimage_field: null\ncolumns:\n  gold: solution | boxed\nanswer_field: gold\n"
    assert [sample.id for sample in loaded(tmp_path, f"{yaml}where: solution is not none\n")] == ["0", "2", "4"]
    assert sum(isinstance(row, BadRow) for row in loaded(tmp_path, yaml)) == 3


def test_an_unclosed_quote_is_a_named_failure_and_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "rows.tsv").write_text('sample_index\tquery_cot\n1\tgood\n2\t"inch mark\n3\tlost\n')
    found = loaded(tmp_path, f"input: {tmp_path}/rows.tsv\nimage_field: null\n")
    assert [type(row) for row in found] == [Sample, BadRow]
    assert isinstance(found[1], BadRow)
    assert "line 3 and what follows" in found[1].message
    (tmp_path / "rows.csv").write_text("sample_index,query_cot,query_cot\n1,a,b\n")
    with pytest.raises(ConfigError, match="'query_cot' twice"):
        loaded(tmp_path, f"input: {tmp_path}/rows.csv\nimage_field: null\n")


def test_a_gap_among_numbered_pictures_does_not_shift_them(tmp_path: Path) -> None:
    rows = [{"sample_index": "1", "query_cot": "Is <image 2> red?", "image_1": None, "image_2": PICTURE},
            {"sample_index": "2", "query_cot": "Is it red?", "image_1": None, "image_2": PICTURE}]  # fmt: skip
    write_rows(tmp_path / "rows.jsonl", rows)
    gap, fine = loaded(tmp_path, f"input: {tmp_path}/rows.jsonl\nimage_field: [image_1, image_2]\n")
    assert isinstance(gap, BadRow)
    assert "image_1 is empty" in gap.message
    assert sizes(fine) == [(40, 30)]


@pytest.mark.process
def test_a_template_that_fails_on_one_row_names_it_and_costs_it_alone(tmp_path: Path) -> None:
    rows = [{**row, "n": None if row["sample_index"] == "16" else 1} for row in questions(30)]
    data = write_rows(tmp_path / "rows.jsonl", rows)
    done = run(tmp_path, *overrides(data, "dataset.prompt='{{ query_cot }} {{ n + 1 }}'"))
    assert done.returncode == 1
    assert "16: prompt_template: row 17: dataset.prompt fails on this row" in done.stdout
    assert sum(row["model_answer"] is not None for row in results(run_dir(tmp_path))) == 29


def test_a_damaged_parquet_file_and_a_hub_that_is_not_there_are_sentences(tmp_path: Path) -> None:
    (tmp_path / "rows.parquet").write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(ConfigError, match=r"rows\.parquet is damaged"):
        loaded(tmp_path, f"input: {tmp_path}/rows.parquet\n")
    with pytest.raises(ConfigError, match=r"dataset\.hub\.path: there is no folder .*nowhere"):
        loaded(tmp_path, f"hub:\n  path: {tmp_path}/nowhere\n")
