"""The schema of every config group: the one place for defaults, types, ranges and what each key means.

YAML under `conf/` holds only what differs from here. Names are those of the original command line where it had them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import regex
from omegaconf import MISSING

from mathbatch.errors import ConfigError


@dataclass
class ModelConfig:
    """One model: where its weights are and how its prompts look."""

    _target_: str = "mathbatch.models.vllm.VllmModel"
    name: str = MISSING
    """Short name, a folder in `output_dir`."""
    path: str = MISSING
    """Folder with the checkpoint, or its hub id. `pkg://mathbatch/…` is a folder inside an installed package."""
    revision: str | None = None
    """Branch, tag or commit of a hub id."""
    tensor_parallel_size: int | None = None
    """GPUs that hold one copy. null: the GPUs that are there, at most 4."""
    max_model_len: int | None = 32768
    """Prompt and answer together, in tokens. null: what the checkpoint says."""
    max_images: int = 1
    """Pictures in one prompt, at most. 0: a text-only model."""
    chat_template: str | None = None
    """File with a Jinja chat template. null: the checkpoint's own."""
    chat_template_kwargs: dict[str, Any] = field(default_factory=dict)
    """Variables for the chat template, such as `enable_thinking`."""
    mm_processor_kwargs: dict[str, Any] = field(default_factory=dict)
    """Arguments for the checkpoint's image processor, such as `max_pixels`."""
    trust_remote_code: bool = False
    """Run Python code that comes with the checkpoint."""
    cpu_kv_cache_gib: int = 4
    """Memory for the key-value cache where there is no GPU, in GiB."""
    stall_timeout_s: float | None = 900.0
    """An engine that has work but makes no step for this long is taken for dead. null: never."""
    engine: dict[str, Any] = field(default_factory=dict)
    """Any further engine argument of vLLM, by its own name."""

    def __post_init__(self) -> None:
        _at_least("model.tensor_parallel_size", self.tensor_parallel_size, 1)
        _at_least("model.max_model_len", self.max_model_len, 1)
        _at_least("model.max_images", self.max_images, 0)
        _at_least("model.cpu_kv_cache_gib", self.cpu_kv_cache_gib, 1)
        _above("model.stall_timeout_s", self.stall_timeout_s, 0)


@dataclass
class HubConfig:
    """A dataset of the Hugging Face hub, read where `dataset.input` is null. Several are joined, one after another."""

    path: str | None = None
    """`owner/name`, or a local folder."""
    config: Any = None
    """Name of a configuration, or a list of names. Rows have it as the field `_config`."""
    split: Any = "test"
    """Name of a split, or a list of names. Rows have it as the field `_split`."""
    revision: str | None = None
    """Branch, tag or commit."""

    def __post_init__(self) -> None:
        _names("dataset.hub.config", self.config)
        _names("dataset.hub.split", self.split)


