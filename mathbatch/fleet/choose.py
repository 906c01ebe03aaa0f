"""Choose between one engine and a fleet of them."""

from __future__ import annotations

from dataclasses import MISSING, fields, replace

from mathbatch.base import BaseInferenceModel
from mathbatch.config import Config, ModelConfig
from mathbatch.config.schema import ClusterConfig
from mathbatch.errors import ConfigError
from mathbatch.fleet import local
from mathbatch.fleet.model import FleetModel
from mathbatch.models.build import build_model
from mathbatch.models.vllm import VllmModel

# Keys about servers that do nothing here, and what to do: for an engine in processes of the run, and for servers that
# the run starts.
FOR_OTHERS_SERVERS = {
    "api_key_env": "leave it out",
    "server": "leave it out, or set deploy.kind",
    "start_timeout_s": "leave it out, or set deploy.start_timeout_s",
}
FOR_SERVERS = dict.fromkeys([*FOR_OTHERS_SERVERS, "extra_body"], "leave it out, or set model=openai") | {
    "extra_body": "leave it out, or set sampling.<name>, or deploy=vllm, whose requests may have it"
}
NO_RAY = "several engines need the package ray: pip install 'mathbatch[ray]'"


def model_of(config: Config) -> BaseInferenceModel:
    """Return the model of a configuration, not open yet: one engine, or a fleet where there is room for several.

    Raise ConfigError for a class that is missing and for its arguments.
    """
    model = build_model(config.model)
    if type(model) is VllmModel:
        _refuse_keys_of_servers(config)
    if config.deploy is not None:
        from mathbatch.fleet.deploy.model import DeployedModel

        model = DeployedModel(config, model)
    if isinstance(model, FleetModel):
        model.image_budget_bytes = int(config.image_budget_gib * 2**30)
        model.image_workers = config.image_workers
        if config.cluster.kind == "ray" and config.judge.model is None:
            raise ConfigError("cluster.kind", "servers are asked from this machine", "set cluster=local")
        return model
    sizes_itself = isinstance(model, VllmModel) and local.places_itself(config.model)
    if config.cluster.kind == "ray" and not sizes_itself:
        return _ray_fleet(config, model)
    if (config.model.replicas or 1) > 1:
        return _ray_fleet(config, model)
    if isinstance(model, VllmModel) and not sizes_itself:
        several = local.may_be_several(config.model)
        if several and local.has_ray():
            return _ray_fleet(config, model)
        model.settle = local.settling(NO_RAY if several else None)
    return model


def with_judges_model(config: Config) -> Config:
    """Return the configuration with the judge's model in place of its own, if there is one.

    `deploy` and `cluster` are about engines: servers that run elsewhere judge without them.
    """
    if (own := config.judge.model) is None:
        return config
    config, judge = replace(config, model=own), build_model(own)
    if not isinstance(judge, VllmModel):
        config = replace(config, deploy=None)
    return replace(config, cluster=ClusterConfig()) if isinstance(judge, FleetModel) else config


def _refuse_keys_of_servers(config: Config) -> None:
    """Raise ConfigError for a key about servers that run elsewhere, which nothing would follow."""
    unset = {one.name: one for one in fields(ModelConfig)}
    for name, fix in FOR_SERVERS.items() if config.deploy is None else FOR_OTHERS_SERVERS.items():
        one, value = unset[name], getattr(config.model, name)
        if value != (one.default if one.default_factory is MISSING else one.default_factory()):
            raise ConfigError(f"model.{name}", "is for servers that run already, and nothing follows it here", fix)


def _ray_fleet(config: Config, model: BaseInferenceModel) -> BaseInferenceModel:
    from mathbatch.fleet.ray_fleet import RayFleet

    return RayFleet(config, model)
