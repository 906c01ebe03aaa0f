"""Split what vLLM gives back into thought and answer, for one model: its parser, its marks, its special tokens.

The marks of many models are special tokens, which vLLM leaves out of the text: "[THINK]6 * 6[/THINK]36" would arrive as
"6 * 636". So a model that has such tokens is asked for all of them, and the answer is freed of them here.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mathbatch.config import ModelConfig
from mathbatch.errors import ConfigError
from mathbatch.models.reasoning import (
    begins_mark,
    between_marks,
    has_marks,
    opens_reasoning,
    split_reasoning,
)

if TYPE_CHECKING:
    from vllm.reasoning import ReasoningParser

# Special tokens that say where the answer stands. Scorers read them, so they stay in it.
AROUND_ANSWER = re.compile(r"</?answer>|<\|(?:begin|end)_of_box\|>")
# Stand within the marks of gpt-oss, and begin a further message of the same turn.
WITHIN_MARKS = ("<|message|>", "<|constrain|>")
NEXT_MESSAGE = re.compile(r"<\|start\|>\s?assistant")
# Number of tokens at the end of a prompt in which the mark that opens a thought is looked for.
PROMPT_TAIL = 48
PROMPT_TAILS_KEPT = 1024
MARKS_NEEDED = "set model.reasoning to the pair of marks around its thoughts, such as ['<think>','</think>']"
PARSER_OR_MARKS_NEEDED = f"set model.reasoning to the model's parser in vLLM, such as qwen3; or {MARKS_NEEDED}"
# Raised by vLLM's parsers where the tokenizer lacks what they look for.
DOES_NOT_FIT = (RuntimeError, ValueError, LookupError, AttributeError, TypeError)


def check_thinking_budget(config: ModelConfig, values: Mapping[str, Any]) -> None:
    """Raise ConfigError if thoughts shall be ended and nothing says by which mark."""
    if values.get("thinking_token_budget") is None or config.reasoning or config.engine.get("reasoning_config"):
        return
    problem = "vLLM must know the marks around thoughts to end them"
    raise ConfigError("sampling.thinking_token_budget", problem, PARSER_OR_MARKS_NEEDED)


class Thoughts:
    """Tells thoughts from answers in the output of one model. Raise ConfigError if its parser is for another model."""

    def __init__(self, config: ModelConfig, tokenizer: Any) -> None:
        self._parser: ReasoningParser | None = None
        self._request: Any = None
        named = config.reasoning
        if isinstance(named, str):
            self._parser, self._request = _parser(config, named, tokenizer)
        self._pair = _pair(named, self._parser)
        special = _special_tokens(tokenizer)
        keeps = self._request is not None and not self._request.skip_special_tokens
        # Text of each special token by its id; empty if vLLM may leave them all out.
        self._special = special if keeps or any(map(self._tells, special.values())) else {}
        self._tokenizer = tokenizer
        self._opens = functools.lru_cache(PROMPT_TAILS_KEPT)(self._opens_thought)

    def sampling(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the sampling parameters with which vLLM gives the special tokens that `split` needs."""
        if not self._special or not values.get("skip_special_tokens", True):
            return values
        return {**values, "skip_special_tokens": False, "spaces_between_special_tokens": False}

    def split(
        self, text: str, token_ids: Sequence[int], prompt_ids: Sequence[int], values: Mapping[str, Any]
    ) -> tuple[str | None, str]:
        """Return the thought, None if there is none, and the answer of one output.

        `text` is what vLLM made of `token_ids` with the parameters that `sampling` returns for `values`. Special tokens
        are left out as vLLM does it, but for those around an answer, unless `values` ask for all of them.
        """
        opened = self._opens(tuple(prompt_ids[-PROMPT_TAIL:]))
        present = []
        if self._special and values.get("skip_special_tokens", True):
            present = [self._special[id] for id in self._special.keys() & set(token_ids)]
        asks = self._asks_parser(text, opened)
        if present and not asks:
            mute = [token for token in present if not self._tells(token) and token not in WITHIN_MARKS]
            text = _without(mute, NEXT_MESSAGE.sub("", text))
        thought, answer = self._parsed(text, opened) if asks else split_reasoning(text, opened, self._pair)
        if not present:
            return thought, answer
        answer = _without([token for token in present if not AROUND_ANSWER.fullmatch(token)], answer)
        if thought is None:
            return None, answer
        return _without(present, between_marks(thought)).strip() or None, answer.strip()

    def _asks_parser(self, text: str, opened: bool) -> bool:
        """Tell whether vLLM's parser splits this output, since the marks that are known here don't tell all.

        It is not asked where its closing mark is missing, as some parsers then take all for the thought, without any
        mark, and others all for the answer, after an opening mark.
        """
        if self._parser is None:
            return False
        if self._pair is None:
            return not opened and not has_marks(text)
        return self._pair[1] in text and not all(map(begins_mark, self._pair))

    def _parsed(self, text: str, opened: bool) -> tuple[str | None, str]:
        assert self._parser is not None
        opening = self._pair[0] if opened and self._pair is not None else ""
        thought, answer = self._parser.extract_reasoning(opening + text, self._request)
        return thought or None, answer or ""

    def _tells(self, token: str) -> bool:
        """Tell whether a special token is needed to tell thought and answer."""
        in_pair = self._pair is not None and any(token in mark for mark in self._pair)
        return in_pair or begins_mark(token) or AROUND_ANSWER.fullmatch(token) is not None

    def _opens_thought(self, tail: tuple[int, ...]) -> bool:
        return opens_reasoning(str(self._tokenizer.decode(list(tail), skip_special_tokens=False)), self._pair)


def _parser(config: ModelConfig, name: str, tokenizer: Any) -> tuple[ReasoningParser | None, Any]:
    """Return vLLM's parser and the request that it is made for; None for one that finds no more than boundaries."""
    from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest
    from vllm.reasoning import ReasoningParserManager

    request = ChatCompletionRequest(messages=[], chat_template_kwargs=config.chat_template_kwargs)
    try:
        parser = ReasoningParserManager.get_reasoning_parser(name)(tokenizer, **parser_arguments(config))
        request = parser.adjust_request(request)
        parser.extract_reasoning("", request)
    except NotImplementedError:
        return None, request
    except DOES_NOT_FIT as error:
        problem = f"vLLM's parser '{name}' does not fit {config.path}: {error}"
        raise ConfigError("model.reasoning", problem, "name another one or a pair of marks, or leave it out") from error
    return parser, request


def parser_arguments(config: ModelConfig) -> dict[str, Any]:
    """Return the arguments of a reasoning parser beside the tokenizer, for use here and in the engine."""
    return {"chat_template_kwargs": dict(config.chat_template_kwargs)}


def _pair(named: Any, parser: ReasoningParser | None) -> tuple[str, str] | None:
    """Return the opening and the closing mark of a thought, None if they are not told."""
    opening, closing = named if isinstance(named, list) else (None, None)
    if parser is not None:
        opening, closing = parser.reasoning_start_str, parser.reasoning_end_str
    return (opening, closing) if opening and closing else None


def _special_tokens(tokenizer: Any) -> dict[int, str]:
    """Return the text of each special token by its id."""
    added = getattr(tokenizer, "added_tokens_decoder", {})
    found = {id: str(token) for id, token in added.items() if token.special}
    return found | dict(zip(tokenizer.all_special_ids, map(str, tokenizer.all_special_tokens), strict=True))


def _without(tokens: Sequence[str], text: str) -> str:
    if not tokens:
        return text
    return re.sub("|".join(map(re.escape, sorted(tokens, key=len, reverse=True))), "", text)
