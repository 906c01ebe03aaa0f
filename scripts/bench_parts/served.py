"""Ask a server that answers after a while, by a bare loop or as MathBatch does; print the processor time as JSON.

Started by serving.py: python -m bench_parts.served serve|bare|client …
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientTimeout, TCPConnector, web

# Seconds that each answer takes, so that all requests that may be in flight are.
ANSWER_S = 1.0
MODEL = "m"


def serve(port_file: Path) -> None:
    """Answer whatever comes, until nobody wants it any more."""
    message = {"role": "assistant", "content": "We add the two numbers. " * 10 + r"\boxed{4}"}
    usage = {"prompt_tokens": 50, "completion_tokens": 60, "total_tokens": 110}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    answer = json.dumps({"id": "1", "object": "chat.completion", "model": MODEL, "choices": [choice], "usage": usage})
    body, counts = answer.encode(), {"now": 0, "most": 0, "all": 0}

    async def chat(request: web.Request) -> web.Response:
        await request.read()
        counts["now"] += 1
        counts["all"] += 1
        counts["most"] = max(counts["most"], counts["now"])
        await asyncio.sleep(ANSWER_S)
        counts["now"] -= 1
        return web.Response(body=body, content_type="application/json")

    async def counted(request: web.Request) -> web.Response:
        found = dict(counts)
        counts["most"] = counts["all"] = 0
        return web.json_response(found)

    async def run() -> None:
        app = web.Application(client_max_size=1 << 26)
        app.router.add_post("/v1/chat/completions", chat)
        app.router.add_get("/counts", counted)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
        draft = port_file.with_suffix(".draft")
        draft.write_text(str(runner.addresses[0][1]))
        os.replace(draft, port_file)
        await asyncio.Event().wait()

    asyncio.run(run())


async def bare(url: str, prompts: list[str], at_once: int) -> dict[str, Any]:
    """Ask as little as any program does: JSON out, JSON in, the text kept."""
    texts: list[str] = []
    async with ClientSession(connector=TCPConnector(limit=0), timeout=ClientTimeout(total=None)) as session:

        async def ask(prompt: str) -> None:
            body = {"model": MODEL, "temperature": 0, "max_tokens": 1024}
            body["messages"] = [{"role": "user", "content": prompt}]
            async with session.post(f"{url}/chat/completions", json=body) as reply:
                texts.append((await reply.json())["choices"][0]["message"]["content"])

        return await _timed(ask, prompts, at_once) | {"answered": len(texts)}


async def client(url: str, prompts: list[str], at_once: int) -> dict[str, Any]:
    """Ask by MathBatch's members and pool."""
    from mathbatch.config import ModelConfig
    from mathbatch.config.schema import SamplingConfig
    from mathbatch.fleet.servers.model import ServerModel
    from mathbatch.records import Request
    from mathbatch.runner.components import sampling_values

    model, values = ServerModel(ModelConfig(name=MODEL, path=MODEL, base_urls=[url])), sampling_values(SamplingConfig())
    texts: list[str] = []
    await model.open()

    async def ask(prompt: str) -> None:
        messages = [{"role": "user", "content": prompt}]
        request = Request(id=str(len(texts)), prompt=id(prompt), rollout=id(prompt), messages=messages, sampling=values)
        texts.append((await model.generate(request)).text)

    found = await _timed(ask, prompts, at_once)
    await model.close()
    return found | {"answered": len(texts)}


async def _timed(ask: Callable[[str], Awaitable[None]], prompts: list[str], at_once: int) -> dict[str, Any]:
    """Keep so many requests in flight until all are answered. A task is begun for each, as a run does."""
    places = asyncio.Semaphore(at_once)

    async def one(prompt: str) -> None:
        try:
            await ask(prompt)
        finally:
            places.release()

    begun, began = time.process_time(), time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for prompt in prompts:
            await places.acquire()
            tasks.create_task(one(prompt))
    cpu_s = time.process_time() - begun
    return {"cpu_ms_each": 1e3 * cpu_s / len(prompts), "wall_s": time.monotonic() - began}


def main(kind: str, *arguments: str) -> None:
    if kind == "serve":
        serve(Path(arguments[0]))
        return
    url, rows, at_once, report = arguments
    with open(rows, encoding="utf-8") as lines:
        prompts = [json.loads(line)["query_cot"] for line in lines]
    found = asyncio.run({"bare": bare, "client": client}[kind](url, prompts, int(at_once)))
    Path(report).write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
