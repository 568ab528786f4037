"""A small endpoint that speaks the OpenAI API, and behaves as it is told: with odd answers, limits, silence.

Run as a program, `python endpoint.py FOLDER`, it answers every request with `FOLDER/answer.txt` and appends a line to
`FOLDER/asked`; its address is the first line that it prints.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Answer = tuple[int, dict[str, str], Any]
"""Status, headers, and a body: JSON, or its bytes. A body of None ends the connection without an answer."""
Behaviour = Callable[[int, dict[str, Any]], Answer]


class Endpoint:
    """Answers the n-th request (from 0) by `answer(n, body)` and remembers what was asked."""

    def __init__(self, answer: Behaviour) -> None:
        self.asked: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.open = self.most_open = 0
        self._lock = threading.Lock()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with endpoint._lock:
                    number = len(endpoint.asked)
                    endpoint.asked.append((self.path, dict(self.headers), body))
                    endpoint.open += 1
                    endpoint.most_open = max(endpoint.most_open, endpoint.open)
                status, headers, answered = answer(number, body)
                with endpoint._lock:
                    endpoint.open -= 1
                if answered is None:
                    self.close_connection = True
                    return
                data = answered if isinstance(answered, bytes) else json.dumps(answered).encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(data)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)
                self.close_connection = int(headers.get("Content-Length", len(data))) != len(data)

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        class Server(ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                """A client that has left is no error."""

        self._http = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"

    @contextmanager
    def running(self) -> Iterator[Endpoint]:
        thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self._http.shutdown()
            self._http.server_close()
            thread.join()


def chat(text: Any = "hello", finish: Any = "stop", message: Any = None, **more: Any) -> Answer:
    """A whole answer with one choice, with `message` in place of one of `text`, and `more` fields."""
    said = {"role": "assistant", "content": text} if message is None else message
    choice = {"index": 0, "message": said, "finish_reason": finish}
    usage = {"prompt_tokens": 7, "completion_tokens": 3}
    return 200, {}, {"id": "x", "model": "served", "choices": [choice], "usage": usage} | more


def limited(per_s: float, answer: Behaviour) -> Behaviour:
    """`answer`, and 429 for more than so many requests a second."""
    lock = threading.Lock()
    level, last = per_s, time.monotonic()

    def limit(number: int, body: dict[str, Any]) -> Answer:
        nonlocal level, last
        with lock:
            now = time.monotonic()
            level, last = min(per_s, level + (now - last) * per_s), now
            if level < 1:
                return 429, {}, {"error": {"message": "Rate limit reached"}}
            level -= 1
        return answer(number, body)

    return limit


if __name__ == "__main__":
    folder = Path(sys.argv[1])

    def recorded(number: int, body: dict[str, Any]) -> Answer:
        with (folder / "asked").open("a") as asked:
            asked.write(f"{number}\n")
        time.sleep(0.02)  # so that a kill may come between two answers
        return chat((folder / "answer.txt").read_text())

    with Endpoint(recorded).running() as running:
        print(running.url, flush=True)
        threading.Event().wait()
