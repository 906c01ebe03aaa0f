"""Hold the exit codes of all commands.

| code | meaning |
|---|---|
| 0 | every sample has an answer, every response a verdict, nothing is amiss |
| 1 | some samples, jobs or responses failed, or something is amiss |
| 2 | the configuration, the engine or the disk is at fault |
| 130 | Ctrl-C; 143: SIGTERM, 129: SIGHUP (128 and the number of the signal, as shells have it) |
| 141 | nobody reads what the command has to say, as after `| head` |
"""

from __future__ import annotations

import signal

from mathbatch.errors import Interrupted

SUCCESS = 0
FAILURES = 1
MISTAKE = 2
STOPPED = Interrupted.exit_code_of(signal.SIGINT)
UNREAD = Interrupted.exit_code_of(signal.SIGPIPE)
