"""Play the Hugging Face hub: a server that answers as told, and a cache with what `hf download` leaves."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "5d0c2b9e7a4f41d38e6b0a9c1f27d6e48b3a5c90"

# Status, `X-Error-Code` and body of an answer.
Answer = tuple[int, str, dict[str, object]]


@contextmanager
def hub_that_answers(answers: dict[str, Answer]) -> Iterator[tuple[str, list[str]]]:
    """Yield the address of a server that answers by the end of the path, and the paths of these that were asked for.

    The hub's client asks for more on its own, once a day; that is not found, and not among the paths.
    """
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = (answer for end, answer in answers.items() if self.path.endswith(end))
            status, code, body = next(known, (404, "", {}))
            if any(map(self.path.endswith, answers)):
                asked.append(self.path)
            self.send_response(status)
            self.send_header("X-Error-Code", code)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def cached(cache: Path, kind: str, name: str, files: dict[str, str], reference: str = "main") -> Path:
    """Write files into the hub's cache as its client does; return their folder."""
    repository = cache / f"{kind}s--{name.replace('/', '--')}"
    folder = repository / "snapshots" / COMMIT
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / reference).write_text(COMMIT)
    for file, text in files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)
    return folder
