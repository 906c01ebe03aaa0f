"""Engine arguments that change no answer make no new run; folders that earlier versions made with them are found."""

from __future__ import annotations

from pathlib import Path

import pytest
from omegaconf import OmegaConf
from support.configs import composed

from mathbatch.config import Config
from mathbatch.config.overrides import allow_new_key
from mathbatch.config.vllm_arguments import OWN_KEYS, fields_of, vllm_folder
from mathbatch.runner.engine_identity import ONLY_SPEED, ONLY_SPEED_BEFORE, with_earlier
from mathbatch.runner.folders import run_folder
from mathbatch.runner.identity import folder_name, identity, identity_as_spelled
from mathbatch.runner.snapshot import write_snapshot

# Arguments that change what is computed, by which weights, numbers or rules. Where one of a later vLLM is missing,
# find out which of the two it is: until then it counts.
CHANGE_ANSWERS = {
    *("model_weights", "tokenizer", "tokenizer_mode", "tokenizer_revision", "skip_tokenizer_init", "tokens_only"),
    *("hf_config_path", "hf_overrides", "config_format", "code_revision", "model_class_overrides", "model_impl"),
    *("runner", "convert", "pooler_config", "io_processor_plugin", "additional_config", "seed", "generation_config"),
    *("load_format", "model_loader_extra_config", "ignore_patterns", "weight_transfer_config"),
    *("override_generation_config", "logits_processors", "scheduler_cls", "worker_cls", "worker_extension_cls"),
    # Numbers with fewer bits, and code that may compute with fewer.
    *("dtype", "quantization", "quantization_config", "kv_cache_dtype", "kv_cache_dtype_skip_layers"),
    *("mamba_cache_dtype", "mamba_ssm_cache_dtype", "enable_mamba_cache_stochastic_rounding"),
    *("mamba_cache_philox_rounds", "mm_encoder_attn_dtype", "mm_encoder_fp8_scale_path", "use_fp64_gumbel"),
    *("mm_encoder_fp8_scale_save_path", "mm_encoder_fp8_scale_save_margin", "ir_op_priority", "moe_backend"),
    *("linear_backend", "sparse_indexer_topk_backend", "all2all_backend", "attention_backend", "attention_config"),
    *("mm_encoder_attn_backend", "engram_config", "mamba_config", "kernel_config", "mamba_backend"),
    *("mamba_ssu_algorithm", "mamba_cache_mode", "enable_mamba_shared_prefix_checkpoint", "use_replayssm"),
    *("replayssm_buffer_len", "gdn_prefill_backend", "kda_prefill_backend", "kda_decode_backend"),
    *("kv_sharing_fast_prefill", "swa_bounded_replay", "disable_sliding_window", "enable_batch_sharded_sampling"),
    # Pictures, and what else is in a prompt.
    *("language_model_only", "interleave_mm_strings", "media_io_kwargs", "mm_encoder_only", "mm_processor_device"),
    *("mm_device_do_normalize", "video_pruning_rate", "video_pruning_method"),
    # Adapters, thoughts, constraints, drafts, watermarks, and caches of other machines.
    *("enable_lora", "max_loras", "max_lora_rank", "default_mm_loras", "fully_sharded_loras", "max_cpu_loras"),
    *("lora_dtype", "lora_target_modules", "enable_tower_connector_lora", "specialize_active_lora"),
    *("enable_mixed_moe_lora_format", "enable_moe_shared_loras", "max_lora_cls_labels"),
    *("reasoning_parser", "reasoning_parser_plugin", "reasoning_config", "structured_outputs_config"),
    *("speculative_config", "spec_method", "spec_model", "spec_tokens", "watermark_config", "diffusion_config"),
    *("kv_transfer_config", "ec_transfer_config", "ec_manager_config"),
}


def test_every_engine_argument_is_known_to_change_answers_or_only_speed() -> None:
    folder = vllm_folder()
    assert folder is not None
    named = fields_of(folder / "engine" / "arg_utils.py", "EngineArgs", "AsyncEngineArgs")
    named = {name for name in named if not name.startswith("_")} - OWN_KEYS.keys()
    assert named - ONLY_SPEED - CHANGE_ANSWERS == set()
    assert ONLY_SPEED.isdisjoint(CHANGE_ANSWERS | OWN_KEYS.keys())


def config_with(folder: Path, **engine: object) -> Config:
    """Return a configuration with these engine arguments, whose run folder lies in `folder`."""
    given = [allow_new_key(f"model.engine.{name}={value}") for name, value in engine.items()]
    return composed("dataset=generic", "dataset.input=r.jsonl", f"output_dir={folder}", *given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mm_encoder_tp_mode", "data"),
        ("data_parallel_size", 2),
        ("async_scheduling", "true"),
        ("performance_mode", "throughput"),
        ("mm_tensor_ipc", "torch_shm"),
        ("compilation_config", "{level: 1}"),
        ("limit_mm_per_prompt", "{video: 1}"),
    ],
)
def test_an_argument_that_changes_no_answer_keeps_the_folder(tmp_path: Path, name: str, value: object) -> None:
    assert run_folder(config_with(tmp_path, **{name: value})) == run_folder(config_with(tmp_path))


def test_an_argument_that_may_change_answers_or_is_unknown_makes_another_folder(tmp_path: Path) -> None:
    found = {run_folder(config_with(tmp_path, **engine)) for engine in ({}, {"dtype": "float16"}, {"future": 1})}
    assert len(found) == 3


@pytest.mark.parametrize("spelled", [False, True])
@pytest.mark.parametrize("asked_with", [{"async_scheduling": "true", "dtype": "float16"}, {"dtype": "float16"}])
def test_a_folder_that_an_earlier_version_named_by_such_an_argument_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelled: bool, asked_with: dict[str, object]
) -> None:
    monkeypatch.chdir(tmp_path)
    made_with = config_with(tmp_path, async_scheduling="true", dtype="float16")
    way = identity_as_spelled(made_with) if spelled else identity(made_with)
    old = folder_name(made_with, with_earlier([way], made_with.model.engine)[-1])
    now = run_folder(made_with)
    assert now.name != old
    write_snapshot(now.with_name(old), OmegaConf.structured(made_with), [])
    assert run_folder(config_with(tmp_path, **asked_with)).name == old
    assert run_folder(config_with(tmp_path)).name != old


def test_what_earlier_versions_left_out_is_left_out_still() -> None:
    assert ONLY_SPEED_BEFORE <= ONLY_SPEED


def test_the_default_context_has_the_name_that_it_had_and_that_of_the_checkpoint_another(tmp_path: Path) -> None:
    names = [
        run_folder(composed("model=qwen", "dataset=mathvista", f"output_dir={tmp_path}", *more)).name
        for more in ([], ["model.max_model_len=32768"], ["model.max_model_len=null"])
    ]
    assert names[0] == names[1] == "greedy-bc4e372e"
    assert names[2] != names[0]
