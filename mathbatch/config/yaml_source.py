"""Read YAML files for Hydra: bounded, dataset files as data only, and texts with the spelling that the file has."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import hydra._internal.core_plugins.file_config_source as of_hydra
import yaml
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.config_store import ConfigStore
from hydra.core.object_type import ObjectType
from hydra.plugins.config_source import ConfigResult, ConfigSource
from omegaconf import OmegaConf
from omegaconf._utils import get_yaml_loader
from omegaconf.errors import OmegaConfBaseException

from mathbatch.config.dataset_file import GROUP, is_dataset_file, refuse_all_but_data
from mathbatch.config.names import tie_names
from mathbatch.config.schema import Config
from mathbatch.config.spelling import spelled
from mathbatch.errors import ConfigError

# Largest file in bytes, and as largest size when all aliases are written out: characters, and so many for each value.
# Those of benchmarks have 2 kB; long prompts with worked examples fit.
LARGEST, OF_A_VALUE = 1 << 18, 16
# Levels of lists and dictionaries in each other. The schema has five.
DEEPEST = 32


class FileConfigSource(of_hydra.FileConfigSource):
    """Source of YAML files. Hydra keeps the first source of a name, so this one takes the place of its own."""

    schema: type[Config] = Config

    def is_config(self, config_path: str) -> bool:
        """Tell whether there is such a file that counts: what is registered in Python can't be replaced by a file.

        Hydra loads the schema and its own settings without being asked to, and would take them from any folder of
        configurations that has files of their names.
        """
        registered = ConfigStore.instance().get_type(self._normalize_file_name(config_path))
        return registered is not ObjectType.CONFIG and super().is_config(config_path)

    def load_config(self, config_path: str) -> ConfigResult:
        """Return the file's configuration.

        Raises ConfigError for a file that is no configuration or too large for one, and for a dataset file that sets
        anything but keys of the dataset. Raises what YAML does for a file that can't be read.
        """
        path = Path(self.path) / self._normalize_file_name(config_path)
        group = config_path.split("/")[0]
        text = _read(path, group)
        _refuse_excess(text, path, group)
        values, header = _loaded(text, path, group), _header(text, path, group)
        if is_dataset_file(config_path):
            refuse_all_but_data(values, header["package"], path)
        try:
            value = spelled(_stream(text, path), values, _package(header["package"], config_path), self.schema)
            if not is_dataset_file(config_path):
                tie_names(value, _package(header["package"], config_path))
            config = OmegaConf.create({} if value is None else value)
        except OmegaConfBaseException as error:
            raise _unreadable(path, group, error) from error
        return ConfigResult(provider=self.provider, path=f"{self.scheme()}://{self.path}", config=config, header=header)


def read_yaml_as_spelled(schema: type[Config]) -> None:
    """Let Hydra read its YAML files by this source from now on. Must be called before Hydra finds its plugins."""
    FileConfigSource.schema = schema
    SourcesRegistry.instance().register(FileConfigSource)


def _package(header: str | None, config_path: str) -> str:
    """Return the config path that the file's keys belong to."""
    group = config_path.removesuffix(".yaml").rpartition("/")[0].replace("/", ".")
    if is_dataset_file(config_path):
        return GROUP
    return (header or "_group_").replace("_group_", group).replace("_global_", "")


def _read(path: Path, group: str) -> str:
    """Return the text of a configuration file. Raises ConfigError."""
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
        text = content.decode("utf-8")
    except OSError as error:
        raise ConfigError(group, f"can't read {path}: {error.strerror}", "name a YAML file") from error
    except UnicodeDecodeError as error:
        raise ConfigError(group, f"{path} is not UTF-8", "name a YAML file in UTF-8") from error
    if len(content) > LARGEST:
        raise ConfigError(group, f"{path} has more than {LARGEST:,} bytes", "leave out what is no configuration")
    return io.StringIO(text, newline=None).read()


def _loaded(text: str, path: Path, group: str) -> Any:
    """Return what the YAML says. Raises ConfigError for values that are not of their tag: `!!int x`, `!!bool x`."""
    try:
        return yaml.load(_stream(text, path), Loader=get_yaml_loader())
    except (ValueError, TypeError, LookupError, AttributeError) as error:  # as YAML's own constructors raise them
        raise _unreadable(path, group, error) from error


def _header(text: str, path: Path, group: str) -> dict[str, str | None]:
    """Return the header lines of the file as Hydra reads them. Raises ConfigError."""
    try:
        return ConfigSource._get_header_dict(text[:512])
    except ValueError as error:
        raise _unreadable(path, group, error) from error


def _unreadable(path: Path, group: str, error: Exception) -> ConfigError:
    problem = str(error).splitlines()[0] if str(error) else type(error).__name__
    return ConfigError(group, f"{path} holds what can't be read: {problem}", "correct the file")


def _stream(text: str, path: Path) -> io.StringIO:
    """Return the text as a file with a name, which errors of YAML tell."""
    stream = io.StringIO(text)
    stream.name = str(path)
    return stream


def _refuse_excess(text: str, path: Path, group: str) -> None:
    """Raise ConfigError for YAML whose levels or aliases would take all memory, and for a text in place of keys."""
    sizes: dict[str | None, int] = {}
    # Anchor and size of each collection around the event, the whole file first.
    around: list[tuple[str | None, int]] = [(None, 0)]
    for event in yaml.parse(_stream(text, path), Loader=yaml.SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            around.append((event.anchor, OF_A_VALUE))
            anchor, size = None, 0
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = around.pop()
        elif isinstance(event, yaml.ScalarEvent):
            anchor, size = event.anchor, len(event.value) + OF_A_VALUE
            if event.value and len(around) == 1:
                raise ConfigError(group, f"{path} holds no keys", "write key: value, as in `name: rows`")
        elif isinstance(event, yaml.AliasEvent):
            # One that stands within what it repeats has no end.
            anchor, size = None, LARGEST if event.anchor in dict(around) else sizes.get(event.anchor, 0)
        else:
            continue
        if anchor is not None:
            sizes[anchor] = size
        around[-1] = around[-1][0], around[-1][1] + size
        if around[-1][1] > LARGEST or len(around) > DEEPEST:
            problem = f"{path} repeats or nests its values too often"
            raise ConfigError(group, problem, f"write them out, in at most {DEEPEST} levels")
