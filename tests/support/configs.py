"""Compose configurations in the process of the tests."""

from __future__ import annotations

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from omegaconf import open_dict

from mathbatch.config import Config
from mathbatch.config.dataset_paths import anchor_paths
from mathbatch.config.load import typed
from mathbatch.config.paths import conf_dir
from mathbatch.config.yaml_source import read_yaml_as_spelled


def composed(*arguments: str) -> Config:
    """Return the configuration that these overrides give."""
    ConfigStore.instance().store(name="schema", node=Config)
    read_yaml_as_spelled(Config)
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        config = compose("config", list(arguments), return_hydra_config=True)
    anchor_paths(config, config.hydra)
    with open_dict(config):
        del config["hydra"]
    return typed(config)
