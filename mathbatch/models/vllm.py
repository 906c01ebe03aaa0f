"""vLLM in this process: its asynchronous engine with the scheduler limits of its offline one, always kept full."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import signal
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from mathbatch.base import BaseInferenceModel
from mathbatch.config import ModelConfig
from mathbatch.config.paths import locate
from mathbatch.config.vllm_arguments import check_engine_options, check_nested_sampling
from mathbatch.errors import EngineDied, EngineError, RequestLost, SampleError
from mathbatch.models.reaper import Reaper
from mathbatch.models.reasoning import OPEN, split_reasoning
from mathbatch.models.thread import in_daemon_thread
from mathbatch.records import Request, Response

if TYPE_CHECKING:
    from vllm import SamplingParams
    from vllm.outputs import RequestOutput
    from vllm.v1.engine.async_llm import AsyncLLM
    from vllm.v1.engine.output_processor import RequestOutputCollector

MAX_GPUS_PER_MODEL = 4
KV_CACHE = "VLLM_CPU_KVCACHE_SPACE"
SOCKETS = "VLLM_RPC_BASE_PATH"
LONGEST_FOLDER = 107 - len("/00000000-0000-0000-0000-000000000000")
"""Characters: a socket's path has at most 107 (unix(7)), and its name is a UUID."""
USERS_ENVIRONMENT = frozenset(os.environ)
SHUTDOWN_S = 1.0
"""The CPU build's worker does not end by itself, however long one waits."""
RENDER_ERRORS = (
    *(ValueError, TypeError, LookupError, RuntimeError, ArithmeticError, OSError),
    *(AssertionError, AttributeError, MemoryError),
)
"""What chat templates and image processors raise on input that they can't take."""