@dataclass
class DatasetConfig:
    """One dataset and which of its fields mean what. A field may be a path: `metadata.task`, `options.0`."""

    name: str = MISSING
    """Short name, a folder in `output_dir`."""
    input: Any = None
    """JSON (array, or object keyed by id), JSON Lines, CSV, TSV or Parquet; a path, a glob or a list of them. `.gz` is
    read as it is. `pkg://` as in `model.path`. Rows have the file's name, without its ending, as the field `_file`,
    and their number in it as `_row`.
    """
    hub: HubConfig = field(default_factory=HubConfig)
    source: str | None = None
    """Where the file can be had: said when it is not there."""
    columns: dict[str, str] = field(default_factory=dict)
    """Further fields, each a Jinja expression over the row: `gold: answer | after('####')`. A later one may use those
    before it. The other keys may name them like any field.
    """
    where: str | None = None
    """Jinja expression: rows for which it is false are left out. null: all rows."""
    index_field: Any = "sample_index"
    """Field with the unique id, or a list of fields that make it together. null: the row number."""
    query_field: str = "query_cot"
    """Field with the prompt; not used where `prompt` is set."""
    prompt: str | None = None
    """Jinja template of the prompt over the fields of the row. null: `query_field` as it stands."""
    examples: str | None = None
    """File with worked examples for the prompt, in any of the forms of `input`; its rows are `examples` in `prompt`."""
    image_field: Any = "image"
    """Field with the picture or a list of them: path, base64, data URL, bytes. A list of fields: the pictures of all
    that are not empty. null: text only.
    """
    image_shared: bool = False
    """A picture field may hold the id of another row instead, whose picture it shares."""
    image_placeholder: str = r"<image(?:[ _]?(\d{1,4}))?>"
    """Regular expression of what stands in the prompt where a picture belongs, with the number, if any, as group 1."""
    image_base_path: str | None = None
    """Folder that picture paths are relative to, and must stay below. null: the folder of `input`."""
    image_max_megapixels: float = 100.0
    """A picture with more pixels is refused, in millions."""
    image_max_mib: float = 64.0
    """A picture whose encoded data is larger is refused, in MiB."""
    response_field: str = "model_answer"
    """Field that the results have in addition to those of the input."""
    answer_field: str | None = None
    """Field with the gold answer. null: no accuracy."""
    scoring: Any = "auto"
    """The scorer, a list of scorers that vote, or `{scorer: {parameter: value}}`: auto, math, choice, number, exact,
    judge, and the protocols of mathvista, mathverse, mathvision, gsm8k, wemath, dynamath. null: not at all.
    """
    choices_field: str | None = None
    """Field with the list of choices, where there are some."""
    metadata: list[str] = field(default_factory=list)
    """Fields by which accuracy is broken down; where one holds a list, a row counts under each entry."""
    group_field: Any = None
    """Field, or a list of fields, that rows of one problem share: intervals are clustered by it, and the worst case
    counts groups of which all answers are right. null: each row is a problem of its own.
    """
    limit: int | None = None
    """Only the first rows. null: all. Later runs with more go on in the same folder."""

    def __post_init__(self) -> None:
        for name in ("input", "index_field", "image_field", "group_field"):
            _names(f"dataset.{name}", getattr(self, name))
        _regex("dataset.image_placeholder", self.image_placeholder)
        _at_least("dataset.limit", self.limit, 1)
        _above("dataset.image_max_megapixels", self.image_max_megapixels, 0)
        _above("dataset.image_max_mib", self.image_max_mib, 0)


@dataclass
class SamplingConfig:
    """Sampling parameters, named and meant as in vLLM. null: vLLM's own default."""

    n: int = 1
    """Rollouts: answers for each sample. May be raised later; those that are there are kept."""
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    """0: all tokens."""
    min_p: float = 0.0
    max_tokens: int | None = 1024
    """null: up to the context length."""
    min_tokens: int = 0
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    seed: int | None = None
    """Each unit draws from a stream of its own, derived from this, its id and its rollout. null: not repeatable."""
    stop: list[str] | None = None
    stop_token_ids: list[int] | None = None
    bad_words: list[str] | None = None
    allowed_token_ids: list[int] | None = None
    logit_bias: dict[str, float] = field(default_factory=dict)
    """By token id: `sampling.logit_bias.42=-5`."""
    ignore_eos: bool = False
    include_stop_str_in_output: bool = False
    skip_special_tokens: bool = True
    spaces_between_special_tokens: bool = True
    thinking_token_budget: int | None = None
    watermarking: bool | None = None
    structured_outputs: dict[str, Any] = field(default_factory=dict)
    """Such as `sampling.structured_outputs.regex`."""
    repetition_detection: dict[str, Any] = field(default_factory=dict)
    extra_args: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _at_least("sampling.n", self.n, 1)
        _at_least("sampling.temperature", self.temperature, 0.0)
        _above("sampling.top_p", self.top_p, 0.0, most=1.0)
        _at_least("sampling.top_k", self.top_k, -1)
        _at_least("sampling.min_p", self.min_p, 0.0, most=1.0)
        _at_least("sampling.max_tokens", self.max_tokens, 1)
        _at_least("sampling.min_tokens", self.min_tokens, 0)
        _above("sampling.repetition_penalty", self.repetition_penalty, 0.0)
        _at_least("sampling.presence_penalty", self.presence_penalty, -2.0, most=2.0)
        _at_least("sampling.frequency_penalty", self.frequency_penalty, -2.0, most=2.0)
        if self.max_tokens is not None and self.min_tokens > self.max_tokens:
            raise ConfigError(
                "sampling.min_tokens", f"{self.min_tokens} is more than max_tokens={self.max_tokens}", "lower it"
            )
        if self.n > 1 and self.temperature == 0.0:
            raise ConfigError(
                "sampling.n",
                f"{self.n} rollouts at temperature 0 would all be the same answer",
                "set sampling.temperature above 0, or sampling.n=1",
            )


