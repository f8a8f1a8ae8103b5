"""What ends a client's wish: EgressError is for the gateway's owner, RefusedError is the answer to the client."""

from __future__ import annotations

from typing import Literal

from agent.errors import PicoClawError

# refused: by the owner's rules or for what the client did; failed: allowed, but the other side or DNS would not.
Verdict = Literal["allowed", "refused", "failed"]


class EgressError(PicoClawError):
    """The proxy cannot serve."""


class RefusedError(Exception):
    """No tunnel: an HTTP status and one sentence, which is also the status line's reason.

    Most clients (pip, curl, git, httpx) show a refusal's status line and drop its body.
    """

    def __init__(self, status: int, sentence: str, verdict: Verdict = "refused") -> None:
        super().__init__(sentence)
        self.status = status
        self.verdict: Verdict = verdict


def answer(refusal: RefusedError) -> bytes:
    """The refusal as an HTTP response."""
    sentence = " ".join(str(refusal).encode("ascii", "replace").decode().split())
    body = sentence + "\n"
    allow = "Allow: CONNECT\r\n" if refusal.status == 405 else ""
    return (
        f"HTTP/1.1 {refusal.status} {sentence}\r\n{allow}Content-Type: text/plain\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
    ).encode()
