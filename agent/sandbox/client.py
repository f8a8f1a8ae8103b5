"""The gateway's end: listens for the sandbox, sends it requests, distrusts all that comes back.

SandboxError
├── SandboxUnavailable       no sandbox is connected, or it went away before it answered
└── SandboxOperationError    it answered that the operation cannot be done; `code` says why in one word
"""

from __future__ import annotations

import asyncio
import binascii
import contextlib
import itertools
import logging
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from agent.sandbox.protocol import FILE_DEADLINE_S, PIECE_BYTES, READ_LINES, SOCKET_PATH
from agent.sandbox.results import (
    EditResult,
    Entry,
    ExecResult,
    ListResult,
    Piece,
    Put,
    ReadResult,
    Usage,
    WriteResult,
)
from agent.sandbox.session import (
    MALFORMED,
    Outcome,
    Pending,
    SandboxError,
    SandboxOperationError,
    SandboxUnavailable,
    Session,
    encode,
)

__all__ = [
    "EditResult",
    "Entry",
    "ExecResult",
    "ListResult",
    "ReadResult",
    "SandboxError",
    "SandboxLink",
    "SandboxOperationError",
    "SandboxUnavailable",
    "WriteResult",
]

log = logging.getLogger("sandbox")

# How much longer than a job's own deadline its answer may take before the sandbox counts as stuck.
GRACE_S = 15.0
# How long a request waits for a sandbox that is not connected: one that was restarted is back within seconds.
CONNECT_WAIT_S = 10.0
_GREETING_S = 5.0
# Before listening again, so that a peer which connects and misbehaves in a loop costs nothing.
_PAUSE_S = 0.05
_FAULT_PAUSE_S = 5.0

T = TypeVar("T")
R = TypeVar("R", ExecResult, ReadResult, WriteResult, EditResult, ListResult, Piece, Put)