class VllmModel(BaseInferenceModel):
    """One vLLM engine. Prompts are rendered by the checkpoint's own chat template and processor."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        check_engine_options(config.engine)
        self._engine: AsyncLLM | None = None
        self._reaper = Reaper()
        self._ids = itertools.count()
        self._closed = False
        self._shares_cores = False
        # By the values, encoded. With a seed each unit has values of its own, which are not kept.
        self._params: dict[bytes, SamplingParams] = {}
        self._steps = 0

    def check_sampling(self, values: Mapping[str, Any]) -> None:
        check_nested_sampling(values)

    async def open(self) -> None:
        """Load the checkpoint. Raises EngineError with vLLM's own reason."""
        os.environ.update(self._environment())
        self._closed = False
        try:
            await in_daemon_thread(self._start)
        except (ValueError, RuntimeError, OSError, ImportError) as error:
            self._reaper.stop()
            raise EngineError(
                f"vLLM can't start with model.path={self.config.path}: {error}\n  fix: see the end of run.log"
            ) from error
        if self._engine is None:
            raise EngineError("stopped while loading")
        gc.freeze()  # what is loaded stays: to look through all of it for garbage takes a third of a second each time
        self._shares_cores = self._engine.vllm_config.device_config.device_type == "cpu"
        self.capacity = self._engine.vllm_config.scheduler_config.max_num_seqs

    async def generate(self, request: Request) -> Response:
        engine = self._engine
        if engine is None:
            raise EngineDied("the engine is not running")
        from vllm.exceptions import VLLMClientError
        from vllm.v1.engine.exceptions import EngineDeadError

        prompt = await self._render(engine, request)
        request.drop_images()
        try:
            handed_over = engine.add_request(f"{next(self._ids)}", prompt, self._sampling(request.sampling))
            del prompt  # the features of its pictures are the engine's now
            return self._response(engine, await _last_output(engine, await handed_over))
        except EngineDeadError as error:
            raise EngineDied("vLLM's engine process ended") from error
        except Exception as error:
            if engine.errored:  # vLLM hands what has ended it to all requests
                raise EngineDied(f"vLLM ended: {type(error).__name__}: {error}") from error
            if isinstance(error, (VLLMClientError, ValueError)):
                raise SampleError("rejected", str(error)) from error
            raise

    async def close(self) -> None:
        self._closed = True
        engine, self._engine = self._engine, None
        if engine is not None:
            await asyncio.to_thread(engine.shutdown, SHUTDOWN_S)
            core: Any = engine.engine_core
            del core.get_output_async, core, engine
            gc.unfreeze()
            gc.collect()  # vLLM holds itself in cycles: its memory goes now, not at some later time
        await asyncio.to_thread(self._reaper.stop)

    def steps(self) -> int:
        return self._steps

    def _start(self) -> None:
        """Runs in a thread of its own: the engine process inherits that thread's signal mask, and so Ctrl-C, which
        a terminal sends to every process, leaves the engine at work until what is in flight is saved.

        It returns nothing and has no name for the engine, since vLLM keeps this frame alive, and so would keep both.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        self._reaper.start()
        if SOCKETS not in USERS_ENVIRONMENT and len(self._reaper.folder) <= LONGEST_FOLDER:
            os.environ[SOCKETS] = self._reaper.folder  # vLLM leaves them behind
        from vllm import AsyncEngineArgs
        from vllm.renderers.params import ChatParams
        from vllm.usage.usage_lib import UsageContext
        from vllm.v1.engine.async_llm import AsyncLLM

        template = self.config.chat_template
        self._chat_params = ChatParams(
            chat_template=None if template is None else locate(template, "model.chat_template").read_text("utf-8"),
            chat_template_kwargs={"add_generation_prompt": True, **self.config.chat_template_kwargs},
        )
        arguments = AsyncEngineArgs(**self._engine_arguments())
        if self._closed:  # stopped during the imports
            return
        self._engine = self._counted(AsyncLLM.from_engine_args(arguments, usage_context=UsageContext.LLM_CLASS))
        self._reaper.unmark()
        self._warm_up()

    def _environment(self) -> dict[str, str]:
        """What vLLM reads from the environment. A forked engine would hold lock and pipe of this process after its
        death; a spawned one does not.
        """
        found = {"VLLM_WORKER_MULTIPROC_METHOD": "spawn"}
        if KV_CACHE not in USERS_ENVIRONMENT:
            found[KV_CACHE] = str(self.config.cpu_kv_cache_gib)
        return found

    def _engine_arguments(self) -> dict[str, Any]:
        import torch

        config, gpus = self.config, torch.cuda.device_count()
        engine = dict(config.engine)
        if token := engine.pop("hf_token", None):
            os.environ["HF_TOKEN"] = str(token)  # vLLM writes its arguments to the log
        path = locate(config.path, "model.path")
        arguments = {
            "model": str(path) if path.exists() else config.path,
            "revision": config.revision,
            "max_model_len": config.max_model_len,
            "tensor_parallel_size": config.tensor_parallel_size or default_tensor_parallel(gpus),
            "trust_remote_code": config.trust_remote_code,
            "mm_processor_kwargs": config.mm_processor_kwargs or None,
            "disable_log_stats": True,
            "enforce_eager": gpus == 0,  # compiling pays on a GPU only
            # vLLM's CPU sampler dies on a seeded prompt that is split over two steps.
            "enable_chunked_prefill": False if self.seeded and not gpus else None,
        }
        if config.max_images:
            arguments["limit_mm_per_prompt"] = {"image": config.max_images}
        return arguments | engine

    async def _render(self, engine: AsyncLLM, request: Request) -> Any:
        """The engine's own input: token ids, and features of the pictures. Raises SampleError."""
        from vllm.exceptions import VLLMValidationError

        messages, images = vllm_messages(request.messages)
        if images and self._shares_cores:
            self._shares_cores = False
            self._reaper.make_nice()
        if images > self.config.max_images:
            raise SampleError(
                "too_many_images", f"{images} pictures, and model.max_images={self.config.max_images} in one prompt"
            )
        try:
            _, prompts = await engine.renderer.render_chat_async([messages], self._chat_params)
        except VLLMValidationError as error:
            too_long = error.parameter in ("input_tokens", "input_text")
            raise SampleError("prompt_too_long" if too_long else "rejected", str(error)) from error
        except RENDER_ERRORS as error:
            raise SampleError("rejected", f"the prompt can't be rendered: {type(error).__name__}: {error}") from error
        if images:
            self._count_pictures(engine)
        return prompts[0]

    def _sampling(self, values: Mapping[str, Any]) -> SamplingParams:
        """Return vLLM's own object, made once for all units with the same values and no seed."""
        from vllm import SamplingParams
        from vllm.sampling_params import RepetitionDetectionParams, RequestOutputKind, StructuredOutputsParams

        key = msgspec.json.encode(values)
        if (known := self._params.get(key)) is not None:
            return known
        arguments = dict(values)
        if arguments.get("structured_outputs"):
            arguments["structured_outputs"] = StructuredOutputsParams(**arguments["structured_outputs"])
        if arguments.get("repetition_detection"):
            arguments["repetition_detection"] = RepetitionDetectionParams(**arguments["repetition_detection"])
        if "logit_bias" in arguments:
            arguments["logit_bias"] = {int(token): bias for token, bias in arguments["logit_bias"].items()}
        params = SamplingParams(**arguments, output_kind=RequestOutputKind.FINAL_ONLY)
        if "seed" not in values:
            self._params[key] = params
        return params

    def _response(self, engine: AsyncLLM, output: RequestOutput) -> Response:
        completion = output.outputs[0]
        if completion.finish_reason == "error":  # to be tried again, as where a picture came after one that shares it
            raise RequestLost("engine_error", "vLLM lost the request, each time that it was sent")
        if completion.finish_reason not in ("stop", "length", "repetition"):
            raise SampleError("engine_error", f"vLLM ended the request with '{completion.finish_reason}'")
        opened = completion.finish_reason == "length" and self._prompt_opens_reasoning(engine, output)
        reasoning, text = split_reasoning(completion.text, opened)
        return Response(
            text=text,
            reasoning=reasoning,
            finish_reason=completion.finish_reason,
            prompt_tokens=len(output.prompt_token_ids or ()),
            output_tokens=len(completion.token_ids),
        )

    def _prompt_opens_reasoning(self, engine: AsyncLLM, output: RequestOutput) -> bool:
        tail = engine.get_tokenizer().decode((output.prompt_token_ids or [])[-8:])
        return str(tail).rstrip().endswith(OPEN)

    def _count_pictures(self, engine: AsyncLLM) -> None:
        found = engine.renderer.stat_mm_cache()
        if found is None or self.images_preprocessed is None:
            self.images_preprocessed = None  # without a cache nobody counts
        else:
            self.images_preprocessed += found.queries - found.hits

    def _warm_up(self) -> None:
        """As vLLM's LLM does: the first prompt would hold up all others."""
        engine = self._engine
        if engine is not None:
            engine.renderer.warmup(self._chat_params)

    def _counted(self, engine: AsyncLLM) -> AsyncLLM:
        """Each message from the engine process is a step; nothing public tells of them before a request ends."""
        core: Any = engine.engine_core
        receive = core.get_output_async

        async def counted() -> Any:
            outputs = await receive()
            self._steps += 1
            return outputs

        core.get_output_async = counted
        return engine


