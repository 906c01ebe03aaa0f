"""A server gets what an engine would get, by the names that it knows; what it doesn't know is refused before."""

from __future__ import annotations

import base64
import functools
import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from support.configs import composed
from support.fault_server import FaultServer
from support.server_models import ask, prompts

from mathbatch.config import Config, ModelConfig
from mathbatch.data.images.decode import ImageDecoder
from mathbatch.data.images.wire import WireEncoder
from mathbatch.errors import ConfigError
from mathbatch.fleet.choose import model_of
from mathbatch.fleet.servers.bodies import BodyWriter
from mathbatch.fleet.servers.dialects import DIALECTS, LENGTHS, UNKNOWN, Dialect
from mathbatch.fleet.servers.model import ServerModel
from mathbatch.records import ImageRef, Request
from mathbatch.runner.components import sampling_values

SERVER = ("model=openai", "model.path=m", "model.base_urls=[http://a:8000/v1]")


@functools.cache
def config_of(*overrides: str) -> Config:
    return composed(*SERVER, *overrides)


def body_of(*overrides: str, dialect: Dialect = UNKNOWN, seed: int | None = None) -> dict[str, Any]:
    config = config_of(*overrides)
    values = sampling_values(config.sampling)
    if seed is not None:
        values["seed"] = seed
    writer = BodyWriter(config.model)
    request = Request(id="1", messages=[{"role": "user", "content": "1 + 1"}], sampling=values)
    found: dict[str, Any] = json.loads(writer.body(writer.head(values, dialect, LENGTHS[0]), request))
    return found


def test_what_is_off_is_not_sent_to_a_server_that_may_not_know_it() -> None:
    messages = [{"role": "user", "content": "1 + 1"}]
    assert body_of() == {"model": "m", "temperature": 0.0, "max_tokens": 1024, "messages": messages}
    assert "max_tokens" not in body_of("sampling.max_tokens=null")


@pytest.mark.parametrize("kind", ["vllm", "sglang", "lmdeploy"])
def test_what_a_generation_config_could_set_otherwise_is_always_sent(kind: str) -> None:
    found = body_of(dialect=DIALECTS[kind])
    assert found["top_k"] == (-1 if kind == "sglang" else 0)
    assert (found["top_p"], found["min_p"], found["repetition_penalty"]) == (1.0, 0.0, 1.0)


@pytest.mark.parametrize(("temperature", "samples"), [("0", False), ("0.7", True)])
def test_lmdeploy_is_told_whether_to_sample(temperature: str, samples: bool) -> None:
    assert body_of(f"sampling.temperature={temperature}", dialect=DIALECTS["lmdeploy"])["do_sample"] is samples


def test_sampling_parameters_have_the_names_of_the_server() -> None:
    given = ("sampling.min_tokens=3", "sampling.include_stop_str_in_output=true", "sampling.top_k=20")
    assert body_of(*given, dialect=DIALECTS["vllm"])["min_tokens"] == 3
    assert body_of(*given, dialect=DIALECTS["lmdeploy"])["min_new_tokens"] == 3
    assert body_of(*given, dialect=DIALECTS["sglang"])["no_stop_trim"] is True
    assert body_of(*given)["top_k"] == 20
    assert body_of("+sampling.extra_args.x=1", dialect=DIALECTS["vllm"])["vllm_xargs"] == {"x": 1}


def test_each_request_has_its_own_seed_and_none_asks_for_several_answers() -> None:
    found = body_of("sampling.n=4", "sampling.temperature=1", seed=1 << 62)
    assert found["seed"] == 1 << 62
    assert "n" not in found


def test_further_keys_and_variables_of_the_template_are_passed_on() -> None:
    found = body_of("+model.extra_body.reasoning_effort=high", "+model.chat_template_kwargs.enable_thinking=false")
    assert found["reasoning_effort"] == "high"
    assert found["chat_template_kwargs"] == {"enable_thinking": False}


