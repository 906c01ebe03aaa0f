"""Serve the OpenAI protocol as little as a run needs of it: a server that can be started and killed in no time.

    python small_server.py <port> <folder>

In the folder it writes its process ids and that of a process that it detaches from itself, and counts its answers.
What it finds there says what goes wrong: `fail` has its last words, `die` the number of answers after which it dies.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FOLDER = Path(sys.argv[2]) if len(sys.argv) > 2 else Path()
LOCK = threading.Lock()
ANSWER_S = 0.01


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompt = asked["messages"][-1]["content"]
        time.sleep(ANSWER_S)
        count_answer()
        text = prompt if isinstance(prompt, str) else " ".join(part.get("text", "") for part in prompt)
        self.reply({"choices": [{"message": {"content": text.upper()}, "finish_reason": "stop"}], "usage": {}})

    def do_GET(self) -> None:
        self.reply({"data": [{"id": "small", "owned_by": "vllm"}]})

    def reply(self, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None: ...


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def count_answer() -> None:
    """Count an answer, and die where this one is the last."""
    with LOCK:
        with (FOLDER / "answers.txt").open("a") as answers:
            answers.write(".")
            number = answers.tell()
        die = FOLDER / "die"
        if die.exists() and number >= int(die.read_text()):
            die.unlink()
            os._exit(3)


def main() -> None:
    if (fail := FOLDER / "fail").exists():
        sys.exit(fail.read_text())
    detached = subprocess.Popen(["sleep", "600"], start_new_session=True)
    with (FOLDER / "pids.txt").open("a") as pids:
        pids.write(f"{os.getpid()}\n{detached.pid}\n")
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()


if __name__ == "__main__":
    main()
