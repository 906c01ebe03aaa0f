"""Be all the network that a browser has: a proxy that writes down what it was asked for, and answers nothing."""

from __future__ import annotations

import re
import socketserver
import threading
from types import TracebackType

# What browsers ask their makers for on their own, whatever page they show.
OF_MAKERS = re.compile(r"(CONNECT |[A-Z]+ http://)([\w-]+\.)*(google|googleapis|gvt1|mozilla)\.(com|net|org)[:/]")


class DeadNetwork:
    """Proxy on a free port of this machine; `asked` has the first line of each request that a page has made."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                line = self.rfile.readline(4096).decode(errors="replace").strip()
                if not OF_MAKERS.match(line):
                    asked.append(line)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> DeadNetwork:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
