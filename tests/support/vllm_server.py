"""Fork commands that find the imports of vLLM, scores and plots made, and whose engines are forked from them.

For tests of what a command does with vLLM, not of how its engine is started or ended.
"""

from __future__ import annotations

from support import command_server, forked_engines, warm_server


def main() -> None:
    """Fork requested commands until nobody can send requests any more."""
    warm_server.prepare()
    forked_engines.prepare()
    command_server.main()


if __name__ == "__main__":
    main()
