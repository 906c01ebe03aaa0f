"""Answer requests with vLLM's asynchronous engine, which is kept full all the time.

The engine has the scheduler limits of vLLM's offline class `LLM`.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from mathbatch.base import BaseInferenceModel
from mathbatch.config import ModelConfig, hub
from mathbatch.config.model_limits import refuse_many_images
from mathbatch.config.paths import locate
from mathbatch.config.vllm_arguments import check_engine_options, check_nested_sampling, check_reasoning_parser
from mathbatch.errors import ConfigError, EngineDied, EngineError, RequestLost, SampleError
from mathbatch.models.before_load import NEED, judge_before_load
from mathbatch.models.causes import why_ended, why_not_started
from mathbatch.models.chat_params import chat_params
from mathbatch.models.checkpoint.files import refuse_bad_files
from mathbatch.models.checkpoint.quantization import quantization_of, refuse_unsuitable
from mathbatch.models.conversion import vllm_messages, vllm_sampling
from mathbatch.models.daemon_thread import run_in_daemon_thread
from mathbatch.models.engine_arguments import (
    engine_arguments,
    environment,
    sequences_of,
    users_environment,
    vllm_engine_arguments,
)
from mathbatch.models.limits import VLLM, refuse_small_memory
from mathbatch.models.outputs import final_output
from mathbatch.models.reaper import Reaper
from mathbatch.models.renderer import refusal, render_errors
from mathbatch.models.served_adapters import Adapters
from mathbatch.models.shield import shield_processes
from mathbatch.models.sockets import holds_sockets
from mathbatch.models.start_errors import known_start_error
from mathbatch.models.template_probe import TemplateForm, find_form
from mathbatch.models.thoughts import Thoughts, check_thinking_budget, parser_arguments
from mathbatch.models.trial import forget_trial, look
from mathbatch.records import Request, Response

if TYPE_CHECKING:
    from vllm import SamplingParams
    from vllm.outputs import RequestOutput
    from vllm.v1.engine.async_llm import AsyncLLM

# Environment variable with the folder of vLLM's sockets, and the longest name that it gives one.
SOCKET_FOLDER = "VLLM_RPC_BASE_PATH"
LONGEST_SOCKET = len("/00000000-0000-0000-0000-000000000000")
# Seconds to wait for the engine's processes to end: they are shielded from SIGTERM, so vLLM has to kill them.
SHUTDOWN_S = 0.0


class VllmModel(BaseInferenceModel):
    """Runs one vLLM engine. The chat template and the processor of the checkpoint render the prompts."""

    serves_adapters = True
    settle: Callable[[ModelConfig, Callable[[str], object]], ModelConfig] = staticmethod(lambda config, say: config)
    """Return the configuration with the number of GPUs that this machine has for it, and say why. Raise ConfigError."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        if config.base_urls:
            raise ConfigError("model.base_urls", "vLLM answers in this process", "set model=openai, or leave it out")
        check_engine_options(config.engine)
        check_reasoning_parser(config)
        self._engine: AsyncLLM | None = None
        self._found_at: str | None = None  # known once it was opened
        self._adapters = Adapters()
        self._reaper = Reaper()
        self._ids = itertools.count()
        self._closed = False
        self._should_lower_priority = False
        self._is_text_alone = True  # so far, of all requests
        # vLLM's objects by their values, encoded. With a seed every request has its own values; those are not kept.
        self._sampling_by_values: dict[bytes, SamplingParams] = {}
        self._parser_arguments = parser_arguments(config) if isinstance(config.reasoning, str) else None
        self._steps = 0
        self._say: Callable[[str], object] = print
        self._form: TemplateForm  # known once it was opened

    def check_sampling(self, values: Mapping[str, Any]) -> None:
        check_nested_sampling(values)
        check_thinking_budget(self.config, values)

    def check_before_load(self, values: Mapping[str, Any]) -> None:
        self.config = self.settle(self.config, str)
        judge_before_load(self.config, self.seeded, values, self.most_images)

    def begin_stream(self, say: Callable[[str], object], stop: asyncio.Event) -> None:
        self._say = say

    def takes(self, adapters: frozenset[str]) -> bool:
        return self._adapters.fit(adapters)

    async def open(self) -> None:
        """Load the checkpoint. Raise ConfigError if it is at fault or the hub lacks it, else EngineError."""
        refuse_small_memory(VLLM, NEED)
        forget_trial()
        await run_in_daemon_thread(self._find)
        os.environ.update(environment(self.config))
        self._closed = False
        try:
            await run_in_daemon_thread(self._start)
        except ConfigError:
            self._reaper.stop()
            raise
        except (ValueError, RuntimeError, OSError, ImportError) as error:
            self._reaper.stop()
            if (known := known_start_error(error, self.config)) is not None:
                raise known from error
            raise EngineError(
                f"vLLM can't start with model.path={self.config.path}: {why_not_started(error)}"
            ) from error
        if self._engine is None:
            raise EngineError("stopped while loading")
        gc.freeze()  # loaded objects stay, and to search them all for garbage takes a third of a second each time
        self._should_lower_priority = self._engine.vllm_config.device_config.device_type == "cpu"
        self.capacity = sequences_of(self._engine.vllm_config)

    async def generate(self, request: Request) -> Response:
        engine = self._engine
        if engine is None:
            raise EngineDied("the engine is not running")
        from vllm.exceptions import VLLMClientError
        from vllm.v1.engine.exceptions import EngineDeadError

        prompt = await self._render(engine, request)
        request.drop_images()
        try:
            adapter = await self._adapters.request(request.adapter, engine, self.config)
            params, parser = self._sampling(request.sampling), self._parser_arguments
            id = f"{next(self._ids)}"
            handed_over = engine.add_request(id, prompt, params, lora_request=adapter, reasoning_parser_kwargs=parser)
            del prompt  # only the engine needs the image features now, so they are not kept in memory here
            output = await final_output(engine, await handed_over)
        except EngineDeadError as error:
            manager: Any = engine.engine_core.resources.engine_manager
            codes = manager.finished_procs() if hasattr(manager, "finished_procs") else {}  # Ray's actors have none
            raise EngineDied(f"vLLM's engine process {why_ended(codes.values())}") from error
        except Exception as error:
            if engine.errored:  # every request in flight gets the error that ended vLLM
                raise EngineDied(f"vLLM ended: {type(error).__name__}: {error}") from error
            if isinstance(error, (VLLMClientError, ValueError)):
                raise SampleError("rejected", str(error)) from error
            raise
        return self._response(output, request.sampling)

    async def close(self) -> None:
        self._closed = True
        engine, self._engine = self._engine, None
        self._adapters.forget_engine()
        if engine is not None:
            if engine.output_handler is not None:  # it would report the end of the engine as an error
                engine.output_handler.cancel()
            # vLLM would wait for some of its processes: the reaper kills all of them meanwhile.
            await asyncio.gather(asyncio.to_thread(engine.shutdown, SHUTDOWN_S), asyncio.to_thread(self._reaper.stop))
            core: Any = engine.engine_core
            del core.get_output_async, core, engine
            gc.unfreeze()
            gc.collect()  # vLLM refers to itself in cycles, so its memory would stay in use until some later collection
        await asyncio.to_thread(self._reaper.stop)

    def steps(self) -> int:
        """Return the number of messages from the engine process so far."""
        return self._steps

    def _find(self) -> None:
        self.config, self.settle = self.settle(self.config, self._say), VllmModel.settle
        self._adapters.find(self.adapters)
        if self._found_at is not None:
            return
        path = locate(self.config.path, "model.path")
        if token := self.config.engine.get("hf_token"):
            os.environ["HF_TOKEN"] = str(token)  # vLLM would write the token to the log with its arguments
        self._found_at = str(path) if path.exists() else hub.available_model(self.config.path, self.config.revision)
        if (folder := Path(self._found_at)).exists():
            refuse_bad_files(self.config, folder)

    def _start(self) -> None:
        """Load the engine, in a thread whose signal mask the engine's processes inherit.

        vLLM keeps this frame alive, so the engine must not be a local variable or the return value here: otherwise it
        would never be freed.
        """
        shield_processes()
        self._reaper.start()
        if SOCKET_FOLDER not in users_environment():
            os.environ[SOCKET_FOLDER] = self._reaper.folder  # vLLM does not remove its sockets, but the reaper does
        elif not holds_sockets(os.environ[SOCKET_FOLDER], LONGEST_SOCKET):
            raise ValueError(f"the path in {SOCKET_FOLDER} is too long for sockets; unset it, or name another folder")
        from vllm.usage.usage_lib import UsageContext
        from vllm.v1.engine.async_llm import AsyncLLM

        assert self._found_at is not None
        if not Path(self._found_at).exists():  # of the hub: what it is shows only now
            look(self.config, self._found_at, self.seeded)
            forget_trial()
        if (quantised := quantization_of(self.config, Path(self._found_at))) is not None:
            refuse_unsuitable(quantised)
        serving = self._adapters.arguments(self.config.engine)
        arguments = vllm_engine_arguments(serving | engine_arguments(self.config, self._found_at, self.seeded))
        if self._closed:  # the run was stopped during the imports
            return
        self._engine = self._count_steps(AsyncLLM.from_engine_args(arguments, usage_context=UsageContext.LLM_CLASS))
        self._thoughts = Thoughts(self.config, self._engine.get_tokenizer())
        self._reaper.unmark()
        self._warm_up()

    async def _render(self, engine: AsyncLLM, request: Request) -> Any:
        """Return the engine's own input: token ids and image features. Raise SampleError if it refuses the prompt."""
        prepared, params = self._form.prepare(request.messages)
        messages, images = vllm_messages(prepared)
        if images and self._should_lower_priority:
            self._should_lower_priority = False
            self._reaper.lower_priority()
        refuse_many_images(images, self.config.max_images)
        self._is_text_alone = self._is_text_alone and not images
        try:
            if self._is_text_alone:  # to hand a short text to a thread and back takes longer than to render it
                _, prompts = engine.renderer.render_chat([messages], params)
            else:  # the threads that prepare images use the same tokenizer, so all requests go through them
                _, prompts = await engine.renderer.render_chat_async([messages], params)
        except render_errors() as error:
            raise refusal(error) from error
        if images:
            self._count_images(engine)
        return prompts[0]

    def _sampling(self, values: Mapping[str, Any]) -> SamplingParams:
        """Return vLLM's object for these values. It is made only once for all requests that have the same values."""
        key = msgspec.json.encode(values)
        if (known := self._sampling_by_values.get(key)) is not None:
            return known
        params = vllm_sampling(self._thoughts.sampling(values))
        if "seed" not in values:
            self._sampling_by_values[key] = params
        return params

    def _response(self, output: RequestOutput, sampling: Mapping[str, Any]) -> Response:
        completion = output.outputs[0]
        if completion.finish_reason == "error":  # vLLM may drop requests that share an image
            raise RequestLost("engine_error", "vLLM lost the request, each time that it was sent")
        if completion.finish_reason == "abort":  # nobody here has aborted it, so its process is being ended
            raise EngineDied("vLLM's engine process has dropped what it had")
        if completion.finish_reason not in ("stop", "length", "repetition"):
            raise SampleError("engine_error", f"vLLM ended the request with '{completion.finish_reason}'")
        prompt = output.prompt_token_ids or ()
        reasoning, text = self._thoughts.split(completion.text, completion.token_ids, prompt, sampling)
        return Response(
            text=text,
            reasoning=reasoning,
            finish_reason=completion.finish_reason,
            prompt_tokens=len(prompt),
            output_tokens=len(completion.token_ids),
        )

    def _count_images(self, engine: AsyncLLM) -> None:
        found = engine.renderer.stat_mm_cache()
        if found is None or self.images_preprocessed is None:
            self.images_preprocessed = None  # vLLM counts images only if it has a cache for them
        else:
            self.images_preprocessed += found.queries - found.hits

    def _warm_up(self) -> None:
        """Prepare the renderer as vLLM's class `LLM` does, because the first prompt would hold up all others.

        Find out then how the chat template takes messages.
        """
        engine = self._engine
        if engine is not None:
            params = chat_params(self.config)
            engine.renderer.warmup(params)
            self._form = find_form(engine.renderer, params, self.config.max_images)

    def _count_steps(self, engine: AsyncLLM) -> AsyncLLM:
        """Count each message from the engine process as a step, since vLLM has no public sign of progress."""
        core: Any = engine.engine_core
        receive = core.get_output_async

        async def receive_and_count() -> Any:
            outputs = await receive()
            self._steps += 1
            return outputs

        core.get_output_async = receive_and_count
        return engine
