"""Split the rows of a run into shards, which machines that know nothing of each other answer.

`shard=3/16` takes the rows whose id has a digest that leaves 2 when it is divided by 16. So a row belongs to the same
shard wherever it stands in the file and whatever rows are added, with all its rollouts.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from mathbatch.errors import ConfigError

FORM = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")
FOLDER = re.compile(r"([0-9]{1,6})-of-([0-9]{1,6})")


@dataclass(frozen=True)
class Shard:
    """One of `count` shards, its `number` counted from 1."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @property
    def folder(self) -> str:
        """Return the name of its folder, `03-of-16`."""
        return f"{self.number:0{len(str(self.count))}d}-of-{self.count}"

    def has(self, id: str) -> bool:
        """Tell whether the row with this id belongs to it."""
        return self.holding(id, self.count) == self

    @classmethod
    def holding(cls, id: str, count: int) -> Shard:
        """Return the one of `count` shards that the row with this id belongs to."""
        digest = hashlib.blake2b(id.encode(errors="replace"), digest_size=8).digest()
        return cls(1 + int.from_bytes(digest) % count, count)

    @classmethod
    def of(cls, text: str, path: str = "shard") -> Shard:
        """Return the shard that `3/16` names. Raise ConfigError, with the config path, for any other text."""
        found = FORM.fullmatch(text)
        shard = cls(int(found[1]), int(found[2])) if found else None
        if shard is None or not 1 <= shard.number <= shard.count:
            count = shard.count if shard is not None and shard.count else 16
            fix = f"write {path}=1/{count} to {path}={count}/{count}, one for each of {count} shards"
            raise ConfigError(path, f"'{text:.80}' is no shard", fix)
        return shard

    @classmethod
    def of_folder(cls, name: str) -> Shard | None:
        """Return the shard whose folder has this name, None if it is that of none."""
        found = FOLDER.fullmatch(name)
        shard = cls(int(found[1]), int(found[2])) if found else None
        return shard if shard is not None and shard.folder == name and 1 <= shard.number <= shard.count else None


@dataclass(frozen=True)
class Part:
    """Rows that one command answers: those of its shard, or all but those of shards that other commands answer now."""

    shard: Shard | None = None
    others: tuple[Shard, ...] = ()

    @property
    def is_all(self) -> bool:
        """Tell whether no row is left to others."""
        return self.shard is None and not self.others

    def takes(self, id: str) -> bool:
        """Tell whether the row with this id is among them."""
        if self.shard is not None:
            return self.shard.has(id)
        return not any(shard.has(id) for shard in self.others)
