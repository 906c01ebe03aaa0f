"""Whatever a server does, each request ends as its answer or as a named failure, and none is asked for ever."""

from __future__ import annotations

import asyncio
import errno
import os
import random
from collections import defaultdict
from typing import Any

import pytest
from aiohttp import web
from support.configs import composed
from support.fault_server import Body, FaultServer, answer_to, prompt_of
from support.server_models import AT_ONCE, ask, prompts

from mathbatch.errors import ConfigError, EngineError
from mathbatch.fleet.servers import connection
from mathbatch.fleet.servers.connection import Connection
from mathbatch.fleet.servers.model import ServerModel
from mathbatch.fleet.servers.outcomes import Unanswered
from mathbatch.fleet.servers.waits import Waits

# A server that dies in the process of the tests leaves connections that it has just accepted.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <(function _SelectorTransport|socket):pytest.PytestUnraisableExceptionWarning"
)
NO_MODEL = {"error": {"message": "The model `m` does not exist.", "param": "model"}}
FAULTS = (
    *("429", "500", "502", "503", "504", "529", "408", "409", "reset", "reset_in_body", "html", "empty", "cut_json"),
    *("wrong_json", "no_choices", "error_in_200", "dropped", "trickle"),
)


def all_of(count: int) -> dict[str, str]:
    return {str(at): answer_to(str(at)) for at in range(count)}


@pytest.mark.parametrize("number", range(3))
def test_faults_at_random_cost_no_answer(number: int) -> None:
    seed = int(os.environ.get("SERVER_SEED", "17")) + number
    print(f"SERVER_SEED={seed}")
    draws = random.Random(seed)
    plans = {str(at): draws.choices(FAULTS, k=draws.randrange(6)) for at in range(150)}

    def plan(body: Body, turn: int) -> str:
        planned = plans.get(prompt_of(body), [])
        return planned[turn] if turn < len(planned) else "ok"

    servers = [FaultServer(plan), FaultServer(plan)]
    for server in servers:
        server.headers = draws.choice([{}, {"Retry-After": "0"}, {"retry-after-ms": "1"}])
    asked = ask(servers, prompts(150))
    assert asked.texts == all_of(150)
    assert not asked.kinds


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault not in ("429", "trickle")])
def test_a_request_that_never_gets_an_answer_fails_by_name_and_alone(fault: str) -> None:
    server = FaultServer(lambda body, turn: fault if prompt_of(body) == "3" else "ok")
    asked = ask([server], prompts(8))
    assert asked.texts == {id: text for id, text in all_of(8).items() if id != "3"}
    kinds = {"html": "bad_reply", "empty": "bad_reply", "cut_json": "bad_reply", "wrong_json": "bad_reply"}
    kinds |= {"no_choices": "bad_reply", "error_in_200": "bad_reply", "reset": "connection_lost"}
    assert asked.kinds == {"3": (kinds | {"reset_in_body": "connection_lost"}).get(fault, "server_error")}
    assert server.turns["3"] == 8


def test_a_request_that_is_always_one_too_many_fails_by_name() -> None:
    server = FaultServer(lambda body, turn: "429" if prompt_of(body) == "3" else "ok")
    asked = ask([server], prompts(8), waits=Waits((0.0,), crowded_s=0.0, crowded_tries=5, jitter=0.0))
    assert asked.kinds == {"3": "rate_limited"}
    assert server.turns["3"] == 6


def test_requests_that_hang_are_sent_again() -> None:
    server = FaultServer(lambda body, turn: "hang" if turn == 0 and int(prompt_of(body)[0]) % 3 == 0 else "ok")
    asked = ask([server], prompts(9), "model.stall_timeout_s=1")
    assert asked.texts == all_of(9)


