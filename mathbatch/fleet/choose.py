"""Choose between one engine and a fleet of them."""

from __future__ import annotations

from mathbatch.base import BaseInferenceModel
from mathbatch.config import Config
from mathbatch.fleet.model import FleetModel
from mathbatch.models.build import build_model


def model_of(config: Config) -> BaseInferenceModel:
    """Return the model of a configuration, not open yet: one engine, or a fleet where there is room for several.

    Raise ConfigError for a class that is missing and for its arguments.
    """
    model = build_model(config.model)
    if isinstance(model, FleetModel):
        model.image_budget_bytes = int(config.image_budget_gib * 2**30)
        model.image_workers = config.image_workers
        return model
    if config.cluster.kind == "ray" or (config.model.replicas or 1) > 1:
        from mathbatch.fleet.ray_fleet import RayFleet

        return RayFleet(config, model)
    return model
