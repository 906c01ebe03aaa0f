"""Tell the engine arguments of vLLM that can change an answer from those that change only speed and memory.

Arguments that stand here are left out of the identity of a run, so that it goes on with other ones. All others count,
also those that a later version of vLLM adds. What changes only the order of float additions doesn't count; what
computes with fewer bits, or chooses code that may, does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# How the work is spread over processes, cards and machines.
PARALLEL = {
    "cp_kv_cache_interleave_size", "cpu_distributed_timeout_seconds", "data_parallel_address", "data_parallel_backend",
    "data_parallel_external_lb", "data_parallel_hybrid_lb", "data_parallel_multi_port_external_lb",
    "data_parallel_rank", "data_parallel_rpc_port", "data_parallel_size", "data_parallel_size_local",
    "data_parallel_start_rank", "dbo_decode_token_threshold", "dbo_prefill_token_threshold", "dcp_comm_backend",
    "dcp_kv_cache_interleave_size", "dcp_q_replicate", "decode_context_parallel_size", "device_ids",
    "disable_custom_all_reduce", "disable_nccl_for_dp_synchronization", "distributed_executor_backend",
    "distributed_timeout_seconds", "dp_sync_interval", "elastic_ep_max_dp_size", "enable_dbo", "enable_elastic_ep",
    "enable_ep_weight_filter", "enable_eplb", "enable_expert_parallel", "enable_fault_tolerance", "enable_hc_sp",
    "enable_nccl_comm_suspend", "eplb_config", "expert_placement_strategy", "fault_tolerance_config", "master_addr",
    "master_port", "mm_encoder_tp_mode", "nnodes", "node_rank", "numa_bind", "numa_bind_cpus", "numa_bind_nodes",
    "pipeline_parallel_size", "prefill_context_parallel_size", "ray_workers_use_nsight", "ubatch_size",
}  # fmt: skip
# What is kept where, and how much of it.
MEMORY = {
    "block_size", "cpu_offload_gb", "cpu_offload_params", "disable_hybrid_kv_cache_manager", "enable_cumem_allocator",
    "enable_prefix_caching", "enable_shm_tensor_arena", "enable_sleep_mode", "gpu_memory_utilization",
    "kv_cache_memory_bytes", "kv_offloading_backend", "kv_offloading_size", "limit_mm_per_prompt",
    "mamba_block_size", "mm_hasher_algorithm", "mm_ipc_gpu_memory_gb", "mm_processor_cache_gb",
    "mm_processor_cache_type", "mm_shm_cache_max_object_size_mb", "mm_tensor_ipc", "num_gpu_blocks_override",
    "offload_backend", "offload_group_size", "offload_num_in_group", "offload_params", "offload_prefetch_step",
    "prefix_cache_retention_interval", "prefix_caching_hash_algo", "prefix_match_unit", "skip_mm_profiling",
    "sleep_mode_offload_cudagraph", "sleep_preserve_parameter_names",
}  # fmt: skip
# Which requests are computed together, and when.
SCHEDULE = {
    "async_scheduling", "disable_chunked_mm_input", "enable_chunked_prefill", "long_prefill_token_threshold",
    "long_prefill_token_threshold_adaptive", "max_num_active_seqs", "max_num_batched_tokens", "max_num_queued_reqs",
    "max_num_queued_tokens", "max_num_scheduled_tokens", "max_num_seqs", "performance_mode",
    "prefill_schedule_interval", "renderer_num_workers", "scheduler_reserve_full_isl", "scheduling_policy",
    "stream_interval", "watermark",
}  # fmt: skip
# How the engine is loaded, compiled and ended.
LOADING = {
    "compilation_config", "cudagraph_capture_sizes", "disable_cascade_attn", "download_dir",
    "enable_flashinfer_autotune", "enforce_eager", "fail_on_environ_validation", "hf_token",
    "max_cudagraph_capture_size", "max_parallel_loading_workers", "optimization_level", "pt_load_map_location",
    "safetensors_load_strategy", "safetensors_prefetch_block_size", "safetensors_prefetch_num_threads",
    "shutdown_timeout", "use_tqdm_on_load",
}  # fmt: skip
# What vLLM says of itself, and what it gives or takes beside prompts and answers.
BESIDE = {
    "aggregate_engine_logging", "allow_deprecated_quantization", "allowed_local_media_path", "allowed_media_domains",
    "aux_output_config", "collect_detailed_traces", "cudagraph_metrics", "custom_histogram_buckets",
    "disable_log_stats", "enable_layerwise_nvtx_tracing", "enable_log_requests", "enable_logging_iteration_details",
    "enable_mfu_metrics", "enable_mm_embeds", "enable_mm_processor_stats", "enable_prompt_embeds",
    "enable_return_routed_experts", "enable_trace_replay", "jit_monitor_mode", "jit_monitor_verbose",
    "kv_cache_metrics", "kv_cache_metrics_sample", "kv_events_config", "log_config_file", "log_level",
    "logging_config", "logprobs_mode", "max_logprobs", "otlp_traces_endpoint", "per_request_spec_decode_metrics",
    "profiler_config", "return_sampling_mask", "served_model_name", "show_hidden_metrics_for_version",
}  # fmt: skip
ONLY_SPEED = PARALLEL | MEMORY | SCHEDULE | LOADING | BESIDE
# Those of them that the identity left out until November 2026.
ONLY_SPEED_BEFORE = {
    "block_size", "cpu_offload_gb", "disable_custom_all_reduce", "disable_log_stats", "distributed_executor_backend",
    "download_dir", "enable_chunked_prefill", "enable_log_requests", "enable_prefix_caching", "enforce_eager",
    "gpu_memory_utilization", "hf_token", "kv_cache_memory_bytes", "max_num_batched_tokens",
    "max_num_seqs", "max_parallel_loading_workers", "mm_processor_cache_gb", "mm_processor_cache_type",
    "num_gpu_blocks_override", "pipeline_parallel_size", "renderer_num_workers", "shutdown_timeout",
    "skip_mm_profiling", "use_tqdm_on_load",
}  # fmt: skip


def that_change_answers(engine: Mapping[str, Any]) -> dict[str, Any]:
    """Return the engine arguments that are part of a run's identity."""
    return {name: value for name, value in engine.items() if name not in ONLY_SPEED}


def with_earlier(ways: Sequence[Mapping[str, Any]], engine: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return identities of a run, and each as earlier versions knew it, with more of its engine arguments."""
    counted = {name: value for name, value in engine.items() if name not in ONLY_SPEED_BEFORE}
    return [*ways, *({**way, "model": {**way["model"], "engine": counted}} for way in ways)]