async def _last_output(engine: AsyncLLM, outputs: RequestOutputCollector) -> RequestOutput:
    """Wait for the end of a request; give it up where the wait is cancelled."""
    from vllm.outputs import RequestOutput

    try:
        while True:
            output = outputs.get_nowait() or await outputs.get()
            if isinstance(output, RequestOutput) and output.finished:
                return output
    except asyncio.CancelledError:
        await engine.abort(outputs.request_id, internal=True)
        raise
    finally:
        outputs.close()


def vllm_messages(messages: list[dict[str, Any]]) -> tuple[list[Any], int]:
    """The messages in vLLM's form, a decoded picture with the id by which its cache knows it, and how many pictures."""
    converted, images = [], 0
    for message in messages:
        content = message["content"]
        if not isinstance(content, str):
            images += sum(part["type"] == "image" for part in content)
            content = [_part(part) for part in content]
        converted.append({**message, "content": content})
    return converted, images


def _part(part: dict[str, Any]) -> dict[str, Any]:
    if part["type"] != "image":
        return part
    return {"type": "image_pil", "image_pil": part["image"], "uuid": part.get("uuid")}


def default_tensor_parallel(gpus: int) -> int:
    """The largest power of two that the GPUs allow, at most 4: attention heads divide by it."""
    return next(size for size in (MAX_GPUS_PER_MODEL, 2, 1) if size <= max(gpus, 1))