@pytest.mark.parametrize("fault", ["hang", "trickle_without_end"])
def test_a_request_that_always_hangs_fails_by_name(fault: str) -> None:
    server = FaultServer(lambda body, turn: fault if prompt_of(body) == "3" else "ok")
    asked = ask([server], prompts(5), "model.stall_timeout_s=0.5", waits=Waits((0.0,), hangs=2, jitter=0.0))
    assert asked.kinds.get("3") == "timeout"
    assert server.turns["3"] == 2


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"error": {"message": "bad", "type": "BadRequestError", "param": None, "code": 400}}, "rejected"),
        (400, {"object": "error", "message": "bad", "type": "BadRequestError", "code": 400}, "rejected"),
        (422, {"detail": [{"loc": ["body"], "msg": "bad"}]}, "rejected"),
        (413, {"detail": "Payload too large"}, "prompt_too_long"),
        (400, {"error": {"message": "long", "param": "input_tokens", "code": 400}}, "prompt_too_long"),
        (400, {"error": {"message": "maximum context length is 2048 tokens"}}, "prompt_too_long"),
        (400, {"message": "The input (9 tokens) is longer than the model's context length (8)"}, "prompt_too_long"),
        (400, {"message": "max_tokens must be at least 1, got -7"}, "prompt_too_long"),
        (400, {"message": "Requested token count exceeds the model's maximum"}, "prompt_too_long"),
        (400, {"error": {"message": "x", "code": "context_length_exceeded"}}, "prompt_too_long"),
        (400, {"error": {"message": "x", "code": "content_policy_violation"}}, "refused"),
        (403, {"error": {"message": "Your input was flagged", "code": 403}}, "refused"),
        (418, "tea", "rejected"),
    ],
)
def test_what_is_wrong_with_a_sample_is_its_failure_at_once(status: int, error: object, kind: str) -> None:
    server = FaultServer(lambda body, turn: str(status) if prompt_of(body) == "3" else "ok")
    server.error = error
    asked = ask([server], prompts(6))
    assert asked.kinds == {"3": kind}
    assert len(asked.texts) == 5
    assert server.turns["3"] == 1


@pytest.mark.parametrize(
    ("plan", "error", "path"),
    [
        ("401", {"error": "Unauthorized"}, "model.api_key_env"),
        ("403", {"error": {"message": "no access"}}, "model.api_key_env"),
        ("402", {"error": {"message": "pay"}}, "model.api_key_env"),
        ("429", {"error": {"message": "no credit", "code": "insufficient_quota"}}, "model.api_key_env"),
        ("404", {"error": {"message": "The model `m` does not exist.", "param": "model"}}, "model.path"),
        ("404", {"error": {"message": "The model `m` does not exist", "code": "model_not_found"}}, "model.path"),
        ("404", {"detail": "Not Found"}, "model.base_urls"),
        ("405", {"detail": "Method Not Allowed"}, "model.base_urls"),
        ("redirect", None, "model.base_urls"),
    ],
)
@pytest.mark.parametrize("when", ["start", "later"])
def test_what_is_wrong_with_every_request_ends_the_run_with_what_to_do(
    plan: str, error: object, path: str, when: str
) -> None:
    if when == "later" and error == {"detail": "Not Found"}:
        return  # a path that was there at the start is there later
    server = FaultServer(lambda body, turn: plan if when == "start" or len(server.answered) > 9 else "ok")
    server.error = error
    error_told: object = None
    try:
        asked = ask([server], prompts(40), at_once=4)
        assert len(asked.texts) == 9
        error_told = asked.found["39"]
    except ConfigError as refused:
        assert when == "start"
        error_told = refused
    assert isinstance(error_told, ConfigError)
    assert error_told.path == path
    assert "key=1" not in str(error_told)


OF_ALL = [("401", {}), ("402", {}), ("403", {"error": "Forbidden"}), ("405", {}), ("redirect", {}), ("404", NO_MODEL)]


@pytest.mark.parametrize(("plan", "error"), OF_ALL)
def test_a_server_that_refuses_all_in_mid_run_leaves_its_work_to_the_other(plan: str, error: object) -> None:
    refusing, sound = FaultServer(lambda body, turn: plan if len(refusing.answered) > 5 else "ok"), FaultServer()
    refusing.error = error
    asked = ask([refusing, sound], prompts(100))
    assert asked.texts == all_of(100)
    assert any("is lost" in line for line in asked.news)


@pytest.mark.parametrize(("plan", "error"), OF_ALL)
def test_a_prompt_that_something_before_the_server_refuses_fails_alone(plan: str, error: object) -> None:
    server = FaultServer(lambda body, turn: plan if prompt_of(body) == "3" else "ok")
    server.error = error
    asked = ask([server], prompts(20))
    assert asked.kinds == {"3": "refused"}
    assert asked.texts == {id: text for id, text in all_of(20).items() if id != "3"}
    assert not any("is lost" in line for line in asked.news)


def test_a_server_that_is_put_in_place_again_is_waited_for_and_costs_no_sample() -> None:
    """What stands before it says 404 meanwhile."""

    def plan(body: Body, turn: int) -> str:
        return "404" if len(server.answered) > 10 and server.turns["1 + 1 ="] < 5 else "ok"

    server = FaultServer(plan)
    server.error = {"detail": "Not Found"}
    asked = ask([server], prompts(60))
    assert asked.texts == all_of(60)
    assert any("is lost" in line for line in asked.news)