class SandboxLink:
    """Listens on a Unix socket and holds the connection of one sandbox at a time.

    While one is connected there is no listening socket at all, so that the sandbox's commands, which could connect to
    it as well, find nothing there. Use as `async with SandboxLink(path) as link`, or `start` and `close`.
    """

    def __init__(  # noqa: PLR0913 - all but the first by name
        self,
        path: str | Path = SOCKET_PATH,
        *,
        workspace_mb: int | None = None,
        workspace_files: int | None = None,
        egress: bool = False,
        grace: float = GRACE_S,
        connect_wait: float = CONNECT_WAIT_S,
    ) -> None:
        """Without `workspace_mb` and `workspace_files` nothing is set, and the sandbox's own quota holds.

        With `egress` its commands get a way to the proxy beside `path`.
        """
        self._path = Path(path)
        self._settings = {"workspace_mb": workspace_mb, "workspace_files": workspace_files, "egress": egress}
        self._grace = grace
        self._connect_wait = connect_wait
        self._ids = itertools.count(1)
        self._session: Session | None = None
        self._connected = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None
        self.version: str | None = None

    async def start(self) -> None:
        """Listen; SandboxError when that is impossible."""
        try:
            listener = self._listen()
        except OSError as error:
            raise SandboxError(
                f"Cannot listen for the sandbox on {self._path}: {error.strerror}. "
                f"Is the volume picoclaw-sandbox-socket mounted there, writable?"
            ) from error
        self._serving = asyncio.create_task(self._serve(listener), name="sandbox link")

    async def close(self) -> None:
        """Stop listening and drop the connection; the sandbox then ends all its processes."""
        if self._serving is not None:
            self._serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._serving
            self._serving = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def connected(self) -> bool:
        """Whether a sandbox is connected and has greeted."""
        return self._session is not None

    async def wait_connected(self, timeout: float) -> None:  # noqa: ASYNC109 - says how long in its error
        """Wait for a sandbox; SandboxUnavailable when none comes within `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._connected.wait()
        except TimeoutError:
            raise SandboxUnavailable(
                f"No sandbox connected within {timeout:g} s; see docker logs picoclaw-sandbox."
            ) from None

    async def exec(self, command: str, *, timeout: float, cwd: str = ".") -> ExecResult:  # noqa: ASYNC109
        """Run `command` by bash; it is killed with all its descendants after `timeout` seconds (at most 3600).

        Cancelling the awaiting task kills it too. `cwd` is relative to the workspace, as all paths are.
        """
        return await self._do(ExecResult, "exec", timeout, command=command, timeout=timeout, cwd=cwd)

    async def read(self, path: str, *, offset: int = 1, limit: int = READ_LINES) -> ReadResult:
        """Up to `limit` lines of a text file from line `offset` on, at most 256 KiB."""
        return await self._do(ReadResult, "read", path=path, offset=offset, limit=limit)

    async def write(self, path: str, content: str) -> WriteResult:
        """Write a whole file in one step, making its parent directories."""
        return await self._do(WriteResult, "write", path=path, content=content)

    async def edit(self, path: str, old: str, new: str, *, every: bool = False) -> EditResult:
        """Replace `old`, which must occur exactly once unless `every` is set."""
        return await self._do(EditResult, "edit", path=path, old=old, new=new, count="all" if every else 1)

    async def list_dir(self, path: str = ".") -> ListResult:
        """What a directory holds."""
        return await self._do(ListResult, "list", path=path)

    async def get(self, path: str) -> AsyncIterator[bytes]:
        """Any regular file of the sandbox, in pieces of at most 512 KiB.

        One that grows meanwhile, as a log does, comes as long as it was at first; one that is changed otherwise is a
        SandboxError. Files of /proc have no size, and come without a bound: whoever reads them stops.
        """
        offset, first = 0, None
        while first is None or not 0 < first.size_bytes <= offset:
            piece = await self._do(Piece, "get", path=path, offset=offset)
            first = first or piece
            if not _same(first, piece):
                raise SandboxError(f"{path} was changed while it was read; try again.")
            data = _decoded(piece.data)
            if first.size_bytes > 0:
                data = data[: first.size_bytes - offset]
            if not data:
                return
            yield data
            offset += len(data)

    async def put(self, path: str, pieces: AsyncIterator[bytes]) -> int:
        """Write a new file, making its directory; its size in bytes.

        Raises:
            SandboxOperationError: with the code `exists` when something has that name already.
        """
        offset, waiting = 0, bytearray()
        try:
            async for piece in pieces:
                waiting += piece
                while len(waiting) > PIECE_BYTES:
                    offset += await self._put(path, offset, bytes(waiting[:PIECE_BYTES]))
                    del waiting[:PIECE_BYTES]
            return offset + await self._put(path, offset, bytes(waiting), last=True)
        except asyncio.CancelledError:
            self._tell("drop", path=path)
            raise
        except Exception:
            if self.connected:
                with contextlib.suppress(SandboxError):
                    await self.call("drop", path=path)
            raise

    async def _put(self, path: str, offset: int, data: bytes, *, last: bool = False) -> int:
        encoded = binascii.b2a_base64(data, newline=False).decode()
        await self._do(Put, "put", path=path, offset=offset, data=encoded, last=last)
        return len(data)

    async def ping(self) -> int:
        """How many jobs run in the sandbox."""
        jobs = (await self.call("ping")).get("jobs")
        return jobs if isinstance(jobs, int) else 0

    async def usage(self) -> Usage:
        """How full the workspace is."""
        usage, _ = await self._request(Usage, "usage", 1.0, {})
        return usage

    async def call(self, op: str, *, patience: float = FILE_DEADLINE_S, **params: object) -> dict[str, object]:
        """Any operation, by name; its result as it came.

        `patience` is the time in seconds after which, with the grace on top, the sandbox counts as stuck. Raises
        SandboxUnavailable or SandboxOperationError, as all the operations do.
        """
        result, _ = await self._request(dict[str, object], op, patience, params)
        return result

    async def _do(self, kind: type[R], op: str, patience: float = FILE_DEADLINE_S, **params: object) -> R:
        result, note = await self._request(kind, op, patience, params)
        return replace(result, note=f"{result.note} {note}".strip()) if note else result

    async def _request(self, kind: type[T], op: str, patience: float, params: dict[str, object]) -> tuple[T, str]:
        if self._session is None:
            await self.wait_connected(self._connect_wait)
        session = self._session
        if session is None:
            raise SandboxUnavailable("The sandbox is not connected just now; it connects by itself, try again shortly.")
        request_id = next(self._ids)
        frame = encode({**params, "id": request_id, "op": op})
        pending = session.pending[request_id] = Pending(kind)
        try:
            async with asyncio.timeout(patience + self._grace):
                session.writer.write(frame)
                await session.writer.drain()
                outcome = await pending.future
        except TimeoutError:
            session.end()
            raise SandboxUnavailable(f"The sandbox did not answer within {patience + self._grace:g} s.") from None
        except asyncio.CancelledError:
            self._tell("cancel", target=request_id)
            raise
        except ConnectionError:
            outcome = None
        finally:
            session.pending.pop(request_id, None)
        if outcome is None:
            raise SandboxUnavailable(
                f"The sandbox was lost during {op} and all its processes were ended; it reconnects by itself."
            )
        if isinstance(outcome, SandboxOperationError):
            raise outcome
        return outcome  # type: ignore[return-value]  # the decoder was given `kind`

    def _tell(self, op: str, **params: object) -> None:
        """A request whose answer nobody waits for."""
        if self._session is not None:
            self._session.writer.write(encode({**params, "id": next(self._ids), "op": op}))

    def _listen(self) -> socket.socket:
        if self._path.is_socket():
            self._path.unlink()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.setblocking(False)
            listener.bind(str(self._path))
            self._path.chmod(0o600)
            listener.listen(1)
        except OSError:
            listener.close()
            raise
        return listener

    async def _serve(self, listener: socket.socket) -> None:
        while True:
            connection = await self._accept(listener)
            await self._hold(connection)
            listener = await self._listen_again()

    async def _listen_again(self) -> socket.socket:
        pause = _PAUSE_S
        while True:
            await asyncio.sleep(pause)
            try:
                return self._listen()
            except OSError as error:
                log.error("cannot listen for the sandbox on %s: %s", self._path, error.strerror)
                pause = _FAULT_PAUSE_S

    async def _accept(self, listener: socket.socket) -> socket.socket:
        try:
            connection, _ = await asyncio.get_running_loop().sock_accept(listener)
        finally:
            listener.close()
            self._path.unlink(missing_ok=True)
        return connection

    async def _hold(self, connection: socket.socket) -> None:
        session = Session(*await asyncio.open_unix_connection(sock=connection))
        try:
            async with asyncio.timeout(_GREETING_S):
                hello = await session.greeting()
            if None not in self._settings.values():
                self._configure(session)
            self.version = hello.version
            self._session = session
            self._connected.set()
            log.info("sandbox %s connected", hello.version)
            await session.take_answers()
        except (asyncio.IncompleteReadError, ConnectionError):
            log.warning("the sandbox closed its connection; waiting for it to come back")
        except TimeoutError:
            log.warning("the sandbox connected but did not greet within %g s; connection closed", _GREETING_S)
        except MALFORMED as error:
            log.warning("the sandbox sent %s; connection closed", _one_line(error))
        finally:
            self._session = None
            self._connected.clear()
            session.end()

    def _configure(self, session: Session) -> None:
        """Send the settings before any work; what the sandbox cannot do about them is logged, nobody waits for it."""
        request_id = next(self._ids)
        pending = session.pending[request_id] = Pending(dict[str, object])
        pending.future.add_done_callback(partial(_configured, session, request_id))
        session.writer.write(encode({"id": request_id, "op": "configure", **self._settings}))


def _same(first: Piece, piece: Piece) -> bool:
    """Whether a piece is of the file that the first one was of: unchanged, or longer than it was then."""
    unchanged = (piece.modified_ns, piece.size_bytes) == (first.modified_ns, first.size_bytes)
    return piece.file == first.file and (unchanged or piece.size_bytes > first.size_bytes)


def _decoded(data: str) -> bytes:
    try:
        decoded = binascii.a2b_base64(data, strict_mode=True)
    except (binascii.Error, ValueError):
        raise SandboxError("The sandbox sent a piece of a file that is no base64.") from None
    if len(decoded) > PIECE_BYTES:
        raise SandboxError("The sandbox sent a larger piece of a file than it may.")
    return decoded


def _configured(session: Session, request_id: int, future: asyncio.Future[Outcome]) -> None:
    session.pending.pop(request_id, None)
    if not future.cancelled() and isinstance(outcome := future.result(), SandboxOperationError):
        log.error("the sandbox did not take its settings: %s", _one_line(outcome))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
