"""Keep a number for each of many keys, or a long list of numbers, in bounded memory.

What is older lies in a temporary file without a name. A run asks about its units nearly in the order in which their
records lie on disk: keys stay there in blocks, in the order in which they came, and the blocks that are being asked
about are held in memory. All of it is about 75 MB, however many keys there are, and less below 131,072 of them.
"""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from mathbatch.data.storage.spill import Directory, Spill

if TYPE_CHECKING:
    from numpy import int64
    from numpy.typing import NDArray

# Keys of a block. In memory it is a dict of 14 MB; in the file, its sorted keys and then their values.
BLOCK = 1 << 17
# A block is taken into memory once this share of its keys was found in it in succession, none in another block. Keys
# that come in no order hardly ever do so, and blocks are not read for one key each.
SUCCESSION = 1 / 256
# Keys are hashes, so a sorted block has each of them within a few hundred places of where it would be on average.
SPAN = 512
# Bytes of a Bloom filter that tells absent keys. It grows with the keys, since a small one is quicker, up to the last:
# that tells all but one in a hundred beside 10 million keys.
FILTER_BYTES = (1 << 20, 1 << 22, 1 << 24)
# There are at least so many bits for each key, up to the last size. Each key sets three, whose numbers begin at these
# bits of the key.
FILTER_SHARE = 16
PROBES = (0, 27, 37)


