"""Know by which names each kind of server takes sampling parameters, and which it does not take at all.

Servers accept keys that they don't know, with 200, and ignore them. So nothing is sent that the kind doesn't know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from mathbatch.config.schema import SamplingConfig
from mathbatch.errors import ConfigError

# Sampling parameters of the OpenAI protocol, by their names there.
OF_OPENAI = (
    *("temperature", "top_p", "max_tokens", "presence_penalty", "frequency_penalty", "seed", "stop", "logit_bias"),
)
# What a checkpoint's generation_config.json may set otherwise, and a server takes from there where it isn't told.
GENERATION = (
    *("temperature", "top_p", "top_k", "min_p", "repetition_penalty", "presence_penalty", "frequency_penalty"),
)
# Values of top_k that mean all tokens, to vLLM.
ALL_TOKENS = (0, -1)
# Longest answer by its two names in the protocol. Servers take the older one, but for some models of OpenAI.
LENGTHS = ("max_tokens", "max_completion_tokens")
# Values that change nothing. Without a longest answer there is no limit but the context's.
_OFF = {one.name: one.default for one in fields(SamplingConfig)} | {"max_tokens": None}


@dataclass(frozen=True)
class Dialect:
    """Names that one kind of server has for sampling parameters, by ours. `told` are those that are always sent.

    `all_tokens` is its top_k for all tokens; `takes_template` tells that variables for the chat template can be sent.
    """

    kind: str
    names: Mapping[str, str]
    told: frozenset[str] = frozenset({"temperature"})
    all_tokens: int = 0
    takes_template: bool = True

    def body(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return sampling parameters as this kind takes them. Raise ConfigError for one that it doesn't know."""
        found = {}
        for name, value in values.items():
            off = _is_off(name, value)
            theirs = self.names.get(name)
            if theirs is None and not off:
                raise ConfigError(f"sampling.{name}", f"{self} doesn't take it", self._fix(name))
            if theirs is not None and (not off or name in self.told):
                found[theirs] = self.all_tokens if name == "top_k" and value in ALL_TOKENS else value
        if self.kind == "lmdeploy":  # it samples only where it is told to
            found["do_sample"] = values.get("temperature", 0) > 0
        return found

    def __str__(self) -> str:
        return WORDS.get(self.kind, self.kind)

    def _fix(self, name: str) -> str:
        return f"leave sampling.{name} out, set model.server to the kind of the server, or use model.extra_body"


def _is_off(name: str, value: Any) -> bool:
    return value is None or value == _OFF.get(name) or (name == "top_k" and value in ALL_TOKENS)


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


_SHARED = ("top_k", "min_p", "repetition_penalty", "ignore_eos", "skip_special_tokens")
_VLLM = _same(*(one.name for one in fields(SamplingConfig) if one.name not in ("n", "extra_args")))
WORDS = {"vllm": "vLLM", "sglang": "SGLang", "lmdeploy": "LMDeploy", "openai": "the OpenAI protocol"}
DIALECTS = {
    "vllm": Dialect("vllm", _VLLM | {"extra_args": "vllm_xargs"}, frozenset(GENERATION)),
    "sglang": Dialect(
        "sglang",
        _same(*OF_OPENAI, *_SHARED, "min_tokens", "stop_token_ids") | {"include_stop_str_in_output": "no_stop_trim"},
        frozenset(GENERATION),
        all_tokens=-1,
    ),
    "lmdeploy": Dialect(
        "lmdeploy",
        _same(*OF_OPENAI, *_SHARED, "spaces_between_special_tokens", "include_stop_str_in_output")
        | {"min_tokens": "min_new_tokens"},
        frozenset(GENERATION),
    ),
    "openai": Dialect("openai", _same(*OF_OPENAI), takes_template=False),
}
# A server that doesn't say what it is gets what it is asked for by the names that most servers have.
UNKNOWN = Dialect("a server of an unknown kind", DIALECTS["vllm"].names)
# Who owns a model, as the kinds say it in their list of models.
OWNERS = {"vllm": "vllm", "sglang": "sglang", "lmdeploy": "lmdeploy", "openai": "openai", "system": "openai"}
OPENAI_HOST = "api.openai.com"


def dialect_of(server: str | None, hosts: list[str]) -> Dialect:
    """Return the dialect as far as the configuration tells it."""
    if server is None and hosts and all(host == OPENAI_HOST for host in hosts):
        server = "openai"
    return UNKNOWN if server is None else DIALECTS[server]


def beyond_openai(values: Mapping[str, Any]) -> list[str]:
    """Return the sampling parameters that are on and that the OpenAI protocol doesn't have."""
    return [name for name, value in values.items() if name not in OF_OPENAI and not _is_off(name, value)]