@pytest.mark.parametrize(
    ("setting", "path"),
    [
        ("+model.extra_body.n=2", "model.extra_body.n"),
        ("+model.extra_body.stream=true", "model.extra_body.stream"),
        ("+model.extra_body.top_k=2", "model.extra_body.top_k"),
        ("+model.extra_body.max_completion_tokens=2", "model.extra_body.max_completion_tokens"),
        ("model.server=sglan", "model.server"),
        ("+model.engine.dtype=auto", "model.engine"),
        ("model.lora=x", "model.lora"),
        ("model.max_model_len=4096", "model.max_model_len"),
        ("model.trust_remote_code=true", "model.trust_remote_code"),
        ("model.cpu_kv_cache_gib=8", "model.cpu_kv_cache_gib"),
        ("model.replicas=2", "model.replicas"),
        ("model.reasoning=qwen3", "model.reasoning"),
        ("model.base_urls=[]", "model.base_urls"),
        ("model.base_urls=[localhost:8000]", "model.base_urls.0"),
        ("model.base_urls=[ftp://a/v1]", "model.base_urls.0"),
        ("model.base_urls=['http://a/v1?x=1']", "model.base_urls.0"),
        ("model.base_urls=[http://a:99999/v1]", "model.base_urls.0"),
        ("model.base_urls=[http://a/v1,http://a/v1/]", "model.base_urls"),
        ("+model.chat_template_kwargs.strftime_now='2025-01-01'", "model.chat_template_kwargs.strftime_now"),
    ],
)
def test_a_setting_that_can_not_be_kept_is_refused(setting: str, path: str) -> None:
    with pytest.raises(ConfigError) as raised:
        ServerModel(composed(*SERVER, setting).model)
    assert raised.value.path == path


@pytest.mark.parametrize(
    ("overrides", "path"),
    [
        (("+model.extra_body.reasoning_effort=high",), "model.extra_body"),
        (("model.server=vllm",), "model.server"),
        (("model.start_timeout_s=9",), "model.start_timeout_s"),
        (("model.api_key_env=MINE",), "model.api_key_env"),
        (("deploy=vllm", "model.server=vllm"), "model.server"),
        (("deploy=vllm", "model.start_timeout_s=9"), "model.start_timeout_s"),
        ((*SERVER, "cluster=ray"), "cluster.kind"),
        (("cluster.address=host:6379",), "cluster.address"),
    ],
)
def test_a_key_that_nothing_would_follow_is_refused(overrides: tuple[str, ...], path: str) -> None:
    with pytest.raises(ConfigError) as raised:
        model_of(composed(*overrides))
    assert raised.value.path == path


def test_requests_to_servers_that_are_started_may_have_further_keys() -> None:
    model_of(composed("deploy=vllm", "+model.extra_body.reasoning_effort=high"))


@pytest.mark.parametrize("key", ["sk-proj-a1B2c3D4e5F6g7H8i9J0k1L2", "gsk_a1B2c3D4e5F6g7H8i9J0k1L2", "a b", "1A"])
def test_a_key_in_the_place_of_its_variable_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(ConfigError) as raised:
        ModelConfig(name="m", path="m", api_key_env=key)
    assert raised.value.path == "model.api_key_env"
    assert key not in str(raised.value)
    ModelConfig(name="m", path="m", api_key_env="")


@pytest.mark.parametrize(
    ("kind", "setting", "path"),
    [
        ("openai", "sampling.top_k=20", "sampling.top_k"),
        ("openai", "sampling.repetition_penalty=1.1", "sampling.repetition_penalty"),
        ("sglang", "sampling.bad_words=[x]", "sampling.bad_words"),
        ("sglang", "+sampling.structured_outputs.regex=a", "sampling.structured_outputs"),
        ("lmdeploy", "sampling.stop_token_ids=[1]", "sampling.stop_token_ids"),
        ("openai", "+model.chat_template_kwargs.x=1", "model.chat_template_kwargs"),
    ],
)
def test_what_a_kind_of_server_would_ignore_is_refused_before_anything_is_asked(
    kind: str, setting: str, path: str
) -> None:
    config = composed(*SERVER, f"model.server={kind}", setting)
    with pytest.raises(ConfigError) as raised:
        ServerModel(config.model).check_sampling(sampling_values(config.sampling))
    assert raised.value.path == path


def test_a_server_that_says_what_it_is_is_not_asked_with_what_it_does_not_know() -> None:
    server = FaultServer(owner="sglang")
    asked = ask([server], prompts(3), "sampling.bad_words=[x]")
    assert set(asked.kinds.values()) == {"JobError"}
    assert server.turns.keys() == {"1 + 1 ="}


def test_a_server_that_does_not_say_what_it_is_is_told_about() -> None:
    asked = ask([FaultServer()], prompts(3), "sampling.top_k=5")
    assert sum("does not say what it is, so top_k" in line for line in asked.news) == 1


def test_the_longest_answer_has_the_name_that_the_server_wants() -> None:
    server = FaultServer(lambda body, turn: "400" if "max_tokens" in body else "ok")
    server.error = {"error": {"message": "Use 'max_completion_tokens' instead of 'max_tokens'", "param": "max_tokens"}}
    asked = ask([server], prompts(5), "sampling.max_tokens=77")
    assert len(asked.texts) == 5
    assert server.bodies["3"][-1]["max_completion_tokens"] == 77


