"""Compose configurations in the process of the tests."""

from __future__ import annotations

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore

from mathbatch.config import Config
from mathbatch.config.load import typed
from mathbatch.config.paths import conf_dir


def composed(*arguments: str) -> Config:
    """Return the configuration that these overrides give."""
    ConfigStore.instance().store(name="schema", node=Config)
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        return typed(compose("config", list(arguments)))