@dataclass
class SweepConfig:
    """How the jobs of a multirun share an engine."""

    order: str = "breadth"
    """`breadth`: all jobs advance together. `depth`: one is finished after another, still without a pause between."""

    def __post_init__(self) -> None:
        if self.order not in ("breadth", "depth"):
            raise ConfigError("sweep.order", f"there is no '{self.order}'", "set it to breadth or depth")


@dataclass
class JudgeConfig:
    """Who judges where `dataset.scoring` names the judge."""

    model: ModelConfig | None = None
    """Another model: `model@judge.model=qwen`. null: the model of the run."""


@dataclass
class Config:
    """A whole run. `loader` to `scorer` each name a class by `_target_` and its arguments."""

    model: ModelConfig = field(default_factory=ModelConfig)
    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    sweep: SweepConfig = field(default_factory=SweepConfig)
    judge: JudgeConfig = field(default_factory=JudgeConfig)
    system_prompt: str | None = None
    system_prompt_file: str | None = None
    """The system prompt as a UTF-8 file instead."""
    batch_size: int | None = None
    """Units in flight. null: what keeps the engine full."""
    image_budget_gib: float = 2.0
    """Memory for decoded pictures that wait for the engine, in GiB."""
    image_workers: int | None = None
    """Threads that decode pictures. null: one for each core, at most 8."""
    rerun: bool = False
    """Answer everything again and keep the old records aside."""
    retry_failures: bool = True
    """Try again what failed in an earlier run."""
    output_dir: str = "outputs"
    """Where run folders are made."""
    loader: dict[str, Any] = field(default_factory=dict)
    filter: dict[str, Any] = field(default_factory=dict)
    processor: dict[str, Any] = field(default_factory=dict)
    batcher: dict[str, Any] = field(default_factory=dict)
    saver: dict[str, Any] = field(default_factory=dict)
    scorer: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _at_least("batch_size", self.batch_size, 1)
        _above("image_budget_gib", self.image_budget_gib, 0)
        _at_least("image_workers", self.image_workers, 1)
        if self.system_prompt is not None and self.system_prompt_file is not None:
            raise ConfigError("system_prompt_file", "system_prompt is set too", "set one of the two to null")


def _names(path: str, value: Any) -> None:
    """A name, a list of names, or null."""
    listed = value if isinstance(value, list) else [value]
    if not listed or not all(isinstance(name, str) for name in listed if value is not None):
        raise ConfigError(path, f"{value!r} is no name and no list of names", f"write {path}=name or {path}=[a,b]")


def _regex(path: str, pattern: str) -> None:
    try:
        groups = regex.compile(pattern).groups
    except regex.error as error:
        raise ConfigError(path, f"{pattern!r} is no regular expression: {error}", "correct it") from error
    if groups != 1:
        raise ConfigError(path, f"{pattern!r} has {groups} groups", "give it one, around the number")


def _at_least(path: str, value: float | None, least: float, most: float | None = None) -> None:
    if value is not None and not least <= value <= (value if most is None else most):
        limits = f"at least {least}" + ("" if most is None else f" and at most {most}")
        raise ConfigError(path, f"{value} is out of range", f"set it to {limits}")


def _above(path: str, value: float | None, bound: float, most: float | None = None) -> None:
    if value is not None and not bound < value <= (value if most is None else most):
        limits = f"more than {bound}" + ("" if most is None else f" and at most {most}")
        raise ConfigError(path, f"{value} is out of range", f"set it to {limits}")
