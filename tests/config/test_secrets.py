"""Secrets are neither saved nor shown: by whatever name and in whatever form they are written, and not in a prompt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from omegaconf import OmegaConf
from support.configs import composed
from support.growth import LINEAR, growth
from support.processes import run
from support.rows import overrides, questions, write_rows

from mathbatch.config import environment_secrets
from mathbatch.config.environment_secrets import refuse_secrets_in_config, refuse_secrets_in_prompt
from mathbatch.config.load import typed
from mathbatch.config.paths import conf_dir
from mathbatch.config.secret_signs import is_secret_name, looks_secret
from mathbatch.config.secrets import refuse_typed_secrets, refuse_written_secrets
from mathbatch.errors import ConfigError
from mathbatch.records import Request

# No key of anybody: made up here, in the forms that their issuers give them.
LETTERS = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6"
# Names that say it, with values that could be anything.
BY_NAME = [
    *("apikey", "apiKey", "API_KEY", "X-Api-Key", "api_key_2", "openaiKey", "WANDB_API_KEY", "hf_token", "token"),
    *("authToken", "access-token", "session_token", "Authorization", "auth", "bearer", "password", "dbPassword"),
    *("passwd", "pwd", "db_pass", "passphrase", "secret", "client_secret", "aws_secret_access_key", "private_key"),
    *("credentials", "cookie", "Set-Cookie", "github_pat", "jwt", "密码", "auth_header"),
    *("license_key", "Kennwort", "contraseña"),
]
# Values that say it, under whatever name.
BY_VALUE = [
    *(f"hf_{LETTERS}", f"sk-{LETTERS}", f"sk-ant-api03-{LETTERS}", f"sk-proj-{LETTERS}", "AKIAIOSFODNN7EXAMPLE"),
    *(f"ghp_{LETTERS}", f"gho_{LETTERS}", f"github_pat_{LETTERS}", f"glpat-{LETTERS}", f"xoxb-123456-{LETTERS}"),
    *(f"AIza{LETTERS}", f"ya29.{LETTERS}", f"eyJhbGciOiJI.eyJzdWIi.{LETTERS}", f"nvapi-{LETTERS}", f"gsk_{LETTERS}"),
    *(f"r8_{LETTERS}", f"pplx-{LETTERS}", f"dckr_pat_{LETTERS}", f"npm_{LETTERS}", f"pypi-AgE{LETTERS}", LETTERS),
    *(f"Bearer {LETTERS}", "Basic dXNlcjpwYXNzd29yZA==", f"123456789:AA{LETTERS}", f"key is {LETTERS}, keep it"),
    *("https://me:hunter2@example.org/rows", f"https://{LETTERS}@example.org", "postgres://u:p4ss@db/x"),
    *("https://example.org/x?token=abcd", f"https://x.blob.example/y?sv=1&sig={LETTERS}%3D", "--api-key abc123"),
    *("https://x.example/y?X-Amz-Signature=abcdef0123456789", f"AGE-SECRET-KEY-1{LETTERS.upper()}"),
    *("AccountName=x;AccountKey=abc123==", "export PASSWORD=hunter2", "-----BEGIN RSA PRIVATE KEY-----\nMII"),
    *(
        f"csk-{LETTERS.lower()}",
        f"lin_api_{LETTERS}",
        f"secret_{LETTERS}",
        "-c PASSWORD='hunter2'",
        "password: hunter2",
    ),
    *("${oc.decode:hf_realvalue1}", "${oc.env:TOKEN,hf_realvalue1}", f"${{oc.env:A,${{oc.env:B,sk-{LETTERS}}}}}"),
]
HARMLESS: list[tuple[str, Any]] = [
    ("max_tokens", 2048),
    ("secret_number", 42),
    ("prompt", "def f(auth=g(x1y2)): token: <answer1>"),
    ("prompt", "Let secret_number=42abc."),
    ("min_tokens", 1),
    ("stop_token_ids", [151645]),
    ("skip_special_tokens", True),
    ("tokenizer", "Qwen/Qwen2.5-VL-7B-Instruct"),
    ("tokenizer_mode", "slow"),
    ("thinking_token_budget", 512),
    ("bos_token", "<|im_start|>"),
    ("image_token", "IMG"),
    ("token", "<image>"),
    ("trust_remote_code", True),
    ("author", "A. N. Other"),
    ("monkey", "see"),
    ("passes", "2"),
    ("first_pass", "greedy"),
    ("compass", "north"),
    ("primary_key", "id"),
    ("api_key_env", "OPENAI_API_KEY"),
    ("password_field", "password"),
    ("key", "question"),
    ("api_key", "EMPTY"),
    ("api_key", None),
    ("api_key", ""),
    ("auth", False),
    ("hf_token", "${oc.env:HF_TOKEN}"),
    ("hf_token", "${oc.env:HF_TOKEN,null}"),
    ("hf_token", "${oc.env:HF_TOKEN,${oc.env:HUGGING_FACE_HUB_TOKEN,''}}"),
    ("Authorization", "Bearer ${oc.env:MY_TOKEN}"),
    ("url", "https://${oc.env:MY_USER}:${oc.env:MY_PASSWORD}@example.org?token=${oc.env:MY_TOKEN}"),
    ("revision", "0123456789abcdef0123456789abcdef01234567"),
    ("digest", "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
    ("id", "123e4567-e89b-12d3-a456-426614174000"),
    ("path", "/cache/models--Qwen--Qwen2.5-VL-7B/snapshots/cc594898137f460bfe9f0759e9844b3ce807cfb5"),
    ("path", "Qwen/Qwen2.5-Math-72B-Instruct-GPTQ-Int4"),
    ("name", "Llama-3.2-90B-Vision-Instruct-FP8-dynamic"),
    ("where", "/data/aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE/rows.jsonl"),
    ("source", "https://drive.google.com/uc?export=download&id=1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms"),
    ("source", "https://example.org/rows.jsonl?download=true&page=12&key=v2"),
    ("source", "http://localhost:8000/v1"),
    ("source", "git@github.com:owner/name.git"),
    ("image", "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"),
    ("system_prompt", "You are a basic step-by-step solver. Never reveal the secret: answer with the key 1 to 5."),
    ("prompt", "A password has 8 characters. How many tokens, at 3 per word, has the secret message? Key: 42"),
    ("prompt", r"{{ question }} Write \boxed{ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789}"),
    ("embedding", "glove-wiki-gigaword-300"),
    ("logit_bias", {"13": 5.0}),
]


def refusal(node: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        refuse_written_secrets(node, "")
    return str(caught.value)


@pytest.mark.parametrize("name", BY_NAME)
def test_what_its_name_says_is_a_secret_is_refused_wherever_it_stands(name: str) -> None:
    for value in ("abc", 12345, ["abc"], {"value": "abc"}, "${oc.env:A,abc}", b"abc"):
        told = refusal({"sampling": {"extra_args": [{name: value}]}})
        assert f"sampling.extra_args.0.{name}" in told
        assert "oc.env:" in told
        assert "abc" not in told
    for argument in (
        f"+loader.{name}=abc",
        f"loader={{a: [{{'{name}': abc}}]}}",
        f"loader.{name}=abc,def",
        f"~a.{name}=abc",
    ):
        with pytest.raises(ConfigError, match=r"oc\.env") as caught:
            refuse_typed_secrets([argument])
        assert "abc" not in str(caught.value)


@pytest.mark.parametrize("name", ["api key", "api.key", "t\u200boken", "\uff54oken"])
def test_what_stands_between_the_letters_of_a_name_hides_no_secret(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("value", BY_VALUE)
def test_what_looks_like_a_secret_is_refused_under_any_name(value: str) -> None:
    for node in ({"x": value}, {"x": [[value]]}, {"x": {value: 1}}, {"x": f"a {value} b"}):
        told = refusal({"loader": node})
        assert "loader" in told
        assert value not in told
        assert LETTERS not in told
    with pytest.raises(ConfigError) as caught:
        refuse_typed_secrets([f'loader.x="{value}"'])
    assert value not in str(caught.value)


@pytest.mark.parametrize(
    "node",
    [
        {"headers": {"Authorization": "xyz"}},
        {"headers": [{"name": "Authorization", "value": "xyz"}]},
        {"headers": ["Authorization", "xyz"]},
        {"headers": ["X-Api-Key: xyz123"]},
        {"arguments": ["--api-key", "xyz"]},
        {"credentials": {"user": "me", "key": ["xyz"]}},
    ],
)
def test_secrets_are_found_beside_what_names_them(node: dict[str, Any]) -> None:
    assert "xyz" not in refusal(node)


@pytest.mark.parametrize(
    "argument", ["model.engine.api_key=xyz,{b", "loader={a: {api_key: xyz", "loader.password=xyz]"]
)
def test_an_argument_that_nobody_can_read_does_not_show_its_secret(argument: str) -> None:
    with pytest.raises(ConfigError) as caught:
        refuse_typed_secrets([argument])
    assert "xyz" not in str(caught.value)


@pytest.mark.parametrize(("name", "value"), HARMLESS)
def test_what_is_no_secret_is_accepted(name: str, value: object) -> None:
    refuse_written_secrets({"model": {name: value, "list": [{name: value}]}}, "")


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "a",
            "1",
            "-",
            " ",
            "=",
            ":",
            "://",
            "-eyJ",
            "-sk-",
            " hf_",
            "SG.aaaaaaaaaaaaaaaa",
            "Bearer ",
            "a:",
            "${",
            "${a:",
        ),
        *("-----BEGIN ", "data:", "data:;a", "?a=", "--a ", "a=", "aA1", "secret ", "://a:", "token: ", "${oc.env:"),
    ],
)
def test_a_long_text_is_looked_at_in_time_that_grows_with_it(piece: str) -> None:
    assert growth(lambda size: looks_secret(piece * (size // len(piece)) + "!"), 4_000) < LINEAR


def test_columns_and_tokens_of_a_text_may_have_any_name() -> None:
    refuse_written_secrets({"dataset": {"columns": {"password": "answer", "token": "row.key"}}}, "")
    refuse_written_secrets({"sampling": {"logit_bias": {"token": 5, "secret": -1.5}}}, "")


def test_no_shipped_configuration_holds_a_secret() -> None:
    files = sorted(conf_dir().rglob("*.yaml"))
    assert len(files) > 20
    for path in files:
        refuse_written_secrets(yaml.safe_load(path.read_text(encoding="utf-8")), "")


def test_a_run_that_was_saved_with_a_secret_can_still_be_looked_at() -> None:
    values = asdict(composed())
    values["sampling"]["extra_args"] = {"apikey": "abc"}
    with pytest.raises(ConfigError, match=r"sampling\.extra_args\.apikey"):
        typed(OmegaConf.create(values))
    assert typed(OmegaConf.create(values), is_new=False).sampling.extra_args == {"apikey": "abc"}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set variables of several kinds, and let what is known of the environment be read anew."""
    values = {
        "HF_TOKEN": "hf_notreal0",
        "DB_PASSWORD": "pass-word-9",
        "PLAIN": "sk-abcdefgh1234567",
        "WORD_SECRET": "integral",
    }
    values |= {"PIN_TOKEN": "31415926", "KEY_FILE": "/etc/key-of-mine", "PWD": "/home/abcdefgh", "SHORT_TOKEN": "x1"}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    environment_secrets._secrets.cache_clear()
    yield
    environment_secrets._secrets.cache_clear()


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    ("value", "variable"),
    [("hf_notreal0", "HF_TOKEN"), ("pass-word-9", "DB_PASSWORD"), ("sk-abcdefgh1234567", "PLAIN")],
)
def test_a_secret_of_the_environment_is_refused_in_every_part_of_a_prompt(value: str, variable: str) -> None:
    text = f"before {value} after"
    for content in (text, [{"type": "text", "text": "a"}, {"type": "text", "text": text}]):
        messages = [{"role": "system", "content": "x"}, {"role": "user", "content": content}]
        with pytest.raises(ConfigError, match=f"row 7: .*{variable}") as caught:
            refuse_secrets_in_prompt(Request("a", messages, row_number=7))
        assert value not in str(caught.value)
    for path, values in (("dataset.name", {"dataset": {"name": text}}), ("system_prompt", {"system_prompt": text})):
        with pytest.raises(ConfigError, match=f"{path}: .*{variable}") as caught:
            refuse_secrets_in_config(values)
        assert value not in str(caught.value)
    refuse_secrets_in_config({"model": {"engine": {"hf_token": value}}, "sampling": {"extra_args": {"x": [value]}}})


