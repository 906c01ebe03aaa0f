"""Read YAML files for Hydra with the spelling that the schema's texts have in the file."""

from __future__ import annotations

from pathlib import Path

import hydra._internal.core_plugins.file_config_source as of_hydra
from hydra._internal.sources_registry import SourcesRegistry
from hydra.plugins.config_source import ConfigResult
from omegaconf import OmegaConf

from mathbatch.config.schema import Config
from mathbatch.config.spelling import spelled


class FileConfigSource(of_hydra.FileConfigSource):
    """Source of YAML files. Hydra keeps the first source of a name, so this one takes the place of its own."""

    schema: type[Config] = Config

    def load_config(self, config_path: str) -> ConfigResult:
        """Return the file's configuration. Raises what Hydra and YAML do for one that can't be read."""
        result = super().load_config(config_path)
        text = (Path(self.path) / self._normalize_file_name(config_path)).read_text(encoding="utf-8")
        group = config_path.removesuffix(".yaml").rpartition("/")[0].replace("/", ".")
        package = str(result.header.get("package") or "_group_").replace("_group_", group).replace("_global_", "")
        value = spelled(text, OmegaConf.to_container(result.config, resolve=False), package, self.schema)
        result.config = OmegaConf.create(value)
        return result


def read_yaml_as_spelled(schema: type[Config]) -> None:
    """Let Hydra read its YAML files by this source from now on. Must be called before Hydra finds its plugins."""
    FileConfigSource.schema = schema
    SourcesRegistry.instance().register(FileConfigSource)
