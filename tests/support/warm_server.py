"""Fork commands that find the imports of scores and plots made, and share one process that starts their scorers.

Some tests run thousands of commands over small folders, and most of the time of one that scores would be imports.
"""

from __future__ import annotations

import importlib
from multiprocessing import forkserver

from mathbatch.models.sockets import shorten_sockets_of_multiprocessing
from mathbatch.scoring.worker_process import PRELOAD
from support import command_server

PLOTS = ("matplotlib.figure", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg")
SCORERS = tuple(name for name in command_server.PRELOADED if ".scorers." in name)
IMAGES = ("PIL.Image", "PIL.PngImagePlugin", "mathbatch.data.images.decode")


def main() -> None:
    """Fork requested commands until nobody can send requests any more."""
    prepare()
    command_server.main()


def prepare() -> None:
    """Import what scores and plots need, and start the process that starts scorers."""
    for name in (*PLOTS, *IMAGES):
        importlib.import_module(name)
    _start_fork_server()


def _start_fork_server() -> None:
    """Start the process of the standard library that forks workers, for all commands together."""
    shorten_sockets_of_multiprocessing()
    shared = forkserver._forkserver  # type: ignore[attr-defined]
    shared.set_forkserver_preload([*PRELOAD, *SCORERS, "sympy"])
    shared.ensure_running()
    # A command would ask whether the server is a living child of its own.
    shared.ensure_running = lambda: None


if __name__ == "__main__":
    main()
