"""Check that damage in a segment costs the records that it hits and no other, and that what is set aside is kept."""

from __future__ import annotations

import json
import os
import random
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.odd_disks import Disk
from support.segment_stores import DIGEST, LINES, RECORDS, found_in, opened, set_aside, store

from mathbatch.commands.verify.segments import mend_segments
from mathbatch.data.saver import JsonLinesDataSaver
from mathbatch.data.storage.segments import segment_paths
from mathbatch.errors import StoreError
from mathbatch.records import Record

DRAWS = int(os.environ.get("DRAWS", "60"))


@pytest.mark.parametrize("byte", [b"", b"\0", b"x", b"\v", b"}", b"\r\n", b"\xef\xbb\xbf\n", b"\n\n", b" \n"])
def test_a_destroyed_newline_costs_no_record(byte: bytes, tmp_path: Path) -> None:
    for at in range(len(LINES)):
        folder = store(tmp_path / str(at), b"".join([*LINES[:at], LINES[at][:-1] + byte, *LINES[at + 1 :]]))
        if (byte, at) != (b"", len(LINES) - 1):
            with pytest.raises(StoreError, match=r"00001.jsonl, line \d+: the record is damaged"):
                opened(folder)
        mend_segments(folder / "responses")
        assert opened(folder) == RECORDS
        assert (LINES[at][:-1] in set_aside(folder)) is (byte != b"\n\n")


def test_a_last_record_without_a_newline_is_kept_by_the_next_run(tmp_path: Path) -> None:
    folder = store(tmp_path, b"".join(LINES)[:-1])
    assert opened(folder) == RECORDS
    assert (folder / "responses" / "00001.jsonl").read_bytes() == b"".join(LINES)


def crlf(content: bytes) -> bytes:
    return content.replace(b"\n", b"\r\n")


def marked(content: bytes) -> bytes:
    return b"\xef\xbb\xbf" + content


def as_one_line(content: bytes) -> bytes:
    return content.replace(b"\n", b" ")


def twice(content: bytes) -> bytes:
    return content + content