def test_a_prompt_about_which_a_server_says_404_is_rejected_alone() -> None:
    server = FaultServer(lambda body, turn: "404" if prompt_of(body) == "3" else "ok")
    server.error = {"error": {"message": "no such picture", "param": "messages"}}
    asked = ask([server], prompts(20))
    assert asked.kinds == {"3": "rejected"}
    assert len(asked.texts) == 19
    assert not any("is lost" in line for line in asked.news)


def test_a_failing_connection_costs_nothing_of_what_is_in_flight_where_the_server_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, sockets = iter(range(10**6)), connection._socket

    def socket(info: Any) -> Any:
        if next(made) % 7 == 3:
            raise ConnectionResetError(errno.ECONNRESET, "reset")
        return sockets(info)

    monkeypatch.setattr(connection, "_socket", socket)
    server = FaultServer(lambda body, turn: "reset" if turn == 0 and prompt_of(body).isdecimal() else "ok")
    asked = ask([server], prompts(60))
    assert asked.texts == all_of(60)
    assert next(made) > 20
    assert not any("is lost" in line for line in asked.news)


@pytest.mark.parametrize(
    ("status", "header"), [("429", "Retry-After"), ("503", "Retry-After"), ("429", "Retry-After-Ms")]
)
def test_a_server_that_asks_for_no_time_at_all_is_not_asked_all_times_at_once(status: str, header: str) -> None:
    waited = []

    class Noted(Waits):
        def spread(self, wait_s: float) -> float:
            waited.append(wait_s)
            return 0.0

    server = FaultServer(lambda body, turn: status if prompt_of(body) == "0" and turn < 10 else "ok")
    server.headers = {header: "0"}
    asked = ask([server], prompts(1), waits=Noted(pauses_s=(1.0, 2.0, 4.0, *(8.0,) * 7)))
    assert asked.texts == all_of(1)
    assert waited == [1, 2, 4, *(8,) * 7]


def test_a_request_whose_longest_answer_has_no_name_that_is_taken_fails_alone() -> None:
    def plan(body: Body, turn: int) -> str:
        return "400" if prompt_of(body) == "3" else "ok"

    server = FaultServer(plan)
    server.error = {"error": {"message": "max_tokens and max_completion_tokens: not supported", "param": "max_tokens"}}
    asked = ask([server], prompts(8))
    assert asked.kinds == {"3": "rejected"}
    assert len(asked.texts) == 7


def test_a_server_that_comes_long_after_its_time_is_used_while_others_go_on() -> None:
    is_there = asyncio.Event()

    def late_plan(body: Body, turn: int) -> str:
        if turn > 4 or prompt_of(body).isdecimal():
            is_there.set()
        return "ok" if is_there.is_set() else "503"

    class Slow(FaultServer):
        async def ok(self, request: web.Request, prompt: str) -> web.StreamResponse:
            if int(prompt[0]) > 4:
                await is_there.wait()
            return await super().ok(request, prompt)

    late, sound = FaultServer(late_plan), Slow()
    asked = ask([late, sound], prompts(200), "model.start_timeout_s=0.001", at_once=8)
    assert asked.texts == all_of(200)
    assert len(late.answered) > 1
    assert any("it is asked now and then, while others go on" in line for line in asked.news)


def test_servers_that_are_all_gone_end_the_run_after_their_time() -> None:
    servers = [FaultServer(lambda body, turn: "503" if sum(map(is_late, servers)) else "ok") for _ in range(2)]

    def is_late(server: FaultServer) -> bool:
        return len(server.answered) > 20

    asked = ask(servers, prompts(100), "model.start_timeout_s=0.1", at_once=8)
    assert set(asked.kinds.values()) == {"EngineError"}
    assert "no answer of 127.0.0.1" in str(asked.found["99"])


def test_a_server_that_dies_and_comes_back_is_used_again_and_nothing_is_lost() -> None:
    deaths = iter(range(3))

    def plan(body: Body, turn: int) -> str:
        is_late = len(server.answered) in (20, 60, 100)
        return "death" if is_late and prompt_of(body).isdecimal() and next(deaths, None) is not None else "ok"

    server = FaultServer(plan)
    server.revives = True
    asked = ask([server], prompts(150), at_once=16)
    assert asked.texts == all_of(150)
    assert any("is lost" in line for line in asked.news)