def test_a_parameter_that_the_server_refuses_ends_the_job_by_its_name() -> None:
    server = FaultServer(lambda body, turn: "400" if body.get("temperature") == 0 else "ok")
    server.error = {"error": {"message": "Only the default (1) is supported", "param": "temperature"}}
    asked = ask([server], prompts(2))
    assert set(asked.kinds.values()) == {"JobError"}
    assert "temperature is refused" in str(asked.found["0"])


def encoded(mode: str, kind: str, **options: Any) -> bytes:
    image = Image.effect_noise((40, 30), 80).convert("RGB" if mode == "RGBA" else mode)
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize((40, 30)))
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded("RGB", "JPEG", exif=exif)


IMAGES = {
    "jpeg": (encoded("RGB", "JPEG"), True),
    "grey jpeg": (encoded("L", "JPEG"), True),
    "progressive jpeg": (encoded("RGB", "JPEG", progressive=True), True),
    "cmyk jpeg": (encoded("CMYK", "JPEG"), False),
    "turned jpeg": (turned(), False),
    "png": (encoded("RGB", "PNG"), True),
    "grey png": (encoded("L", "PNG"), True),
    "png of a palette": (encoded("P", "PNG"), False),
    "png of bits": (encoded("1", "PNG"), False),
    "png of 16 bits": (encoded("I;16", "PNG"), False),
    "transparent png": (encoded("RGBA", "PNG"), False),
    "png of one transparent colour": (encoded("RGB", "PNG", transparency=(0, 0, 0)), False),
    "gif": (encoded("P", "GIF"), False),
    "webp": (encoded("RGB", "WEBP"), False),
    "bmp": (encoded("RGB", "BMP"), False),
}


@pytest.mark.parametrize("name", IMAGES)
def test_a_server_sees_the_pixels_that_the_engine_sees(name: str) -> None:
    data, stays = IMAGES[name]
    ref, limits = ImageRef("x", "x", data=data), (1_000_000, 1 << 20)
    ours, hash = ImageDecoder(*limits).decode(ref)
    sent, same_hash = WireEncoder(*limits).decode(ref)
    kind, _, text = json.loads(sent.json).partition(";base64,")
    seen = base64.b64decode(text)
    image = Image.open(io.BytesIO(seen))
    assert kind == f"data:image/{(image.format or '').lower()}"
    assert image.convert("RGB").tobytes() == ours.tobytes()
    assert same_hash == hash
    assert (len(seen) <= len(data) and image.format in ("JPEG", "PNG") and seen[-40:] == data[-40:]) == stays


def image_request(id: str, data: bytes | None = None, path: Path | None = None) -> Request:
    where = {"data": data} if path is None else {"path": str(path), "stamp": "1"}
    image = ImageRef(id, id, **where)  # type: ignore[arg-type]
    parts = [{"type": "text", "text": id}, {"type": "image", "image": image, "number": 1}]
    return Request(id=id, prompt=int(id), messages=[{"role": "user", "content": parts}])


def test_pictures_stand_in_their_places_and_one_that_can_not_be_read_costs_its_sample(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded("RGB", "PNG"))
    requests = [
        image_request("0", IMAGES["jpeg"][0]),
        image_request("1", path=tmp_path / "a.png"),
        image_request("2", path=tmp_path / "missing.png"),
        image_request("3", IMAGES["png"][0][:-300]),
    ]
    server = FaultServer(lambda body, turn: "503" if turn == 0 and body["max_tokens"] > 1 else "ok")
    asked = ask([server], requests)
    assert asked.kinds == {"2": "missing_image", "3": "broken_image"}
    assert asked.texts.keys() == {"0", "1"}
    text, picture = server.bodies["0"][-1]["messages"][0]["content"]
    assert text == {"type": "text", "text": "0"}
    assert picture["type"] == "image_url"
    assert picture["image_url"]["url"].startswith("data:image/jpeg;base64,/9j/")
    assert requests[0].content is None
    assert requests[1].content is not None
    assert asked.found["1"].content == requests[1].content  # type: ignore[union-attr]


def test_bodies_with_pictures_wait_for_memory() -> None:
    requests = [image_request(str(at), encoded("RGB", "BMP")) for at in range(30)]
    asked = ask([FaultServer()], requests, image_budget_bytes=20_000)
    assert len(asked.texts) == 30
