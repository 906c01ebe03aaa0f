"""OpenAI-compatible server in the process of a test, that does to each request what the test has planned for it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from aiohttp import web

Body = dict[str, Any]
Plan = Callable[[Body, int], str]
HTML = "<html><head><title>Bad</title><script>x()</script></head><body><h1>502 Bad Gateway</h1></body></html>"


def prompt_of(body: Body) -> str:
    """Return the last message of a request as text."""
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def answer_to(prompt: str) -> str:
    """Return what the server answers to a prompt."""
    return f"answer to {prompt}"


def completion(text: str, reason: str = "stop", **message: Any) -> Body:
    """Return an answer in the form of the protocol."""
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    choice = {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": reason}
    return {"id": "1", "object": "chat.completion", "choices": [choice], "usage": usage}


class FaultServer:
    """Server that answers, or does what `plan` says to the n-th request with a prompt, counted from 0.

    Plans are statuses such as `503`, and the names of the methods below. `at_once` is the number of requests above
    which it says 429. One that `revives` is there again soon after its death.
    """

    def __init__(self, plan: Plan = lambda body, turn: "ok", owner: str | None = None, at_once: int = 1 << 30) -> None:
        self.plan, self.owner, self.at_once = plan, owner, at_once
        self.headers: dict[str, str] = {}
        self.error: Any = {"error": {"message": "planned", "type": "x", "param": None, "code": 0}}
        self.turns: Counter[str] = Counter()
        self.bodies: dict[str, list[Body]] = defaultdict(list)
        self.answered: Counter[str] = Counter()
        self.seen_headers: list[dict[str, str]] = []
        self.in_flight = self.most_in_flight = 0
        self.port = 0
        self.revives, self._is_over = False, False
        self._deaths: list[asyncio.Task[None]] = []
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Return the base URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def start(self) -> None:
        """Listen; after a stop, at the same port."""
        app = web.Application(client_max_size=1 << 28)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_get("/v1/models", self._models)
        self._runner = web.AppRunner(app, shutdown_timeout=0.01, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """End all that is in flight, and listen no more."""
        runner, self._runner = self._runner, None
        if runner is not None:
            server = runner.server
            assert server is not None
            _abort(server)
            await runner.cleanup()
            for _ in range(5):  # what has been accepted meanwhile
                await asyncio.sleep(0)
                _abort(server)

    async def _models(self, request: web.Request) -> web.StreamResponse:
        if self.owner is None:
            raise web.HTTPNotFound
        return web.json_response({"object": "list", "data": [{"id": "m", "owned_by": self.owner}]})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        self.seen_headers.append(dict(request.headers))
        prompt = prompt_of(body)
        turn, self.turns[prompt] = self.turns[prompt], self.turns[prompt] + 1
        self.bodies[prompt].append(body)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(0)
            plan = self.plan(body, turn) if self.in_flight <= self.at_once else "429"
            if plan.isdecimal():
                return web.json_response(self.error, status=int(plan), headers=self.headers)
            reply: web.StreamResponse = await getattr(self, plan)(request, prompt)
            return reply
        finally:
            self.in_flight -= 1

    async def ok(self, request: web.Request, prompt: str) -> web.StreamResponse:
        self.answered[prompt] += 1
        return web.json_response(completion(answer_to(prompt)))

    async def reset(self, request: web.Request, prompt: str) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def reset_in_body(self, request: web.Request, prompt: str) -> web.StreamResponse:
        reply = web.StreamResponse(headers={"Content-Length": "5000", "Content-Type": "application/json"})
        await reply.prepare(request)
        await reply.write(json.dumps(completion(answer_to(prompt))).encode())
        assert request.transport is not None
        request.transport.close()
        return reply

    async def html(self, request: web.Request, prompt: str) -> web.StreamResponse:
        return web.Response(text=HTML, content_type="text/html")

    async def empty(self, request: web.Request, prompt: str) -> web.StreamResponse:
        return web.Response()

    async def cut_json(self, request: web.Request, prompt: str) -> web.StreamResponse:
        return web.Response(body=json.dumps(completion(answer_to(prompt))).encode()[:-30])

    async def wrong_json(self, request: web.Request, prompt: str) -> web.StreamResponse:
        return web.json_response({"choices": "none"})

    async def no_choices(self, request: web.Request, prompt: str) -> web.StreamResponse:
        return web.json_response({"choices": []})

    async def error_in_200(self, request: web.Request, prompt: str) -> web.StreamResponse:
        return web.json_response({"error": {"message": "upstream", "code": 502}})

    async def dropped(self, request: web.Request, prompt: str) -> web.StreamResponse:
        return web.json_response(completion("", "abort"))

    async def hang(self, request: web.Request, prompt: str) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    async def trickle(self, request: web.Request, prompt: str) -> web.StreamResponse:
        reply = web.StreamResponse(headers={"Content-Type": "application/json"})
        await reply.prepare(request)
        for byte in json.dumps(completion(answer_to(prompt))).encode():
            await reply.write(bytes([byte]))
        self.answered[prompt] += 1
        return reply

    async def trickle_without_end(self, request: web.Request, prompt: str) -> web.StreamResponse:
        reply = web.StreamResponse(headers={"Content-Type": "application/json"})
        await reply.prepare(request)
        while True:
            await reply.write(b" ")
            await asyncio.sleep(0.01)

    async def redirect(self, request: web.Request, prompt: str) -> web.StreamResponse:
        raise web.HTTPTemporaryRedirect("http://elsewhere.example/v1/chat/completions?key=1")

    async def death(self, request: web.Request, prompt: str) -> web.StreamResponse:
        if all(death.done() for death in self._deaths):
            self._deaths.append(asyncio.create_task(self._die()))
        await asyncio.Event().wait()
        raise AssertionError

    async def _die(self) -> None:
        await self.stop()
        await asyncio.sleep(0.02)
        if self.revives and not self._is_over:
            await self.start()

    async def end(self) -> None:
        """Stop for good."""
        self._is_over = True
        await asyncio.gather(*self._deaths)
        await self.stop()


def _abort(server: web.Server) -> None:
    for connection in list(server.connections):
        if connection.transport is not None:
            connection.transport.abort()


@asynccontextmanager
async def running(servers: Iterable[FaultServer]) -> AsyncIterator[None]:
    """Have these servers run."""
    for server in servers:
        await server.start()
    try:
        yield
    finally:
        for server in servers:
            await server.end()


@contextmanager
def in_thread(server: FaultServer) -> Iterator[FaultServer]:
    """Have a server run beside the test, for commands."""
    loop, ready = asyncio.new_event_loop(), threading.Event()

    async def serve() -> None:
        await server.start()
        ready.set()

    def work() -> None:
        loop.run_until_complete(serve())
        loop.run_forever()
        loop.run_until_complete(server.end())
        loop.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert ready.wait(60)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