@pytest.mark.parametrize("change", [crlf, marked, as_one_line, twice], ids=lambda change: change.__name__)
def test_a_segment_that_another_program_has_written_anew_loses_no_record(
    change: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    folder = store(tmp_path, change(b"".join(LINES)))
    assert not found_in(folder).is_whole or change is twice
    mend_segments(folder / "responses")
    assert opened(folder) == RECORDS
    assert found_in(folder).is_whole


def test_damage_drawn_at_random_costs_what_it_hits_and_no_sound_record(tmp_path: Path) -> None:
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    print(f"SEED={seed}")
    draw = random.Random(seed)
    whole = b"".join(LINES)
    for number in range(DRAWS):
        start = draw.choice([draw.randrange(len(whole)), whole.rfind(b"\n", 0, draw.randrange(len(whole))) + 1])
        end = min(len(whole), start + draw.choice([0, 1, 1, 1, 30, 4096]))
        put = draw.choice([bytes(end - start), draw.randbytes(end - start), b"\n", b""])
        content = whole[:start] + put + whole[end:]
        if content == whole:
            continue
        folder = store(tmp_path / str(number), content)
        mend_segments(folder / "responses")
        assert found_in(folder).is_whole, number
        found = {record.id: record for record in opened(folder)}
        sound = [record for record, line in zip(RECORDS, LINES, strict=True) if line[:-1] in content]
        assert [found.get(record.id) for record in sound] == sound, number
        assert all(record in RECORDS for record in found.values()), number


def line_of(fields: dict[str, Any] | str) -> bytes:
    """Return a line whose checksum fits, whatever is in it."""
    body = (fields if isinstance(fields, str) else json.dumps(fields, separators=(",", ":")))[:-1].encode()
    return b'%b,"crc":"%08x"}\n' % (body, zlib.crc32(body))


SOUND = {"id": "x", "digest": DIGEST, "text": "4", "finish_reason": "stop"}
NO_RECORDS: list[dict[str, Any] | str] = [
    *({**SOUND, "id": id} for id in (7, None, ["x"])),
    *({**SOUND, "digest": digest} for digest in ("0f", None, 15, DIGEST * 2)),
    *({**SOUND, "rollout": rollout} for rollout in (-1, "0", 0.5, None)),
    *({**SOUND, "text": text} for text in (None, 4, ["4"], {"text": "4"})),
    *({**SOUND, "output_tokens": tokens} for tokens in (-1, "3", 1.5)),
    *({**SOUND, "finish_reason": 1}, {**SOUND, "reasoning": 1}, {**SOUND, "content": 1}),
    *({"id": "x", "digest": DIGEST, "failure": failure} for failure in ("no", {}, {"kind": "a"}, ["a", "b"])),
    {**SOUND, "failure": {"kind": "a", "message": "b"}},
    {"digest": DIGEST, "text": "4"},
    {"id": "x", "text": "4"},
    {"id": "x", "digest": DIGEST},
    '{"id":"x","digest":"' + DIGEST + '","text":"4"',
    '{"id":"x","digest":"' + DIGEST + '","text":"4","more":' + "[" * 100_000 + "]" * 100_000 + "}",
    "[1,2]",
    "null",
    "{}",
]


@pytest.mark.parametrize("fields", NO_RECORDS, ids=lambda fields: str(fields)[:60])
def test_a_line_whose_checksum_fits_and_that_is_no_record_is_damage(
    fields: dict[str, Any] | str, tmp_path: Path
) -> None:
    folder = store(tmp_path, LINES[0] + line_of(fields) + LINES[1])
    assert served(folder) is None
    assert found_in(folder).damaged.examples == ["00001.jsonl, line 2"]
    mend_segments(folder / "responses")
    assert opened(folder) == RECORDS[:2]
    assert set_aside(folder) == line_of(fields)


def served(folder: Path) -> Record | None:
    """Return the record of `x` that a run would use, None where it refuses to use any."""
    saver = JsonLinesDataSaver(folder)
    try:
        saver.open()
        return saver.find("x", 0, DIGEST)
    except StoreError:
        return None
    finally:
        saver.close()


def test_a_text_that_is_no_utf_8_is_damage_although_its_checksum_fits(tmp_path: Path) -> None:
    body = b'{"id":"x","digest":"0123456789abcdef","text":"\xff"'
    folder = store(tmp_path, b'%b,"crc":"%08x"}\n' % (body, zlib.crc32(body)))
    assert found_in(folder).damaged.count == 1
    assert served(folder) is None


def test_answers_of_a_copied_segment_are_set_aside_as_second_ones(tmp_path: Path) -> None:
    folder = store(tmp_path, b"".join(LINES[:6]), b"".join(LINES[6:]))
    (folder / "responses" / "00001 (1).jsonl").write_bytes(b"".join(LINES[:6]))
    assert opened(folder) == RECORDS
    assert [sentence.partition(" aside")[0] for sentence in mend_segments(folder / "responses")] == [
        "00001 (1).jsonl: set 6 doubled lines"
    ]
    assert set_aside(folder) == b"".join(LINES[:6])
    assert opened(folder) == RECORDS


def test_a_renamed_segment_counts(tmp_path: Path) -> None:
    folder = store(tmp_path, b"".join(LINES[:6]))
    segments = folder / "responses"
    (segments / "00001.jsonl").rename(segments / "answers.jsonl")
    (segments / "00002 (1).jsonl").write_bytes(b"".join(LINES[6:]))
    (segments / "._00001.jsonl").write_bytes(b"of another system")
    assert opened(folder) == RECORDS
    saver = JsonLinesDataSaver(folder)
    saver.open()
    saver.append(Record("12", DIGEST, text="5"))
    saver.close()
    assert [path.name for path in segment_paths(segments)] == ["00001.jsonl", "00002 (1).jsonl", "answers.jsonl"]


def test_the_hundred_thousandth_segment_is_the_last(tmp_path: Path) -> None:
    folder = store(tmp_path)
    for name in ("99999.jsonl", "00002.jsonl", "100000.jsonl"):
        (folder / "responses" / name).touch()
    assert [path.stem for path in segment_paths(folder / "responses")] == ["00002", "99999", "100000"]


def test_what_is_set_aside_twice_within_a_second_is_all_kept(tmp_path: Path) -> None:
    folder = store(tmp_path, b"garbage\n" + b"".join(LINES), b"cut off")
    mend_segments(folder / "responses")
    (folder / "responses" / "00001.jsonl").write_bytes(b"more\n" + b"".join(LINES))
    mend_segments(folder / "responses")
    assert sorted(set_aside(folder).split()) == [b"cut", b"garbage", b"more", b"off"]
    assert opened(folder) == RECORDS


def test_a_repair_on_a_disk_that_is_full_at_any_byte_loses_no_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = as_one_line(b"".join(LINES[:3] + LINES[4:])) + b"garbage\n"
    room, told = 0, ""
    while "No space left" in told or not room:
        folder = store(tmp_path / str(room), content)
        told = refused_with_room(room, folder, monkeypatch)
        assert not told or (folder / "responses" / "00001.jsonl").read_bytes() == content
        room += 9_973
    assert room > 2 * len(content)
    assert opened(folder) == RECORDS[:3] + RECORDS[4:]
    assert set_aside(folder) == content


def refused_with_room(room: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Mend a store on a disk that takes so many bytes more; return what the error says, "" if there was room."""
    with monkeypatch.context() as patched:
        patched.setattr("io.open", Disk(room).opened)
        try:
            mend_segments(folder / "responses")
        except StoreError as error:
            return str(error)
    return ""
