"""Units draw from seeds of their own, whatever else is asked and in whatever order."""

from __future__ import annotations

import random

import pytest

from mathbatch.data.feed import sampling_of
from mathbatch.records import Request


def seed_of(id: str, rollout: int, seed: int = 7) -> int:
    found = sampling_of({"seed": seed, "temperature": 1.0}, Request(id, [], rollout=rollout))
    assert found["temperature"] == 1.0
    own: int = found["seed"]
    return own


def test_the_seed_of_a_unit_depends_on_seed_id_and_rollout_alone() -> None:
    units = [(id, rollout) for id in ("1", "2", "b") for rollout in range(4)]
    first = {unit: seed_of(*unit) for unit in units}
    random.shuffle(units)
    assert {unit: seed_of(*unit) for unit in units} == first
    assert not {seed_of(*unit, seed=8) for unit in units} & set(first.values())


def test_no_two_units_share_a_seed_and_all_are_in_range() -> None:
    seeds = [seed_of(str(id), rollout) for id in range(200) for rollout in range(20)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 1 << 63 for seed in seeds)


@pytest.mark.parametrize("values", [{"temperature": 1.0}, {"seed": None, "temperature": 1.0}])
def test_without_a_seed_units_share_one_set_of_values(values: dict[str, object]) -> None:
    assert sampling_of(values, Request("1", [])) is values
