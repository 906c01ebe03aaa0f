"""Sizes: the fewest GPUs that hold one copy of a model, and as many copies as there is room for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mathbatch.config import ModelConfig
from mathbatch.config.paths import locate
from mathbatch.errors import ConfigError
from mathbatch.fleet.footprint import Footprint, Weights, described, footprint_of, weights_of
from mathbatch.fleet.gpus import Card
from mathbatch.fleet.need import needs, why_indivisible
from mathbatch.fleet.sizing import Node, Plan, plan_of
from mathbatch.models.engine_arguments import sequences_of

MIB = 1 << 20
# Memory of cards in MiB, as `nvidia-smi` tells it: RTX 4090, RTX A6000, H100 and H200.
CARDS = {24: 24564, 48: 49140, 80: 81559, 141: 143771}
BLOCKS = {"quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}}
AWQ = {"quantization_config": {"quant_method": "awq", "bits": 4, "group_size": 128}}


def sizes(
    total: float, hidden: int, layers: int, heads: int, kv_heads: int, wide: int, vocabulary: int, **more: Any
) -> tuple[float, dict[str, Any]]:
    names = ("hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "intermediate_size")
    known = dict(zip(names, (hidden, layers, heads, kv_heads, wide), strict=True))
    return total, {**known, "vocab_size": vocabulary, "max_position_embeddings": 131072, **more}


# Published checkpoints: bytes of their files in 10^9, and sizes from their `config.json`.
MODELS = {
    "7b": sizes(15.2, 3584, 28, 28, 4, 18944, 152064),
    "7b-vl": sizes(16.6, 3584, 28, 28, 4, 18944, 152064, vision_config={}),
    "8b": sizes(16.1, 4096, 32, 32, 8, 14336, 128256),
    "32b": sizes(65.5, 5120, 64, 40, 8, 27648, 152064),
    "32b-fp8": sizes(34.2, 5120, 64, 64, 8, 25600, 151936, head_dim=128, **BLOCKS),
    "32b-awq": sizes(19.3, 5120, 64, 40, 8, 27648, 152064, **AWQ),
    "72b": sizes(145.4, 8192, 80, 64, 8, 29568, 152064),
    "72b-awq": sizes(41.6, 8192, 80, 64, 8, 29696, 152064, **AWQ),
    "30b-a3b": sizes(
        61.1, 2048, 48, 32, 4, 6144, 151936, head_dim=128, moe_intermediate_size=768, num_experts_per_tok=8
    ),
    "30b-a3b-fp8": sizes(
        31.2, 2048, 48, 32, 4, 6144, 151936, head_dim=128, moe_intermediate_size=768, num_experts_per_tok=8, **BLOCKS
    ),
    "235b-fp8": sizes(
        236, 4096, 94, 64, 4, 12288, 151936, head_dim=128, moe_intermediate_size=1536, num_experts_per_tok=8, **BLOCKS
    ),
    "671b-fp8": sizes(
        689, 7168, 61, 128, 128, 18432, 129280, moe_intermediate_size=2048, num_experts_per_tok=8, kv_lora_rank=512,
        qk_rope_head_dim=64, **BLOCKS,
    ),
}  # fmt: skip
# Model, GPUs, gigabytes of each; GPUs for one copy, and copies.
TABLE = """
7b          1  24   1 1
7b          2  24   1 2
7b          8  24   1 8
7b          8  80   1 8
7b          4 141   1 4
7b-vl       1  24   1 1
7b-vl       8  80   1 8
8b          2  24   1 2
8b          8  48   1 8
32b         4  24   4 1
32b         8  24   4 2
32b         2  48   2 1
32b         8  48   2 4
32b         2  80   2 1
32b         8  80   2 4
32b         1 141   1 1
32b         8 141   1 8
32b-fp8     2  24   2 1
32b-fp8     4  48   1 4
32b-fp8     8  80   1 8
32b-awq     2  24   2 1
32b-awq     8  48   1 8
72b         8  24   8 1
72b         4  48   4 1
72b         8  48   4 2
72b         4  80   4 1
72b         8  80   4 2
72b         2 141   2 1
72b         8 141   2 4
72b-awq     4  24   4 1
72b-awq     2  48   2 1
72b-awq     8  80   1 8
30b-a3b     4  24   4 1
30b-a3b     2  48   2 1
30b-a3b     1  80   1 1
30b-a3b     8 141   1 8
30b-a3b-fp8 2  24   2 1
30b-a3b-fp8 8  48   1 8
235b-fp8    4  80   4 1
235b-fp8    8  80   4 2
235b-fp8    8 141   2 4
671b-fp8    8 141   8 1
"""
TOO_LARGE = """
8b          1 10
32b         1  24
32b         1  48
32b         2  24
72b         4  24
72b         1  80
235b-fp8    8  24
671b-fp8    8  80
"""


def footprint(name: str, **engine: Any) -> Footprint:
    total, known = MODELS[name]
    return described(name, known, Weights(int(total * 1e9)), engine)


def node(count: int, gigabytes: int) -> Node:
    memory = CARDS.get(gigabytes, gigabytes * 1024) * MIB
    return Node(tuple(Card(memory, str(number)) for number in range(count)))


def config(**keys: Any) -> ModelConfig:
    return ModelConfig(name="m", path="owner/m", **{"max_images": 8, **keys})


def plan(name: str, *nodes: Node, **keys: Any) -> Plan:
    return plan_of(footprint(name, **keys.get("engine", {})), nodes, config(**keys))


@pytest.mark.parametrize("line", TABLE.split("\n")[1:-1])
def test_a_copy_gets_the_fewest_gpus_that_hold_it_and_copies_fill_the_machine(line: str) -> None:
    name, count, gigabytes, size, replicas = line.split()
    found = plan(name, node(int(count), int(gigabytes)))
    assert (found.tensor_parallel_size, found.replicas) == (int(size), int(replicas)), found.reasons


@pytest.mark.parametrize("line", TOO_LARGE.split("\n")[1:-1])
def test_a_model_that_no_machine_holds_is_refused_with_what_would_hold_it(line: str) -> None:
    name, count, gigabytes = line.split()
    with pytest.raises(ConfigError, match="GiB on each of") as refused:
        plan(name, node(int(count), int(gigabytes)))
    assert refused.value.path in ("model.path", "model.max_model_len")
    assert re.search(r"GPUs like these in one machine|set it to \d+|enable_expert_parallel", str(refused.value)), (
        refused.value
    )


def test_the_length_that_fits_is_named_where_only_keys_and_values_lack_room() -> None:
    with pytest.raises(ConfigError, match="set it to") as refused:
        plan("7b", node(1, 24), max_model_len=131072)
    length = int(re.findall(r"set it to (\d+)", str(refused.value))[0])
    assert plan("7b", node(1, 24), max_model_len=length).replicas == 1
    most = plan("7b", node(1, 24), max_model_len=length + 1024).reasons
    assert "may still lack memory" in most[0]


@pytest.mark.parametrize("name", MODELS)
def test_what_is_said_to_hold_a_model_holds_it(name: str) -> None:
    with pytest.raises(ConfigError) as refused:
        plan(name, node(1, 10))
    if counts := re.findall(r"(\d+) GPUs like these", str(refused.value)):
        assert plan(name, node(int(counts[0]), 10)).tensor_parallel_size == int(counts[0])


@pytest.mark.parametrize(
    ("name", "size", "part"),
    [
        ("7b", 8, "28 attention heads"),
        ("7b", 3, "28 attention heads"),
        ("32b", 16, "40 attention heads"),
        ("72b", 8, None),
        ("72b-awq", 16, "intermediate_size in blocks of 128"),
        ("30b-a3b", 8, None),
        ("30b-a3b-fp8", 4, "moe_intermediate_size in blocks of 128"),
        ("235b-fp8", 8, "moe_intermediate_size in blocks of 128"),
        ("30b-a3b", 16, None),  # its 4 heads of keys and values are copied
    ],
)
def test_numbers_of_gpus_that_vllm_would_refuse_are_known(name: str, size: int, part: str | None) -> None:
    why = why_indivisible(footprint(name), size)
    assert part is None if why is None else part is not None and why.startswith(part)


def test_experts_that_are_not_divided_allow_more_gpus() -> None:
    assert why_indivisible(footprint("235b-fp8", enable_expert_parallel=True), 8) is None


def test_heads_that_do_not_divide_leave_gpus_unused_and_the_reasons_say_so() -> None:
    found = plan("32b", node(3, 48))
    assert (found.tensor_parallel_size, found.replicas) == (2, 1)
    assert found.reasons[-1] == "1 GPU stays unused"
    found = plan("72b", node(6, 80))
    assert found.tensor_parallel_size == 4
    assert any("3 GPUs would hold it and can't share its 64 attention heads" in reason for reason in found.reasons) or (
        any("2 GPUs would lack" in reason for reason in found.reasons)
    )


def test_reasons_name_weights_room_and_use() -> None:
    first, *rest = plan("32b", node(8, 80)).reasons
    assert first.startswith(
        "32b has 61.0 GiB of weights (by its files): 2 GPUs of 79.6 GiB hold them, 30.5 GiB on each"
    )
    assert rest[0].startswith("1 GPU would lack ")
    assert rest[1:] == ["8 GPUs: 4 engines of 2 GPUs each"]


@pytest.mark.parametrize(
    ("keys", "count", "size", "replicas", "each"),
    [
        ({"tensor_parallel_size": 4}, 4, 4, 1, 4),
        ({"tensor_parallel_size": 4}, 8, 4, 2, 4),
        ({"tensor_parallel_size": 2, "replicas": 3}, 8, 2, 3, 2),
        ({"replicas": 2}, 8, 1, 2, 1),
        ({"engine": {"data_parallel_size": 8}}, 8, 1, 1, 8),
        ({"engine": {"data_parallel_size": 2}, "tensor_parallel_size": 2}, 8, 2, 2, 4),
        ({"engine": {"pipeline_parallel_size": 2}}, 8, 1, 4, 2),
        ({"engine": {"gpu_memory_utilization": 0.25}}, 8, 2, 4, 2),
    ],
)
def test_what_the_user_sets_is_done_and_the_rest_follows(
    keys: dict[str, Any], count: int, size: int, replicas: int, each: int
) -> None:
    found = plan("7b", node(count, 80), **keys)
    assert (found.tensor_parallel_size, found.replicas, found.gpus_each) == (size, replicas, each)


@pytest.mark.parametrize(
    ("name", "keys", "path"),
    [
        ("7b", {"tensor_parallel_size": 16}, "model.tensor_parallel_size"),
        ("7b", {"engine": {"data_parallel_size": 16}}, "model.engine.data_parallel_size"),
        ("7b", {"engine": {"pipeline_parallel_size": 16}}, "model.engine.pipeline_parallel_size"),
        ("7b", {"replicas": 9}, "model.replicas"),
        ("72b", {"replicas": 3}, "model.replicas"),
        ("72b", {"tensor_parallel_size": 1}, "model.tensor_parallel_size"),
    ],
)
def test_more_than_there_is_room_for_is_refused_by_the_key_that_asks_for_it(
    name: str, keys: dict[str, Any], path: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        plan(name, node(8, 80), **keys)
    assert refused.value.path == path


def test_a_copy_never_spans_machines() -> None:
    found = plan("72b", node(4, 80), node(4, 80), node(2, 80))
    assert (found.tensor_parallel_size, found.by_node) == (4, (1, 1, 0))
    with pytest.raises(ConfigError, match="machines of a Ray cluster"):
        plan("72b", node(2, 80), node(2, 80))


def test_each_machine_is_filled_and_those_without_gpus_are_left_out() -> None:
    found = plan("32b", Node(), node(8, 80), node(4, 80))
    assert found.by_node == (0, 4, 2)
    assert plan("7b", node(8, 80), node(8, 80), replicas=5).by_node in ((3, 2), (2, 3))


def test_unlike_machines_share_one_size_with_which_most_of_them_can_help() -> None:
    assert plan("32b", node(8, 80), node(4, 24)).by_node == (2, 1)
    assert plan("32b", node(8, 80), node(2, 24)).by_node == (4, 0)


def test_without_gpus_there_is_one_engine_a_machine() -> None:
    assert plan_of(None, [Node()], config()) == Plan(1, 0, (1,), ())
    assert plan_of(None, [Node(), Node()], config(tensor_parallel_size=2)).by_node == (1, 1)
    assert plan_of(None, [Node(), Node()], config(replicas=3)).by_node == (2, 1)


def test_a_model_or_a_card_of_unknown_size_gets_one_gpu_and_that_is_said() -> None:
    unknown = Node((Card(0, "0"), Card(0, "1")))
    for found in (plan_of(None, [node(4, 80)], config()), plan("72b", unknown)):
        assert found.tensor_parallel_size == 1
        assert "not known" in found.reasons[0]


def test_latent_attention_and_windows_need_less_room_for_keys_and_values() -> None:
    whole = footprint("8b")
    assert whole.cache_bytes(1000, 1) == 1000 * 32 * 2 * 8 * 128 * 2
    assert whole.cache_bytes(1000, 16) == whole.cache_bytes(1000, 8) == whole.cache_bytes(1000, 1) // 8
    assert footprint("671b-fp8").cache_bytes(1000, 8) == 1000 * 61 * 576 * 2
    kinds = ["sliding_attention"] * 3 + ["full_attention", "linear_attention"]
    mixed = described("m", {**MODELS["8b"][1], "layer_types": kinds, "sliding_window": 100}, whole.weights, {})
    assert mixed.windows == (100, 100, 100, None)
    assert mixed.cache_bytes(1000, 1) == (3 * 100 + 1000) * 2 * 8 * 128 * 2


def test_what_reads_pictures_is_whole_on_each_gpu_and_experts_are_shared_by_all() -> None:
    found = described("m", MODELS["8b"][1], Weights(100, encoder=20, experts=64), {})
    assert needs(found, config(), 2, 80 << 30).weights == 20 + 8 + 32
    assert needs(found, config(engine={"data_parallel_size": 4}), 2, 80 << 30).weights == 20 + 8 + 8


def test_weights_count_as_their_files_have_them() -> None:
    found = footprint_of(ModelConfig(name="demo", path="pkg://mathbatch/demo/model"))
    assert found is not None
    on_disk = sum(
        path.stat().st_size for path in locate("pkg://mathbatch/demo/model", "model.path").glob("*.safetensors")
    )
    assert 0.95 * on_disk < found.weights.total < on_disk
    assert 0 < found.weights.encoder < found.weights.total
    assert found.reads_images
    assert (found.heads, found.kv_heads) == (4, 2)


def write_tensors(path: Path, **tensors: tuple[str, int]) -> None:
    """Write a safetensors file of zeros: the dtype and the bytes of each tensor by its name."""
    header, at = {}, 0
    for name, (dtype, size) in tensors.items():
        header[name.replace("__", ".")] = {"dtype": dtype, "shape": [size], "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    path.write_bytes(np.uint64(len(text)).tobytes() + text + bytes(at))


def test_wide_floats_are_loaded_in_two_bytes_and_quantised_ones_as_stored(tmp_path: Path) -> None:
    write_tensors(
        tmp_path / "model.safetensors",
        model__layers__0__mlp__experts__0__up__weight=("F32", 400),
        visual__blocks__0__weight=("BF16", 100),
        model__language_model__vision_norm=("U8", 10),
    )
    assert weights_of(tmp_path, {}, 2) == Weights(310, encoder=100, experts=200)
    assert weights_of(tmp_path, {}, None) == Weights(510, encoder=100, experts=400)


def test_weights_that_are_not_here_yet_count_by_their_index_or_by_the_hub(tmp_path: Path) -> None:
    hub = {"model.safetensors": 70, "pytorch_model.bin": 80, "consolidated.safetensors": 70}
    assert weights_of(tmp_path, hub, 2) == Weights(70, source="by its files on the hub")
    assert weights_of(tmp_path, {}, 2) is None
    index = {"metadata": {"total_size": 50}, "weight_map": {"a": "model-00001-of-00002.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    assert weights_of(tmp_path, hub, 2) == Weights(50, source="by the index of its files")


@pytest.mark.parametrize(
    ("parallel", "sequences"),
    [
        ({"data_parallel_size": 1}, 256),
        ({"data_parallel_size": 8}, 2048),
        ({"data_parallel_size": 8, "local_engines_only": True, "data_parallel_size_local": 2}, 512),
    ],
)
def test_a_data_parallel_engine_gets_the_requests_of_all_its_parts(parallel: dict[str, Any], sequences: int) -> None:
    parts = SimpleNamespace(**{"local_engines_only": False, **parallel})
    config: Any = SimpleNamespace(scheduler_config=SimpleNamespace(max_num_seqs=256), parallel_config=parts)
    assert sequences_of(config) == sequences
