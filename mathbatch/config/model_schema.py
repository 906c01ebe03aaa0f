"""Define the configuration keys of a model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING

from mathbatch.config.model_limits import check_image_limit
from mathbatch.config.value_checks import (
    SERVER_KINDS,
    check_above,
    check_at_least,
    check_date,
    check_folder_name,
    check_marks,
    check_one_of,
    check_path,
    check_variable,
)

# Forms in which vLLM gives a message to a chat template.
CONTENT_FORMATS = ("auto", "string", "openai")
# Kinds of tokens that have a price.
PRICES = ("input", "cached_input", "output")


@dataclass
class ModelConfig:
    """Model: where its weights are, and how its prompts are made."""

    _target_: str = "mathbatch.models.vllm.VllmModel"
    name: str = MISSING
    """Short name, used as a folder name in `output_dir`. A name that a file gives together with a path is that path's:
    with another one, and without any name, it is the last part of the path."""
    former_name: str | None = None
    """Name in whose folders earlier runs are found too. It is that of the file which gave another path. null: none."""
    path: str = MISSING
    """Folder of the checkpoint, or its hub id. `pkg://mathbatch/…` is a folder that comes with MathBatch."""
    revision: str | None = None
    """Branch, tag or commit of a checkpoint on the hub. null: its default branch."""
    tensor_parallel_size: int | None = None
    """Number of GPUs that hold one copy of the model together. null: the fewest that hold its weights, with room for
    keys and values."""
    replicas: int | None = None
    """Number of engines that answer side by side, each with a copy of the model on GPUs of its own. null: as many as
    the GPUs have room for; without a GPU, one on each machine."""
    max_model_len: int | None = 0
    """Context length, prompt and answer together, in tokens. null: that of the checkpoint. 0: that of the checkpoint,
    or 32,768 if that is smaller."""
    max_tokens: int = 1024
    """Longest answer, in tokens, where `sampling.max_tokens` isn't set: a model that thinks needs more than others."""
    max_images: int = 1
    """Largest number of images in one prompt. 0: the model reads text only."""
    chat_template: str | None = None
    """File with a Jinja chat template. null: that of the checkpoint."""
    chat_template_kwargs: dict[str, Any] = field(default_factory=dict)
    """Variables for the chat template, for example `enable_thinking`; `strftime_now: '2025-03-17'` is the date for one
    that writes it into each prompt. null: today's."""
    chat_template_content_format: str = "auto"
    """Form in which the chat template gets a message: `string`, `openai` for a list of parts, `auto` to find out. With
    `auto` a system prompt that arrives only in the other form is passed on in that one."""
    reasoning: Any = None
    """Reasoning parser of vLLM, which also makes `sampling.structured_outputs` hold for the answer alone, or a pair of
    marks around thoughts: `['<think>', '</think>']`. null: thoughts are split by the usual marks alone."""
    lora: str | None = None
    """Folder or hub id of a LoRA adapter, as PEFT saves it. Jobs with different ones share an engine. null: none."""
    mm_processor_kwargs: dict[str, Any] = field(default_factory=dict)
    """Arguments for the image processor of the checkpoint, for example `max_pixels`."""
    trust_remote_code: bool = False
    """Run Python code that comes with the checkpoint."""
    cpu_kv_cache_gib: int = 4
    """Memory for the key-value cache on a machine without a GPU, in GiB."""
    stall_timeout_s: float | None = 900.0
    """Time in seconds after which an engine that has work but makes no step is restarted, and a request is sent again
    to a server that has not answered it. null: never."""
    engine: dict[str, Any] = field(default_factory=dict)
    """Any further engine argument of vLLM, by its own name."""
    base_urls: list[str] = field(default_factory=list)
    """Addresses of OpenAI-compatible servers, which answer in place of an engine: `http://host:8000/v1`. Each has the
    model that they call by the name in `path`. Needs `model=openai`."""
    api_key_env: str = "OPENAI_API_KEY"
    """Environment variable with the key for the servers. One that isn't set, or '', stands for servers that
    need none."""
    server: str | None = None
    """Kind of the servers, whose names sampling parameters have: vllm, sglang, lmdeploy or openai. null: as they say
    themselves; a proxy may say something else."""
    extra_body: dict[str, Any] = field(default_factory=dict)
    """Further keys for the body of each request to a server, by the server's own names."""
    prices: dict[str, float] = field(default_factory=dict)
    """Prices of a million tokens by `input`, `cached_input` and `output`, in any currency: the run tells what it cost.
    Without a price of their own, cached tokens cost what others do."""
    start_timeout_s: float = 300.0
    """Time in seconds in which a server has to give its first answer, at the start and after it was lost. While others
    answer, it is asked now and then beyond that."""

    def __post_init__(self) -> None:
        check_folder_name("model.name", self.name)
        check_folder_name("model.former_name", self.former_name or "")
        check_path("model.path", self.path)
        check_path("model.chat_template", self.chat_template)
        check_date("model.chat_template_kwargs.strftime_now", self.chat_template_kwargs.get("strftime_now"))
        check_marks("model.reasoning", self.reasoning)
        check_one_of("model.chat_template_content_format", self.chat_template_content_format, CONTENT_FORMATS)
        check_path("model.lora", self.lora)
        check_at_least("model.tensor_parallel_size", self.tensor_parallel_size, 1)
        check_at_least("model.replicas", self.replicas, 1)
        check_at_least("model.max_model_len", self.max_model_len, 0)
        check_at_least("model.max_tokens", self.max_tokens, 1)
        check_at_least("model.max_images", self.max_images, 0)
        check_image_limit(self.max_images, self.engine)
        check_at_least("model.cpu_kv_cache_gib", self.cpu_kv_cache_gib, 1)
        if self.server is not None:
            check_one_of("model.server", self.server, SERVER_KINDS)
        check_variable("model.api_key_env", self.api_key_env)
        check_above("model.stall_timeout_s", self.stall_timeout_s, 0)
        check_above("model.start_timeout_s", self.start_timeout_s, 0)
        for name, price in self.prices.items():
            check_one_of("model.prices", name, PRICES)
            check_at_least(f"model.prices.{name}", price, 0)
