"""Numbers that are kept on disk are the same as in memory, in any order, from any thread, and take no memory."""

from __future__ import annotations

import os
import random
import tempfile
import threading
import tracemalloc
from pathlib import Path

import pytest

from mathbatch.data.storage.spill import PIECE, SpilledText
from mathbatch.data.storage.spilled import SpilledList, SpilledMap
from mathbatch.errors import StoreError

BLOCK = 2_048


def draw(random_: random.Random) -> int:
    return random_.getrandbits(64) - (1 << 63)


@pytest.fixture
def random_() -> random.Random:
    seed = int(os.environ.get("MATHBATCH_SEED", random.randrange(1 << 32)))
    print(f"MATHBATCH_SEED={seed}")
    return random.Random(seed)


@pytest.mark.parametrize("block", [64, BLOCK])
def test_a_map_gives_what_a_dict_gives_whatever_the_order(random_: random.Random, block: int) -> None:
    spilled, expected = SpilledMap(block), dict[int, int]()
    for value in range(20 * block + 10):
        key = draw(random_)
        assert spilled.get(key) is None
        spilled.add(key, value)
        expected[key] = value
    for key in random_.sample(list(expected), 500):
        spilled.replace(key, ~expected[key])
        expected[key] = ~expected[key]
    keys = list(expected)
    # As they came, and then twice in no order, so that a directory is made.
    for _ in range(3):
        assert all(spilled.get(key) == expected[key] for key in keys)
        random_.shuffle(keys)
    for key in random_.sample(keys, 100):
        spilled.replace(key, 7)
        assert spilled.get(key) == 7
    assert not any(spilled.get(draw(random_)) is not None for _ in range(1_000))
    more = {draw(random_): value for value in range(block)}
    assert sorted(spilled.known([*more, *keys[:50]])) == sorted(keys[:50])
    spilled.add_all(more)
    assert all(spilled.get(key) == value for key, value in more.items())
    assert len(spilled) == len(expected) + len(more)
    spilled.close()


def test_absent_keys_beside_each_key_are_told_from_it() -> None:
    spilled = SpilledMap(2 * BLOCK)
    keys = [number << 25 for number in range(2 * BLOCK)]
    for value, key in enumerate(keys):
        spilled.add(key, value)
    # Bit 24 is none that the filter looks at, so that all of these are searched in the file.
    beside = [key + (1 << 24) for key in keys]
    assert all(spilled.get(key) is None for key in beside)
    assert spilled.known(beside) == []
    assert [spilled.get(key) for key in keys] == [*range(2 * BLOCK)]
    spilled.close()


def test_keys_that_lie_close_together_are_found_too() -> None:
    spilled = SpilledMap(BLOCK)
    for key in range(3 * BLOCK):
        spilled.add(key - BLOCK, key)
    assert all(spilled.get(key - BLOCK) == key for key in range(3 * BLOCK))
    assert spilled.get(3 * BLOCK) is None
    spilled.close()


def test_a_thread_reads_while_another_one_writes(random_: random.Random) -> None:
    spilled, written, wrong = SpilledMap(BLOCK), list[int](), list[int]()

    def read() -> None:
        own = random.Random(1)
        while len(written) < 20 * BLOCK:
            if written:
                at = own.randrange(len(written))
                if spilled.get(written[at]) != at:
                    wrong.append(at)

    reader = threading.Thread(target=read)
    reader.start()
    for value in range(20 * BLOCK):
        key = draw(random_)
        spilled.add(key, value)
        written.append(key)
    reader.join()
    assert wrong == []
    spilled.close()


def test_a_list_gives_its_numbers_in_their_order() -> None:
    numbers, spilled = [(1 << 64) - 1 - number for number in range(5 * BLOCK + 3)], SpilledList(BLOCK)
    for number in numbers:
        spilled.append(number)
    assert list(spilled) == list(spilled) == numbers


def test_a_text_comes_back_in_pieces_that_end_where_one_was_added(random_: random.Random) -> None:
    added = ["ä€🙂"[random_.randrange(3)] * random_.randrange(3 * PIECE // 100) for _ in range(1000)]
    text = SpilledText()
    for piece in added:
        text.add(piece.encode())
    for _ in range(2):  # reading takes nothing away
        assert "".join(piece.decode() for piece in text.pieces()) == "".join(added)
    assert max(map(len, text.pieces())) < 2 * PIECE


def test_memory_does_not_grow_with_a_text() -> None:
    tracemalloc.start()
    text = SpilledText()
    for _ in range(100 * PIECE // 1000):
        text.add(b"x" * 1000)
    assert sum(map(len, text.pieces())) == 100 * PIECE // 1000 * 1000
    assert tracemalloc.get_traced_memory()[1] < 5 * PIECE
    tracemalloc.stop()


def test_memory_does_not_grow_with_keys(random_: random.Random) -> None:
    spilled, numbers = SpilledMap(BLOCK), SpilledList(BLOCK)

    def add(count: int) -> None:
        for value in range(count):
            spilled.add(draw(random_), value)
            numbers.append(value)

    add(8 * BLOCK)
    tracemalloc.start()
    add(32 * BLOCK)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Part of a block may be in memory now that was not before, about 120 bytes a key.
    assert held < 200 * BLOCK
    spilled.close()


def test_a_disk_without_room_for_temporary_files_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    spilled = SpilledMap(1)
    with pytest.raises(StoreError, match="can't keep temporary files"):
        SpilledText().add(bytes(PIECE))
    with pytest.raises(StoreError, match=r"can't keep temporary files in .*gone: No such file(.|\n)*TMPDIR"):
        spilled.add(7, 0)
