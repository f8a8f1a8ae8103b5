"""One connected sandbox, as the gateway sees it: what it may send, and who waits for which answer."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec

from agent.errors import PicoClawError
from agent.sandbox.protocol import HEADER_BYTES, HELLO, MAX_FRAME, PROTOCOL, MalformedError, body_length, pack

_Code = Annotated[str, msgspec.Meta(max_length=40)]
_Sentence = Annotated[str, msgspec.Meta(max_length=4000)]

# What decoding a hostile frame can raise.
MALFORMED = (MalformedError, msgspec.MsgspecError, UnicodeError, RecursionError)


class SandboxError(PicoClawError):
    """Something that was asked of the sandbox was not done."""


class SandboxUnavailable(SandboxError):  # noqa: N818 - a state rather than a fault
    """No sandbox is connected, or it went away before it answered; it reconnects by itself."""


class SandboxOperationError(SandboxError):
    """The sandbox answered that it cannot do what was asked.

    `code` is one of bad_request, busy, not_found, denied, is_directory, not_directory, not_a_file, binary, no_match,
    not_unique, too_large, no_space, timeout, cancelled, interrupted, changed, exists, io.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Hello(msgspec.Struct):
    """The sandbox's first frame."""

    hello: str
    protocol: int
    version: _Code


class _Fault(msgspec.Struct):
    code: _Code
    message: _Sentence


class _Answer(msgspec.Struct):
    id: int
    ok: bool
    result: msgspec.Raw = msgspec.Raw(b"{}")
    error: _Fault | None = None
    note: _Sentence = ""


# (result, note), a refusal, or None when the connection was lost.
Outcome = tuple[object, str] | SandboxOperationError | None


class Pending:
    """A request that waits for its answer."""

    def __init__(self, result_type: type) -> None:
        self.result_type = result_type
        self.future: asyncio.Future[Outcome] = asyncio.Future()

    def settle(self, outcome: Outcome) -> None:
        """The answer has come; nothing happens when nobody waits for it any more."""
        if not self.future.done():
            self.future.set_result(outcome)


class Session:
    """One connected sandbox."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self.pending: dict[int, Pending] = {}

    async def _frame(self) -> bytes:
        length = body_length(await self._reader.readexactly(HEADER_BYTES))
        return await self._reader.readexactly(length)

    async def greeting(self) -> Hello:
        """The sandbox's first frame; MalformedError when it is of another kind."""
        hello = msgspec.json.decode(await self._frame(), type=Hello)
        if hello.hello != HELLO or hello.protocol != PROTOCOL:
            raise MalformedError(f"a greeting other than that of {HELLO}, protocol {PROTOCOL}")
        return hello

    async def take_answers(self) -> None:
        """Settle pending requests until the connection ends, by an exception. Answers to no request are ignored."""
        while True:
            answer = msgspec.json.decode(await self._frame(), type=_Answer)
            # It stays pending until its caller has gone, so that a malformed result settles it as lost.
            pending = self.pending.get(answer.id)
            if pending is None:
                continue
            if answer.ok:
                pending.settle((msgspec.json.decode(answer.result, type=pending.result_type), answer.note))
            elif answer.error is not None:
                pending.settle(SandboxOperationError(answer.error.code, answer.error.message))
            else:
                raise MalformedError("a refusal without a reason")

    def end(self) -> None:
        """Close the connection and settle what is pending as lost."""
        self.writer.transport.abort()
        for pending in self.pending.values():
            pending.settle(None)
        self.pending.clear()


def encode(request: dict[str, object]) -> bytes:
    """A request's frame; SandboxOperationError when it cannot be one."""
    try:
        body = msgspec.json.encode(request)
    except UnicodeEncodeError:
        raise SandboxOperationError(
            "bad_request", "A parameter holds half a surrogate pair, which UTF-8 cannot."
        ) from None
    if len(body) > MAX_FRAME:
        raise SandboxOperationError("too_large", f"{len(body)} bytes at once are too many for the sandbox (8 MiB).")
    return pack(body)
