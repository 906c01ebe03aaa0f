"""Define every configuration key with its type, default, range and meaning.

YAML files under `conf/` hold only values that differ from these defaults. Keys that the original command line had keep
their names. Those of a model are in `model_schema.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated, Any

from omegaconf import MISSING

from mathbatch.config.deploy_schema import DeployConfig
from mathbatch.config.model_schema import ModelConfig
from mathbatch.config.shards import Shard
from mathbatch.config.value_checks import (
    check_above,
    check_at_least,
    check_folder_name,
    check_names,
    check_one_of,
    check_path,
    check_placeholder,
)
from mathbatch.errors import ConfigError

# A text or a list of texts. OmegaConf has no type for it, and takes it for Any.
Names = Annotated[Any, "names"]


@dataclass
class HubConfig:
    """Dataset on the Hugging Face hub, read if `dataset.input` is null. Several splits are read one after another."""

    path: str | None = None
    """Name on the hub as `owner/name`, or a local folder."""
    config: Names = None
    """Name of a configuration, or a list of names. Rows get it as the field `_config`. null: the default one."""
    split: Names = "test"
    """Name of a split, or a list of names. Rows get it as the field `_split`."""
    revision: str | None = None
    """Branch, tag or commit. null: the default branch."""

    def __post_init__(self) -> None:
        check_path("dataset.hub.path", self.path)
        check_names("dataset.hub.config", self.config)
        check_names("dataset.hub.split", self.split)


@dataclass
class DatasetConfig:
    """Dataset: its files, and the meaning of its fields. A field may be a path: `metadata.task`, `options.0`."""

    name: str = MISSING
    """Short name, used as a folder name in `output_dir`."""
    input: Names = None
    """Input files: a path, a glob, or a list of these. Formats are JSON (an array, or an object keyed by id), JSON
    Lines, CSV, TSV and Parquet; text formats may be packed as `.gz`, `.bz2` or `.xz`. A relative path in a dataset file
    starts from the folder beside which its configuration folder lies, if there is such a file, else from the current
    folder. `pkg://` works as in `model.path`. Rows get the name of their file without its ending as the field `_file`,
    and their number in that file as `_row`. null: read `hub`.
    """
    hub: HubConfig = field(default_factory=HubConfig)
    source: str | None = None
    """Place to get the input file from, shown if the file is missing."""
    columns: dict[str, str] = field(default_factory=dict)
    """Computed fields by name, each a Jinja expression over the row: `gold: answer | after('####')`. An expression may
    use the fields computed before it, and the other keys may name computed fields like any other.
    """
    where: str | None = None
    """Jinja expression over the row. Rows for which it is false are left out. null: all rows."""
    index_field: Names = "sample_index"
    """Field with the unique id, or a list of fields that form it together. null: the row number."""
    query_field: str = "query_cot"
    """Field with the prompt. Not used if `prompt` is set."""
    prompt: str | None = None
    """Jinja template of the prompt over the fields of the row. null: the text in `query_field`."""
    examples: str | None = None
    """File with worked examples, in any format of `input`. The template in `prompt` has its rows as `examples`."""
    image_field: Names = "image"
    """Field with the image or a list of images, each a path, a `file://` or data URL, base64 text, bytes, or one of
    these in a dictionary. If this is a list of fields, the images of all that are not empty are used. null: text only.
    """
    image_shared: bool = False
    """Accept the id of another row in the image field, and use the image of that row."""
    image_placeholder: str = r"<image(?:[ _]?(\d{1,4}))?>"
    """Regular expression for the placeholder of an image in the prompt. Group 1 is the number of the image, if any."""
    image_base_path: str | None = None
    """Folder that image paths are relative to. Paths that lead out of it are refused. null: the folder of `input`."""
    image_max_megapixels: float = 50.0
    """Largest image that is accepted, in millions of pixels. A pixel of a WebP counts as 2, one of a progressive JPEG
    as 1.5, since they need that much more memory. Images at the limit take 0.4 GB."""
    image_max_mib: float = 64.0
    """Largest encoded image that is accepted, in MiB."""
    response_field: str = "model_answer"
    """Field for the answer, which results have in addition to the fields of the input."""
    answer_field: str | None = None
    """Field with the gold answer. null: no accuracy is computed."""
    scoring: Any = "auto"
    """Scorer, a list of scorers that vote, or `{scorer: {parameter: value}}`. Scorers are auto, math, choice, number,
    exact, judge, and the protocols of mathvista, mathverse, mathvision, gsm8k, wemath and dynamath.
    null: answers are not scored.
    """
    choices_field: str | None = None
    """Field with the list of choices of a multiple-choice question. null: there are none."""
    metadata: list[str] = field(default_factory=list)
    """Fields by which accuracy is broken down. A row whose field holds a list counts under each entry."""
    group_field: Names = None
    """Field, or a list of fields, with the same value in all rows of one problem. Confidence intervals are clustered by
    it, and worst-case accuracy counts the groups whose answers are all correct. null: every row is a separate problem.
    """
    limit: int | None = None
    """Number of rows to use, counted after `where`. null: all. A later run with more continues in the same folder."""

    def __post_init__(self) -> None:
        check_folder_name("dataset.name", self.name)
        for name in ("input", "index_field", "image_field", "group_field"):
            check_names(f"dataset.{name}", getattr(self, name))
        for name in ("input", "image_base_path", "examples"):
            check_path(f"dataset.{name}", getattr(self, name))
        check_placeholder("dataset.image_placeholder", self.image_placeholder)
        check_at_least("dataset.limit", self.limit, 1)
        check_above("dataset.image_max_megapixels", self.image_max_megapixels, 0)
        check_above("dataset.image_max_mib", self.image_max_mib, 0)


@dataclass
class SamplingConfig:
    """Sampling parameters, with the names and meanings that they have in vLLM. null: the default of vLLM."""

    n: int = 1
    """Number of rollouts, which are answers per sample. A later run may raise it and keeps the answers so far."""
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    """Number of most probable tokens to sample from. 0: all tokens."""
    min_p: float = 0.0
    max_tokens: int | None = 1024
    """Longest answer, in tokens; by default that of `model.max_tokens`. null: up to the context length."""
    min_tokens: int = 0
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    seed: int | None = None
    """Seed from which, with sample id and rollout, the seed of each request is derived. null: not reproducible."""
    stop: list[str] | None = None
    stop_token_ids: list[int] | None = None
    bad_words: list[str] | None = None
    allowed_token_ids: list[int] | None = None
    logit_bias: dict[str, float] = field(default_factory=dict)
    """Bias by token id: `sampling.logit_bias.42=-5`."""
    ignore_eos: bool = False
    include_stop_str_in_output: bool = False
    skip_special_tokens: bool = True
    spaces_between_special_tokens: bool = True
    thinking_token_budget: int | None = None
    """Longest thought, in tokens, after which vLLM writes the closing mark. Needs `model.reasoning`. null: no limit."""
    watermarking: bool | None = None
    structured_outputs: dict[str, Any] = field(default_factory=dict)
    """Constraints on the answer, for example `sampling.structured_outputs.regex`."""
    repetition_detection: dict[str, Any] = field(default_factory=dict)
    extra_args: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_at_least("sampling.n", self.n, 1)
        check_at_least("sampling.temperature", self.temperature, 0.0)
        check_above("sampling.top_p", self.top_p, 0.0, most=1.0)
        check_at_least("sampling.top_k", self.top_k, -1)
        check_at_least("sampling.min_p", self.min_p, 0.0, most=1.0)
        check_at_least("sampling.max_tokens", self.max_tokens, 1)
        check_at_least("sampling.min_tokens", self.min_tokens, 0)
        check_above("sampling.repetition_penalty", self.repetition_penalty, 0.0)
        check_at_least("sampling.presence_penalty", self.presence_penalty, -2.0, most=2.0)
        check_at_least("sampling.frequency_penalty", self.frequency_penalty, -2.0, most=2.0)
        if self.max_tokens is not None and self.min_tokens > self.max_tokens:
            problem = f"{self.min_tokens} is more than max_tokens={self.max_tokens}"
            raise ConfigError("sampling.min_tokens", problem, "lower it")
        for name in ("stop", "bad_words"):
            if "" in (getattr(self, name) or ()):
                raise ConfigError(f"sampling.{name}", "a text in it is empty", "leave that out")
        for token, bias in self.logit_bias.items():
            if not token.isdecimal() or math.isnan(bias):
                raise ConfigError(f"sampling.logit_bias.{token}", f"is no bias of a token: {bias}", "write id=number")
        if self.n > 1 and self.temperature == 0.0:
            raise ConfigError(
                "sampling.n",
                f"{self.n} rollouts at temperature 0 would all be the same answer",
                "set sampling.temperature above 0, or sampling.n=1",
            )


@dataclass
class SweepConfig:
    """Order in which the jobs of a multirun use the engine that they share."""

    order: str = "breadth"
    """`breadth`: all jobs advance together. `depth`: jobs are finished one after another, without a pause between."""

    def __post_init__(self) -> None:
        if self.order not in ("breadth", "depth"):
            raise ConfigError("sweep.order", f"there is no '{self.order}'", "set it to breadth or depth")


@dataclass
class ReportConfig:
    """Page `report.html`, which is written at the end of a run and of a sweep."""

    live: bool = False
    """Rewrite the page every few seconds while the run goes on."""
    copy_pictures: bool = False
    """Copy the pictures beside the page. false: they are linked where they lie, and only small ones are copied."""


@dataclass
class JudgeConfig:
    """Model that judges answers if `dataset.scoring` names the judge."""

    model: ModelConfig | None = None
    """Model of the judge, chosen with `model@judge.model=qwen`. null: the model of the run."""


@dataclass
class ClusterConfig:
    """Machines on which the engines run."""

    kind: str = "local"
    """`local`: this machine. `ray`: all machines of a Ray cluster."""
    address: str | None = None
    """Address of the Ray cluster: `auto` for the one that this machine belongs to, or `host:6379`. null: `auto`."""

    def __post_init__(self) -> None:
        check_one_of("cluster.kind", self.kind, ("local", "ray"))
        if self.address is not None and self.kind == "local":
            raise ConfigError("cluster.address", "this machine alone is used", "set cluster=ray too, or leave it out")


@dataclass
class Config:
    """Configuration of a run. Each group from `loader` to `scorer` names a class by `_target_` and its arguments."""

    model: ModelConfig = field(default_factory=ModelConfig)
    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    sweep: SweepConfig = field(default_factory=SweepConfig)
    judge: JudgeConfig = field(default_factory=JudgeConfig)
    report: ReportConfig | None = field(default_factory=ReportConfig)
    """Page to look at samples and scores. null, or `report=false` on the command line: none is written."""
    cluster: ClusterConfig = field(default_factory=ClusterConfig)
    deploy: DeployConfig | None = None
    """Server that is started for the run, chosen with `deploy=vllm`. null: the engine runs in processes of its own."""
    system_prompt: str | None = None
    system_prompt_file: str | None = None
    """UTF-8 file with the system prompt. Only one of this and `system_prompt` may be set."""
    batch_size: int | None = None
    """Number of requests in flight. null: as many as keep the engine full."""
    image_budget_gib: float = 2.0
    """Memory for decoded images that wait for the engine, in GiB."""
    image_workers: int | None = None
    """Number of threads that decode images. null: one per core, at most 8."""
    rerun: bool = False
    """Answer everything again. The old records are kept in another folder."""
    retry_failures: bool = True
    """Try again the samples that failed in an earlier run."""
    output_dir: str = "outputs"
    """Folder in which run folders are created."""
    shard: str | None = None
    """Part of the rows to answer, as `3/16`: the third of 16 shards, split by the ids. Its answers go to
    `shards/03-of-16` in the run folder; `python -m mathbatch.merge` or the run itself takes them in. null: all rows."""
    loader: dict[str, Any] = field(default_factory=dict)
    filter: dict[str, Any] = field(default_factory=dict)
    processor: dict[str, Any] = field(default_factory=dict)
    batcher: dict[str, Any] = field(default_factory=dict)
    saver: dict[str, Any] = field(default_factory=dict)
    scorer: dict[str, Any] = field(default_factory=dict)
    hook: dict[str, Any] = field(default_factory=dict)
    """Hooks by names of your choice, each a class by `_target_` and its arguments, called at the end of the run. Those
    for trackers are chosen with `hook=wandb` or `hook=[wandb,mlflow]`."""

    def __post_init__(self) -> None:
        check_path("output_dir", self.output_dir)
        if self.shard is not None:
            Shard.of(self.shard)
            if self.rerun:
                problem = f"a shard ({self.shard}) can't tell what others have answered since the rerun began"
                raise ConfigError("rerun", problem, "set another output_dir instead, or rerun without shard")
        check_path("system_prompt_file", self.system_prompt_file)
        check_at_least("batch_size", self.batch_size, 1)
        check_above("image_budget_gib", self.image_budget_gib, 0)
        check_at_least("image_workers", self.image_workers, 1)
        if self.system_prompt is not None and self.system_prompt_file is not None:
            raise ConfigError("system_prompt_file", "system_prompt is set too", "set one of the two to null")
