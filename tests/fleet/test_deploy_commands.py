"""Commands that start servers: what each kind is given, and what is refused since it would never hear of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from support.configs import composed

from mathbatch.config import Config, ModelConfig
from mathbatch.config.deploy_schema import DeployConfig
from mathbatch.errors import ConfigError
from mathbatch.fleet.choose import model_of, with_judges_model
from mathbatch.fleet.deploy.command import command_of, environment_of, python_of, refuse_unpassed, values_of
from mathbatch.fleet.deploy.model import DeployedModel
from mathbatch.runner.components import check_judge_model

MODEL = "model.path=owner/name"


def command(*overrides: str, size: int = 2, **engine: Any) -> list[str]:
    config = composed(*overrides)
    assert config.deploy is not None
    refuse_unpassed(config.model, config.deploy)
    values = values_of(config.model, config.deploy, "owner/name", size, 8192) | {"port": 20001}
    return command_of(config.deploy, values, engine)


def test_sglang_and_lmdeploy_get_the_options_that_they_have() -> None:
    words = command("deploy=sglang", MODEL, "model.name=m")[1:]
    assert " ".join(words) == (
        "-m sglang.launch_server --model-path=owner/name --served-model-name=m --host=127.0.0.1 --port=20001 "
        "--tp-size=2 --context-length=8192"
    )
    words = command("deploy=lmdeploy", MODEL, "model.name=m", "model.trust_remote_code=true")[1:]
    assert " ".join(words) == (
        "-m lmdeploy serve api_server owner/name --model-name=m --server-name=127.0.0.1 --server-port=20001 "
        "--tp=2 --session-len=8192 --trust-remote-code"
    )


def test_further_options_can_be_given_and_those_of_the_template_be_left_out() -> None:
    words = command(
        "deploy=sglang", MODEL, "+deploy.options.mem-fraction-static=0.8", "deploy.options.context-length=null"
    )
    assert "--mem-fraction-static=0.8" in words
    assert not any(word.startswith("--context-length") for word in words)


def test_vllm_gets_the_arguments_of_the_engine_as_its_command_line_has_them() -> None:
    words = command(
        "deploy=vllm",
        enforce_eager=True,
        enable_prefix_caching=False,
        limit_mm_per_prompt={"image": 4},
        quantization=None,
        cudagraph_capture_sizes=[1, 2],
        worker_extension_cls="mathbatch.X",
    )
    assert words[-6:] == [
        "--cudagraph-capture-sizes", "1", "2", "--host=127.0.0.1", "--port=20001", "--served-model-name=demo"
    ]  # fmt: skip
    assert {"--enforce-eager", "--no-enable-prefix-caching", '--limit-mm-per-prompt={"image":4}'} <= set(words)
    assert not any("quantization" in word or "mathbatch.X" in word for word in words)


@pytest.mark.usefixtures("vllm")
def test_the_command_for_vllm_makes_the_engine_that_this_process_would_have() -> None:
    from vllm import AsyncEngineArgs
    from vllm.entrypoints.launchers.cli_args import make_arg_parser
    from vllm.utils.argparse_utils import FlexibleArgumentParser

    model = model_of(composed("deploy=vllm", "+model.engine.max_num_seqs=7", "model.max_images=3"))
    assert isinstance(model, DeployedModel)
    values, engine = model._values(1)
    words = command_of(model._deploy, values | {"port": 20001}, engine)
    parsed = make_arg_parser(FlexibleArgumentParser()).parse_args(words[3:])
    arguments = AsyncEngineArgs.from_cli_args(parsed)
    assert (arguments.max_num_seqs, arguments.max_model_len, arguments.enforce_eager) == (7, 2048, True)
    assert arguments.limit_mm_per_prompt["image"] == 3
    assert arguments.limit_mm_per_prompt["video"] == 0
    assert (parsed.port, parsed.host, parsed.served_model_name) == (20001, "127.0.0.1", ["demo"])


@pytest.mark.parametrize(
    ("overrides", "path"),
    [
        (("deploy=sglang", MODEL, "+model.engine.max_num_seqs=7"), "model.engine"),
        (("deploy=lmdeploy", MODEL, "+model.mm_processor_kwargs.max_pixels=7"), "model.mm_processor_kwargs"),
        (("deploy=lmdeploy", MODEL, "model.chat_template=x.jinja"), "model.chat_template"),
        (("deploy=vllm", "model.lora=adapter"), "model.lora"),
        (("deploy=vllm", "cluster=ray"), "deploy"),
        (("deploy=vllm", "model._target_=mathbatch.models.scripted.ScriptedModel"), "deploy"),
        (("deploy=sglang", MODEL, "+deploy.options.x='{prot}'"), "deploy.options.x"),
        (("deploy=sglang", MODEL, "deploy.options.port=3"), "deploy.command"),
        (("deploy=sglang", MODEL, "deploy.python=/no/such/python"), "deploy.python"),
        (("deploy=sglang", MODEL, "deploy.kind=tgi"), "deploy.kind"),
        (("deploy=sglang", MODEL, "deploy.command=[]"), "deploy.command"),
    ],
)
def test_what_a_server_would_never_hear_of_is_refused(overrides: tuple[str, ...], path: str) -> None:
    with pytest.raises(ConfigError) as refused:
        model_of(composed(*overrides))
    assert refused.value.path == path


def test_the_sampling_parameters_are_those_of_the_kind_of_server() -> None:
    with pytest.raises(ConfigError, match=r"sampling\.bad_words"):
        model_of(composed("deploy=lmdeploy", MODEL)).check_sampling({"bad_words": ["x"]})
    model_of(composed("deploy=vllm")).check_sampling({"bad_words": ["x"]})


def test_a_python_of_its_own_gets_no_packages_of_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/packages")
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    own = DeployConfig(command=["x"], python=str(tmp_path), environment={"A": "b"})
    assert python_of(own) == str(python)
    assert "PYTHONPATH" not in environment_of(own)
    assert environment_of(own)["A"] == "b"
    same = DeployConfig(command=["x"])
    assert (python_of(same), environment_of(same)["PYTHONPATH"]) == (sys.executable, "/packages")


@pytest.mark.parametrize(
    "judge",
    [
        ("model@judge.model=openai", "judge.model.path=m", "judge.model.base_urls=[http://a:1/v1]"),
        ("model@judge.model=demo", "judge.model._target_=mathbatch.models.scripted.ScriptedModel"),
        ("model@judge.model=demo",),
    ],
)
def test_a_server_is_started_for_a_judge_only_where_that_is_an_engine(judge: tuple[str, ...]) -> None:
    config = composed("deploy=vllm", *judge)
    check_judge_model(config)
    assert isinstance(model_of(with_judges_model(config)), DeployedModel) is (len(judge) == 1)


def test_a_judge_elsewhere_needs_no_cluster() -> None:
    config = composed(
        "cluster=ray", "model@judge.model=openai", "judge.model.path=m", "judge.model.base_urls=[http://a]"
    )
    assert with_judges_model(config).cluster.kind == "local"


def test_without_a_server_nothing_is_deployed() -> None:
    assert Config().deploy is None
    assert not isinstance(model_of(composed()), DeployedModel)
    assert ModelConfig(name="m", path="p").replicas is None
