"""Let Hydra compose a command: make our schema and plugins known to it, and turn its errors into sentences."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import hydra
import yaml
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from mathbatch.config import Config
from mathbatch.config.dataset_paths import anchor_paths
from mathbatch.config.escapes import refuse_typed_escapes
from mathbatch.config.explain import Refused, explain, explain_uncomposed, explain_yaml
from mathbatch.config.names import show_names_resolved
from mathbatch.config.overrides import (
    allow_new_key,
    allow_new_keys_before_cursor,
    flags_first,
    overrides_of,
    refuse_hydras_folders,
    refuse_null_groups,
    switched,
)
from mathbatch.config.paths import PACKAGE, conf_dir
from mathbatch.config.secrets import refuse_typed_secrets
from mathbatch.config.spelling import keep_spelling
from mathbatch.config.yaml_source import read_yaml_as_spelled
from mathbatch.errors import MathBatchError
from mathbatch.parts.faults import part_error

PLUGINS = str(PACKAGE / "commands" / "plugins")


@dataclass
class HydraTask:
    """Call `work` on Hydra's behalf, and keep its result or what ended it: Hydra would report an error in its own way.

    In a multirun an error is raised, since the launcher has to know.
    """

    work: Callable[[DictConfig], object]
    has_begun: bool = False
    result: object = None
    error: MathBatchError | None = None

    def __call__(self, composed: DictConfig) -> object:
        """Return what `work` returns for this configuration."""
        self.has_begun = True
        try:
            anchor_paths(composed, HydraConfig.get())
            self.result = self.work(composed)
        except Exception as error:
            told = error if isinstance(error, MathBatchError) else part_error(error)
            if told is None:
                raise
            if HydraConfig.get().mode is RunMode.MULTIRUN:
                raise told from (None if told is error else error)
            self.error = told
        return self.result


def run_app(
    work: Callable[[DictConfig], object],
    around: AbstractContextManager[object] | None = None,
    schema: type[Config] = Config,
) -> object:
    """Call `work` with the composed configuration, or each one of a multirun, within `around`; return its result.

    Raises MathBatchError for what the configuration, Hydra or `work` refuses.
    """
    _prepare(schema)
    task = HydraTask(work)
    try:
        overrides = overrides_of(sys.argv[1:])
        refuse_typed_secrets(overrides)
        refuse_hydras_folders(overrides)
        refuse_null_groups(overrides)
        refuse_typed_escapes(overrides)
        with around or nullcontext():
            hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")(task)()
    except yaml.YAMLError as error:
        raise Refused(explain_yaml(error)) from error
    except (HydraException, OmegaConfBaseException) as error:
        raise Refused(explain(error, schema)) from error
    except (AssertionError, AttributeError, TypeError, ValueError) as error:
        if isinstance(error, MathBatchError) or task.has_begun or not _raised_by_hydra(error):
            raise
        raise Refused(explain_uncomposed(error, sys.argv[1:])) from error
    if task.error is not None:
        raise task.error
    return task.result


def _raised_by_hydra(error: Exception) -> bool:
    """Tell Hydra's errors from a defect of our own code, which nobody should be told to correct."""
    frames = list(traceback.walk_tb(error.__traceback__))
    return str(frames[-1][0].f_globals.get("__name__")).startswith(("hydra.", "omegaconf."))


def _prepare(schema: type[Config]) -> None:
    """Give Hydra the schema, our arguments as it wants them, and our plugins' path, for child processes too."""
    # Without this Hydra prints and exits before the error is ours to explain.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    if PLUGINS not in sys.path:
        sys.path.append(PLUGINS)
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), PLUGINS]))
    ConfigStore.instance().store(name="schema", node=schema)
    read_yaml_as_spelled(schema)
    show_names_resolved()
    arguments = map(switched, sys.argv[1:])
    sys.argv[1:] = flags_first([allow_new_key(keep_spelling(argument, schema)) for argument in arguments])
    if "COMP_LINE" in os.environ:  # tab completion, which reads this line instead
        os.environ["COMP_LINE"] = allow_new_keys_before_cursor(os.environ["COMP_LINE"])
