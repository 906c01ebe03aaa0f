"""Run an experiment: `python -m mathbatch.run model=qwen dataset=mathvista`. The same command again goes on with it.

With -m every combination of the values given, over one engine: `-m sampling.temperature=0,0.3,0.7,1.0`.
"""

from __future__ import annotations

import os
import signal
import sys

import hydra
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from mathbatch import compose
from mathbatch.config import Config
from mathbatch.errors import MathBatchError
from mathbatch.interrupt import EXIT_SIGNAL
from mathbatch.single import EXIT_FAILURES, JobFailed, exit_codes, run_composed
from mathbatch.sweep import CURRENT

PLUGINS = str(compose.PACKAGE / "plugins")


def main() -> None:
    """The console script. Exit codes: 0 all answered, 1 failures remain, 2 configuration or disk, 130 Ctrl-C."""
    _prepare()
    try:
        compose.refuse_typed_secrets(sys.argv[1:])
        with CURRENT:
            hydra.main(version_base="1.3", config_path=str(compose.conf_dir()), config_name="config")(run_composed)()
    except KeyboardInterrupt:
        compose.fail("stopped; the same command goes on from here", EXIT_SIGNAL + signal.SIGINT)
    except JobFailed:
        sys.exit(EXIT_FAILURES)  # the table has said so
    except MathBatchError as error:
        compose.fail(str(error))
    except (HydraException, OmegaConfBaseException) as error:
        compose.fail(compose.explain(error))
    sys.exit(max([CURRENT.exit_code, *exit_codes]))


def _prepare() -> None:
    """For Hydra: the schema, our arguments as it wants them, and the path of our plugins, for processes below too."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # or Hydra would print and exit before the error is ours to explain
    sys.path.append(PLUGINS)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), PLUGINS]))
    ConfigStore.instance().store(name="schema", node=Config)
    sys.argv[1:] = compose.flags_first([compose.allow_new_key(argument) for argument in sys.argv[1:]])
    if "COMP_LINE" in os.environ:  # tab completion, which reads this line instead
        os.environ["COMP_LINE"] = compose.allow_new_keys_before_cursor(os.environ["COMP_LINE"])


if __name__ == "__main__":
    main()
