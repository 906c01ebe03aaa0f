"""Convert messages and sampling parameters to the objects that vLLM takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vllm import SamplingParams


def vllm_messages(messages: list[dict[str, Any]]) -> tuple[list[Any], int]:
    """Return the messages in vLLM's form and the number of their images.

    An image gets the hash of its data as `uuid`, by which vLLM recognizes it in its cache.
    """
    converted, images = [], 0
    for message in messages:
        content = message["content"]
        if not isinstance(content, str):
            images += sum(part["type"] == "image" for part in content)
            content = [_vllm_part(part) for part in content]
        converted.append({**message, "content": content})
    return converted, images


def _vllm_part(part: dict[str, Any]) -> dict[str, Any]:
    if part["type"] != "image":
        return part
    return {"type": "image_pil", "image_pil": part["image"], "uuid": part.get("uuid")}


def vllm_sampling(values: Mapping[str, Any]) -> SamplingParams:
    """Return vLLM's object for these sampling parameters. The output comes in one piece, at the end of the request."""
    from vllm import SamplingParams
    from vllm.sampling_params import RepetitionDetectionParams, RequestOutputKind, StructuredOutputsParams

    arguments = dict(values)
    if arguments.get("structured_outputs"):
        arguments["structured_outputs"] = StructuredOutputsParams(**arguments["structured_outputs"])
    if arguments.get("repetition_detection"):
        arguments["repetition_detection"] = RepetitionDetectionParams(**arguments["repetition_detection"])
    if "logit_bias" in arguments:
        arguments["logit_bias"] = {int(token): bias for token, bias in arguments["logit_bias"].items()}
    return SamplingParams(**arguments, output_kind=RequestOutputKind.FINAL_ONLY)