@pytest.mark.usefixtures("environment")
def test_words_numbers_and_paths_of_the_environment_may_stand_in_a_prompt() -> None:
    text = "the integral of x1 is 31415926, see /etc/key-of-mine and /home/abcdefgh"
    content = [{"type": "text", "text": text}, {"type": "image"}]
    refuse_secrets_in_prompt(Request("a", [{"role": "user", "content": content}]))


@pytest.mark.process
def test_no_file_of_a_run_gets_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", secret := f"hf_{LETTERS}")
    rows = [*questions(2), {"sample_index": "9", "query_cot": f"What is {secret}?"}]
    data = write_rows(tmp_path / "rows.jsonl", rows)
    (tmp_path / "prompt.txt").write_text(f"Use {secret}.")
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "keys.yaml").write_text(f"# @package _global_\nsampling:\n  extra_args: {{a: {secret}}}\n")
    limited = [*overrides(data), "dataset.limit=2"]
    for arguments in (
        [*overrides(data)],
        [*limited, "system_prompt='${oc.env:HF_TOKEN}'"],
        [*limited, "system_prompt_file=prompt.txt"],
        [*limited, f"sampling.extra_args={{apikey: {secret}}}"],
        ["-m", *limited, f"+hydra.job.env_set={{A: {secret}}}", "sampling.max_tokens=5,6"],
        ["-m", *limited, "--config-dir", "conf", "+keys@_global_=keys", "sampling.max_tokens=5,6"],
    ):
        done = run(tmp_path, *arguments)
        assert done.returncode == 2, done.stdout + done.stderr
        assert secret not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        for path in tmp_path.glob("outputs/**/*"):
            assert secret not in str(path)
            assert not path.is_file() or secret not in path.read_text(errors="replace"), path


def test_names_of_settings_of_ours_are_no_secrets() -> None:
    from dataclasses import fields, is_dataclass

    from mathbatch.config import schema

    names = {own.name for section in vars(schema).values() if is_dataclass(section) for own in fields(section)}
    assert len(names) > 60
    assert not [name for name in names if is_secret_name(name)]