class SpilledMap:
    """Maps 64-bit hashes to 64-bit integers, both signed. One thread may write while others read."""

    def __init__(self, block: int = BLOCK) -> None:
        self._block = block
        self._count = 0
        # Keys of the block that is not full yet, and the two blocks of the file that were asked about last.
        self._recent: dict[int, int] = {}
        self._held: dict[int, int] = {}
        self._held_before: dict[int, int] = {}
        self._spill: Spill | None = None
        self._blocks = 0
        # The filter, and the mask that makes the number of a bit of it. Both change at once.
        self._filter = bytearray(), -1
        self._directory: Directory | None = None
        # Block in which the last keys were found, how many in succession, and the number of searches in vain.
        self._last = 0
        self._succession = 0
        self._missed = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._count

    def get(self, key: int) -> int | None:
        """Return the value of a key, or None."""
        recent = self._recent
        # Looked at after the keys were taken, which another thread may be putting into the file.
        if self._spill is None:
            return recent.get(key)
        # One after the other without a loop, which would cost as much as the look-ups.
        if key in (held := self._held):
            return held[key]
        if key in recent:
            return recent[key]
        if key in (held := self._held_before):
            return held[key]
        bits, mask = self._filter
        # The first bit is looked at here, without a call: nearly all absent keys go no further.
        if not bits[(key & mask) >> 3] >> (key & 7) & 1 or not self._may_hold(key):
            return None
        with self._lock:
            place = self._search(key)
            return None if place is None else self._spill.read(place + self._block, place + self._block + 1)[0]

    def known(self, keys: Collection[int]) -> list[int]:
        """Return those of many keys that have a value."""
        if self._spill is None:
            return [key for key in keys if key in self._recent]
        import numpy

        array, (filter, mask) = numpy.fromiter(keys, numpy.int64, len(keys)), self._filter
        bits, may_hold = numpy.frombuffer(filter, numpy.uint8), numpy.ones(len(keys), numpy.uint8)
        for probe in PROBES:
            index = array >> probe & mask
            may_hold &= bits[index >> 3] >> (index & 7).astype(numpy.uint8)
        in_file = [key for key in array[may_hold == 1].tolist() if self.get(key) is not None]
        return [*{*in_file, *(self._recent.keys() & keys)}] if self._recent else in_file

    def add(self, key: int, value: int) -> None:
        """Set the value of a key that is new."""
        self._recent[key] = value
        self._count += 1
        if len(self._recent) >= self._block:
            with self._lock:
                self._spill_recent()

    def add_all(self, values: dict[int, int]) -> None:
        """Set the values of keys that are all new. The caller must not change the dict afterwards."""
        if self._recent or len(values) != self._block:
            for key, value in values.items():
                self.add(key, value)
            return
        self._recent = values
        self._count += len(values)
        with self._lock:
            self._spill_recent()

    def replace(self, key: int, value: int) -> None:
        """Set the value of a key that is there already."""
        if key in self._recent:
            self._recent[key] = value
            return
        with self._lock:
            place = self._search(key)
            assert place is not None
            assert self._spill is not None
            self._spill.write(place + self._block, array("q", [value]))
            for held in (self._held, self._held_before):
                if key in held:
                    held[key] = value

    def close(self) -> None:
        """Give back the disk. No key may be asked for afterwards."""
        for part in (self._spill, self._directory):
            if part is not None:
                part.close()

    def _spill_recent(self) -> None:
        """Write the recent keys as a block. Other threads find them in memory until they find them in the file."""
        import numpy

        spill, recent = self._spill or Spill(), self._recent
        keys = numpy.fromiter(recent, numpy.int64, len(recent))
        order = keys.argsort()
        values = numpy.fromiter(recent.values(), numpy.int64, len(recent))[order]
        keys = keys[order]
        spill.write(2 * self._block * self._blocks, numpy.concatenate([keys, values]).data)
        self._note_in_filter(keys)
        if self._directory is not None:
            self._directory.enter(self._blocks, keys.tolist())
        self._blocks += 1
        self._spill, self._recent = spill, {}

    def _note_in_filter(self, keys: NDArray[int64]) -> None:
        """Set the bits of the keys of a new block, in a larger filter if there are too many keys for this one."""
        bits, mask = self._filter
        needed = max(1, FILTER_SHARE * self._block * (self._blocks + 1) // 8)
        if needed > len(bits) and len(bits) < FILTER_BYTES[-1]:
            size = next((size for size in FILTER_BYTES if size >= needed), FILTER_BYTES[-1])
            bits, mask = bytearray(size), 8 * size - 1
            for number in range(self._blocks):
                _set_bits(bits, mask, self._keys_of(number))
        _set_bits(bits, mask, keys)
        self._filter = bits, mask

    def _keys_of(self, number: int) -> NDArray[int64]:
        import numpy

        assert self._spill is not None
        start = 2 * self._block * number
        return numpy.frombuffer(self._spill.read(start, start + self._block), numpy.int64)

    def _may_hold(self, key: int) -> bool:
        bits, mask = self._filter
        indices = [key >> probe & mask for probe in PROBES]
        return all(bits[index >> 3] >> (index & 7) & 1 for index in indices)

    def _search(self, key: int) -> int | None:
        """Return the place of a key in the file, or None if no block has it."""
        for number in self._candidates(key):
            place = self._place_in(number, key)
            if place is not None:
                self._note_found(number)
                return place
            self._missed += 1
        return None

    def _candidates(self, key: int) -> Iterable[int]:
        """Return the blocks in which a key may be: from the last one on, where keys are asked for as they came.

        Where they are not, searches in vain become as many as keys, and a directory is made that names the block.
        """
        assert self._spill is not None
        if self._directory is None and self._missed > self._count:
            self._directory = Directory()
            for number in range(self._blocks):
                self._directory.enter(number, self._keys_of(number).tolist())
        if self._directory is not None:
            return self._directory.find(key)
        return (number % self._blocks for number in range(self._last, self._last + self._blocks))

    def _place_in(self, number: int, key: int) -> int | None:
        """Return the place of a key in the file if it is in this block, or None."""
        assert self._spill is not None
        start, middle = 2 * self._block * number, (key + (1 << 63)) * self._block >> 64
        low, high = max(0, middle - SPAN), min(self._block, middle + SPAN)
        # All keys before the first place are lower, all from the end on are higher.
        first, end = 0, self._block
        while first < end:
            keys = self._spill.read(start + low, start + high)
            at = bisect_left(keys, key)
            if at < len(keys) and keys[at] == key:
                return start + low + at
            if 0 < at < len(keys):
                return None
            if at == 0:
                end = low
                low, high = max(first, low - SPAN), low
            else:
                first = high
                low, high = high, min(end, high + SPAN)
        return None

    def _note_found(self, number: int) -> None:
        """Count a key that was found in a block, and take the block into memory if the last ones were all there."""
        assert self._spill is not None
        self._succession = self._succession + 1 if number == self._last else 1
        self._last = number
        if self._succession < SUCCESSION * self._block:
            return
        import numpy

        start = 2 * self._block * number
        numbers = numpy.frombuffer(self._spill.read(start, start + 2 * self._block), numpy.int64)
        keys, values = numbers.reshape(2, self._block)
        # Values mostly rise from key to key as they came. What is asked about next then lies next in memory, too.
        order = values.argsort()
        held = dict(zip(keys[order].tolist(), values[order].tolist(), strict=True))
        self._held_before, self._held = self._held, held
        self._succession = 0


def _set_bits(filter: bytearray, mask: int, keys: NDArray[int64]) -> None:
    import numpy

    bits = numpy.frombuffer(filter, numpy.uint8)
    for probe in PROBES:
        index = keys >> probe & mask
        numpy.bitwise_or.at(bits, index >> 3, (1 << (index & 7)).astype(numpy.uint8))


class SpilledList:
    """Holds unsigned 64-bit integers in the order in which they were appended."""

    def __init__(self, block: int = BLOCK) -> None:
        self._block = block
        self._recent: array[int] = array("Q")
        self._spill: Spill | None = None
        self._spilled = 0

    def append(self, number: int) -> None:
        """Append a number."""
        self._recent.append(number)
        if len(self._recent) >= self._block:
            self._spill = self._spill or Spill()
            self._spill.write(self._spilled, self._recent)
            self._spilled += self._block
            self._recent = array("Q")

    def __iter__(self) -> Iterator[int]:
        for start in range(0, self._spilled, self._block):
            assert self._spill is not None
            yield from self._spill.read(start, start + self._block).cast("B").cast("Q")
        yield from self._recent
