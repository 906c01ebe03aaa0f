"""Render rows with their true pictures by vLLM's renderer, as a run does before it hands them to the engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from mathbatch.config import Config
from mathbatch.config.paths import locate
from mathbatch.data.feed import render
from mathbatch.data.samples import samples_of
from mathbatch.models.chat_params import chat_params
from mathbatch.models.conversion import vllm_messages
from mathbatch.models.engine_arguments import engine_arguments
from mathbatch.records import Request, Sample
from mathbatch.runner.run_job import RunJob


def prompt_tokens(config: Config) -> list[int]:
    """Return the number of tokens that the engine would get for each row."""
    from vllm import AsyncEngineArgs
    from vllm.renderers import renderer_from_config

    folder: Path = locate(config.model.path, "model.path")
    arguments = AsyncEngineArgs(**engine_arguments(config.model, str(folder), False))
    renderer = renderer_from_config(arguments.create_engine_config())
    job, counts = RunJob(config, OmegaConf.create(), check_model=False), []
    for sample in samples_of(job.components.loader):
        assert isinstance(sample, Sample)
        request = render(sample, job.components.processor, 0)
        assert isinstance(request, Request)
        messages, _ = vllm_messages([_decoded(message, job) for message in request.messages])
        _, [prompt] = renderer.render_chat([messages], chat_params(config.model))
        counts.append(len(prompt["prompt_token_ids"]))
    return counts


def _decoded(message: dict[str, Any], job: RunJob) -> dict[str, Any]:
    if isinstance(message["content"], str):
        return message
    parts = [
        part if part["type"] == "text" else {"type": "image", "image": job.decoder.decode(part["image"])[0]}
        for part in message["content"]
    ]
    return {**message, "content": parts}