def test_a_server_that_dies_for_good_leaves_its_work_to_the_other() -> None:
    dying = FaultServer(lambda body, turn: "death" if len(dying.answered) > 10 else "ok")
    staying = FaultServer()
    asked = ask([dying, staying], prompts(120), "model.start_timeout_s=0.2")
    assert asked.texts == all_of(120)


def test_a_server_that_says_500_to_all_is_lost_and_costs_no_sample() -> None:
    broken = FaultServer(lambda body, turn: "500" if len(broken.answered) > 5 else "ok")
    sound = FaultServer()
    asked = ask([broken, sound], prompts(100), "model.start_timeout_s=0.2")
    assert asked.texts == all_of(100)
    assert any("answers nothing any more" in line for line in asked.news)


def test_a_request_that_ends_the_server_fails_alone() -> None:
    server = FaultServer(lambda body, turn: "death" if prompt_of(body) == "17" else "ok")
    server.revives = True
    asked = ask([server], prompts(60), at_once=16)
    assert asked.kinds == {"17": "engine_killed"}
    assert asked.texts == {id: text for id, text in all_of(60).items() if id != "17"}


def test_a_server_that_is_not_there_is_named_with_what_to_do() -> None:
    server = FaultServer(lambda body, turn: "503")
    with pytest.raises(EngineError, match=r"no answer of 127\.0\.0\.1:\d+ in 0\.1 s: .* 503: planned\n  fix: start it"):
        ask([server], prompts(1), "model.start_timeout_s=0.1")


def test_a_server_that_takes_a_question_and_says_nothing_is_not_waited_for_for_ever() -> None:
    server = FaultServer(lambda body, turn: "hang")
    with pytest.raises(EngineError, match="says nothing"):
        ask([server], prompts(1), "model.start_timeout_s=0.1")


def test_a_server_is_waited_for_until_it_really_answers() -> None:
    """Its list of models is there before its engine is."""
    server = FaultServer(lambda body, turn: ["503", "html", "500", "ok"][min(turn, 3)], owner="vllm")
    asked = ask([server], prompts(5))
    assert asked.texts == all_of(5)
    assert any("waiting for the first answer" in line for line in asked.news)


def test_it_gets_fewer_requests_at_once_when_it_says_that_they_are_too_many() -> None:
    server = FaultServer(at_once=8)
    asked = ask([server], prompts(300), at_once=128, waits=AT_ONCE)
    assert asked.texts == all_of(300)
    assert server.most_in_flight < 40


def test_it_gets_more_and_more_while_it_does_not() -> None:
    server = FaultServer()
    asked = ask([server], prompts(800), at_once=200)
    assert len(asked.texts) == 800
    assert asked.limits[0] > 150


def test_each_request_is_asked_once_where_nothing_is_wrong() -> None:
    servers = [FaultServer(), FaultServer(), FaultServer()]
    asked = ask(servers, prompts(300))
    assert asked.texts == all_of(300)
    asked_of = defaultdict(int)
    for server in servers:
        for prompt, count in server.turns.items():
            asked_of[prompt] += count
    del asked_of["1 + 1 ="]
    assert set(asked_of.values()) == {1}


RAW = [
    *(b"", b"garbage\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", b"\x00" * 99),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=none\r\nContent-Length: 4\r\n\r\nnope",
    b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    b"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n",
]


@pytest.mark.parametrize("raw", RAW)
def test_bytes_that_are_no_http_are_told_as_such(raw: bytes) -> None:
    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"1 + 1 =")
        writer.write(raw)
        await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(reply, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        overrides = ("model=openai", "model.path=m", f"model.base_urls=[{url}]", "model.start_timeout_s=0.01")
        model = ServerModel(composed(*overrides).model)
        [member] = await model.members()
        with pytest.raises((ConfigError, EngineError)):
            await member.start(lambda _: None)
        await member.stop()
        await model.close()
        server.close()

    asyncio.run(run())


@pytest.mark.parametrize("raw", [b"", b"\x15\x03\x03\x00\x02\x02\x50"], ids=["end", "alert"])
def test_a_handshake_that_breaks_off_is_tried_again(raw: bytes) -> None:
    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(raw)
        await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(reply, "127.0.0.1", 0)
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        model = ServerModel(composed("model=openai", "model.path=m", f"model.base_urls=[{url}]").model)
        way = Connection(model._addresses[0], model._key, 60)
        with pytest.raises(Unanswered) as broken:
            await way.post(b"{}")
        assert broken.value.kind == "connection_lost"
        await way.close()
        server.close()

    asyncio.run(run())
