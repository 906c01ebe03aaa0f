"""GPUs that CUDA_VISIBLE_DEVICES leaves to a process, read from a stand-in for NVIDIA's library."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from mathbatch.fleet.gpus import Card, cards_here, visible


class Nvml:
    """Machine with three cards, the last of which has no memory of its own, and a slice of the first."""

    class NVMLError_NotFound(Exception): ...

    class NVMLError_InvalidArgument(Exception): ...

    class NVMLError_NotSupported(Exception): ...

    uuids = ("GPU-aa11", "GPU-ab22", "GPU-cc33")

    def nvmlDeviceGetCount(self) -> int:
        return 3

    def nvmlDeviceGetHandleByIndex(self, number: int) -> str:
        if number >= 3:
            raise self.NVMLError_InvalidArgument
        return self.uuids[number]

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:
        if uuid not in (*self.uuids, "MIG-77"):
            raise self.NVMLError_NotFound
        return uuid

    def nvmlDeviceGetUUID(self, handle: str) -> bytes:
        return handle.encode()

    def nvmlDeviceGetName(self, handle: str) -> str:
        return "card"

    def nvmlDeviceGetMemoryInfo(self, handle: str) -> SimpleNamespace:
        if handle == "GPU-cc33":
            raise self.NVMLError_NotSupported
        return SimpleNamespace(total={"GPU-aa11": 80, "GPU-ab22": 24, "MIG-77": 10}[handle])


@pytest.mark.parametrize(
    ("given", "tokens"),
    [
        ("0", ["0"]),
        ("1,0", ["1", "0"]),
        (" 1 , 0 ", ["1", "0"]),
        ("0,1,9,2", ["0", "1"]),
        ("-1", []),
        ("", []),
        ("0,-1,1", ["0"]),
        ("0,0", []),
        ("NoDevFiles", []),
        ("GPU-ab22,GPU-aa", ["GPU-ab22", "GPU-aa"]),
        ("GPU-a", []),
        ("GPU-aa11,GPU-zz", ["GPU-aa11"]),
        ("MIG-77", ["MIG-77"]),
    ],
)
def test_cards_are_those_that_cuda_would_show(given: str, tokens: list[str]) -> None:
    assert [card.token for card in visible(Nvml(), given)] == tokens


def test_each_card_has_its_own_memory_and_one_without_has_that_of_the_machine() -> None:
    first, second, third = visible(Nvml(), None)
    assert (first, second) == (Card(80, "0", "card"), Card(24, "1", "card"))
    assert third.memory > 1 << 30
    assert visible(Nvml(), "GPU-ab22,MIG-77") == (Card(24, "GPU-ab22", "card"), Card(10, "MIG-77", "card"))


def test_a_machine_without_a_driver_has_no_cards() -> None:
    assert isinstance(cards_here(), tuple)
