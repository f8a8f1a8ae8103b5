"""Discord and Slack in as much as `picoclaw init` asks of them; to be replaced by tests/fakes when those have them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DISCORD_TOKEN = "MTIzNDU2Nzg5.stand-in.discord-token-of-the-test"
DEAF_TOKEN = "MTIzNDU2Nzg5.stand-in.discord-token-without-intent"
BOT_TOKEN = "xoxb-stand-in-token-of-the-test"
APP_TOKEN = "xapp-stand-in-token-of-the-test"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        token = str(self.headers["Authorization"]).removeprefix("Bot ")
        if token not in (DISCORD_TOKEN, DEAF_TOKEN):
            self._answer(401, {"message": "401: Unauthorized", "code": 0})
        elif self.path.endswith("/users/@me"):
            self._answer(200, {"id": "42", "username": "picoclaw"})
        else:
            self._answer(200, {"id": "4242", "flags": 1 << 19 if token == DISCORD_TOKEN else 0})

    def do_POST(self) -> None:
        wanted = BOT_TOKEN if self.path.endswith("/auth.test") else APP_TOKEN
        if self.headers["Authorization"] != f"Bearer {wanted}":
            self._answer(200, {"ok": False, "error": "invalid_auth"})
        else:
            self._answer(200, {"ok": True, "user": "picoclaw", "team": "Home", "url": "wss://example.org"})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Nothing."""


@contextmanager
def serving() -> Iterator[str]:
    """The address of both while the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
