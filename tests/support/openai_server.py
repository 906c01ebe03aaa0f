"""Serve the engine that the tests share by vLLM's own OpenAI-compatible server: a second engine would take minutes."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from support.shared_engine import SharedEngine

NAME = "demo"


class OpenAIServer:
    """What `python -m vllm.entrypoints.openai.api_server` runs behind its engine, on the loop of the shared engine."""

    def __init__(self, engine: SharedEngine) -> None:
        self._engine = engine
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"
        self._server: Any = None
        self._task: asyncio.Task[None]
        engine.wait(self._start())

    async def _start(self) -> None:
        import uvicorn
        from vllm.entrypoints.launchers.api_server.app_state import init_app_state
        from vllm.entrypoints.launchers.app import build_app
        from vllm.entrypoints.launchers.cli_args import make_arg_parser
        from vllm.utils.argparse_utils import FlexibleArgumentParser

        client: Any = self._engine.model._engine  # type: ignore[attr-defined]
        arguments = ["--model", client.model_config.model, "--served-model-name", NAME]
        given = make_arg_parser(FlexibleArgumentParser()).parse_args(arguments)
        tasks = await client.get_supported_tasks()
        app = build_app(given, tasks, client.model_config)
        await init_app_state(client, app.state, given, tasks)
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))

    def close(self) -> None:
        """Listen no more. The engine stays."""
        self._engine.wait(self._stop())
        self._socket.close()

    async def _stop(self) -> None:
        self._server.should_exit = True
        await self._task
