"""Build the model that a configuration names."""

from __future__ import annotations

from mathbatch.base import BaseInferenceModel
from mathbatch.config import ModelConfig
from mathbatch.config.instantiate import make
from mathbatch.errors import ConfigError


def build_model(config: ModelConfig) -> BaseInferenceModel:
    """Build the model, without opening it. Raise ConfigError for a class that is missing and for its arguments."""
    model = make("model", {"_target_": config._target_}, BaseInferenceModel, config=config)
    if getattr(model, "config", None) is not config:
        fix = "call super().__init__(config) in it"
        raise ConfigError("model._target_", f"{type(model).__name__}.__init__ does not keep its config", fix)
    return model
