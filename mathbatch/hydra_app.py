"""A command that Hydra composes: our schema and plugins made known to it, its errors turned into sentences."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import hydra
import yaml
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from mathbatch import compose
from mathbatch.config import Config
from mathbatch.errors import AlreadyTold, MathBatchError
from mathbatch.interrupt import EXIT_SIGNAL, interrupt_once

PLUGINS = str(compose.PACKAGE / "plugins")


def run_app(
    task: Callable[[DictConfig], object],
    around: AbstractContextManager[object] | None = None,
    schema: type[Config] = Config,
) -> None:
    """Call `task` with the composed configuration, or with each of a multirun, within `around`. Exits on errors."""
    _prepare(schema)
    interrupt_once()
    has_begun = False

    def begun(composed: DictConfig) -> object:
        nonlocal has_begun
        has_begun = True
        return task(composed)

    try:
        compose.refuse_typed_secrets(sys.argv[1:])
        compose.refuse_hydras_folders(sys.argv[1:])
        compose.refuse_null_groups(sys.argv[1:])
        with around or nullcontext():
            hydra.main(version_base="1.3", config_path=str(compose.conf_dir()), config_name="config")(begun)()
    except KeyboardInterrupt:
        compose.fail("stopped; the same command goes on from here", EXIT_SIGNAL + signal.SIGINT)
    except AlreadyTold:
        sys.exit(AlreadyTold.exit_code)
    except MathBatchError as error:
        compose.fail(str(error))
    except yaml.YAMLError as error:
        compose.fail(compose.explain_yaml(error))
    except (HydraException, OmegaConfBaseException) as error:
        compose.fail(compose.explain(error, schema))
    except (AssertionError, AttributeError, TypeError, ValueError) as error:
        if has_begun or not _raised_by_hydra(error):
            raise
        compose.fail(compose.explain_uncomposed(error, sys.argv[1:]))


def _raised_by_hydra(error: Exception) -> bool:
    """What our own code raises is a defect of ours, which nobody should be told to correct."""
    frames = list(traceback.walk_tb(error.__traceback__))
    return str(frames[-1][0].f_globals.get("__name__")).startswith(("hydra.", "omegaconf."))


def _prepare(schema: type[Config]) -> None:
    """For Hydra: the schema, our arguments as it wants them, and the path of our plugins, for processes below too."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # or Hydra would print and exit before the error is ours to explain
    sys.path.append(PLUGINS)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), PLUGINS]))
    ConfigStore.instance().store(name="schema", node=schema)
    sys.argv[1:] = compose.flags_first([compose.allow_new_key(argument) for argument in sys.argv[1:]])
    if "COMP_LINE" in os.environ:  # tab completion, which reads this line instead
        os.environ["COMP_LINE"] = compose.allow_new_keys_before_cursor(os.environ["COMP_LINE"])
