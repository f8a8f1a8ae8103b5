"""The chat services' clocks, over real TLS."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from agent.doctor import services
from agent.doctor.services import Service, ask
from tests.lab import authority
from tests.lab.authority import Authority

HOST = services.HOSTS["telegram"]
_resolve = socket.getaddrinfo


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is asked, this machine answers."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda _host, *more, **named: _resolve("127.0.0.1", *more, **named))


@contextmanager
def serving(folder: Path, monkeypatch: pytest.MonkeyPatch, head: str, issued: timedelta) -> Iterator[int]:
    """The service, with a certificate issued that long from now, which answers that head."""
    with monkeypatch.context() as then:
        then.setattr(authority, "datetime", _Then(issued))
        certificates = Authority.create("test")
        chain, key = certificates.issue(HOST)
    (folder / "chain.pem").write_bytes(chain)
    (folder / "key.pem").write_bytes(key)
    certificates.save(folder / "ca.pem")
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(folder / "chain.pem", folder / "key.pem")
    client_side = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    monkeypatch.setattr(services, "tls_context", lambda: client_side)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_answer, args=(listener, server_side, head))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            thread.join(10)


class _Then:
    """`datetime` at another time."""

    def __init__(self, away: timedelta) -> None:
        self._away = away

    def now(self, zone: object) -> datetime:
        assert zone is UTC
        return datetime.now(UTC) + self._away


def _answer(listener: socket.socket, context: ssl.SSLContext, head: str) -> None:
    connection, _ = listener.accept()
    with connection:
        try:
            with context.wrap_socket(connection, server_side=True) as wrapped:
                assert wrapped.recv(4096).startswith(b"HEAD / HTTP/1.1\r\n")
                wrapped.sendall(f"HTTP/1.1 302 Found\r\n{head}\r\n\r\n".encode())
        except OSError:
            pass  # a client that trusts nobody


def dated(away: timedelta) -> str:
    return f"Date: {format_datetime(datetime.now(UTC) + away, usegmt=True)}"


@pytest.mark.parametrize(("away", "off"), [(0, 0), (3600, -3600), (-7200, 7200)])
def test_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, away: int, off: int) -> None:
    with serving(tmp_path, monkeypatch, dated(timedelta(seconds=away)), timedelta()) as port:
        (found,) = ask(["telegram", "terminal"], port)
    assert found.host == HOST
    assert found.clock_off_s == pytest.approx(off, abs=2)


@pytest.mark.parametrize("head", ["Server: x", "Date: yesterday", "Date: "])
def test_a_service_that_tells_no_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, head: str) -> None:
    with serving(tmp_path, monkeypatch, head, timedelta()) as port:
        assert ask(["telegram"], port) == [Service(HOST)]


@pytest.mark.parametrize(("days", "reason"), [(-100, "certificate has expired"), (30, "certificate is not yet valid")])
def test_a_certificate_that_is_not_valid_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, reason: str
) -> None:
    with serving(tmp_path, monkeypatch, dated(timedelta()), timedelta(days=days)) as port:
        assert ask(["telegram"], port) == [Service(HOST, untimely=reason)]


def test_a_certificate_of_somebody_else_says_nothing_of_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path, monkeypatch, dated(timedelta()), timedelta()) as port:
        monkeypatch.setattr(services, "tls_context", ssl.create_default_context)
        assert ask(["telegram"], port) == [Service(HOST)]


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    began = time.monotonic()
    assert ask(["telegram"], port) == [Service(HOST)]
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert ask(["slack"], port) == [Service("slack.com", unresolved="Temporary failure in name resolution")]
    assert time.monotonic() - began < 5
