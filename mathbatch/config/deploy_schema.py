"""Define the configuration keys of a server that a run starts for itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mathbatch.config.value_checks import SERVER_KINDS, check_above, check_one_of, check_path
from mathbatch.errors import ConfigError


@dataclass
class DeployConfig:
    """Server that a run starts, one for each copy of the model, and ends with itself.

    Words of `command` and values of `options` may have these names in braces: `{python}`, `{model}`, `{port}`,
    `{served_name}`, `{tensor_parallel_size}`, `{max_model_len}`, `{max_images}`, `{revision}`, `{trust_remote_code}`,
    `{chat_template}`, `{reasoning}`.
    """

    kind: str = "vllm"
    """Kind of the server, whose names sampling parameters have: vllm, sglang, lmdeploy or openai."""
    command: list[str] = field(default_factory=list)
    """Words of the command that starts it."""
    options: dict[str, Any] = field(default_factory=dict)
    """Options of the command by their names without dashes: `context-length: '{max_model_len}'`. true writes the name
    alone; null, false, and a name in braces that has no value, leave it out."""
    takes_engine: bool = False
    """Give it the arguments that vLLM would get in this process, with `model.engine`."""
    python: str | None = None
    """Python that has the packages of the server: an executable, or the folder of a virtual environment. null: that
    which runs MathBatch."""
    environment: dict[str, str] = field(default_factory=dict)
    """Environment variables for it, beside those of this process."""
    start_timeout_s: float = 1800.0
    """Time in seconds in which it has to give its first answer."""

    def __post_init__(self) -> None:
        check_one_of("deploy.kind", self.kind, SERVER_KINDS)
        check_path("deploy.python", self.python)
        check_above("deploy.start_timeout_s", self.start_timeout_s, 0)
        if not self.command:
            raise ConfigError("deploy.command", "is empty", "choose deploy=vllm, sglang or lmdeploy, or write one")
