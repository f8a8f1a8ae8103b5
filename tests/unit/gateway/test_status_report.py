"""`picoclaw status` in the container: the gateway's own account, over its health port, in words and as JSON."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from agent import cli, status_report
from agent.errors import PicoClawError
from agent.gateway import health, healthcheck, logs
from agent.gateway.status import Status
from agent.sandbox.client import SandboxLink
from agent.status_report import Channel, Control, Gateway, Memory, Model, Report, Spent, Workspace
from agent.store.database import connect
from agent.store.usage import Spent as Counted
from agent.store.usage import Usage
from tests.unit.gateway.test_status import Host


@contextmanager
def serving(report: dict[str, Any], more: dict[str, Any] | None = None) -> Iterator[None]:
    """A gateway's health port that tells `report`, and for /status `more`."""

    async def told() -> dict[str, Any]:
        return {**report, **(more or {})}

    async def serve() -> None:
        server = await health.serve(lambda: report, None if more is None else told)
        loops.append(asyncio.get_running_loop())
        ended.append(asyncio.Event())
        begun.set()
        await ended[0].wait()
        server.close()

    loops: list[asyncio.AbstractEventLoop] = []
    ended: list[asyncio.Event] = []
    begun = threading.Event()
    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert begun.wait(10)
    try:
        yield
    finally:
        loops[0].call_soon_threadsafe(ended[0].set)
        thread.join()


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch, free_port: int) -> int:
    """Where these gateways listen."""
    for module in (health, healthcheck):
        monkeypatch.setattr(module, "PORT", free_port)
    return free_port


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


FULL = Report(
    gateway=Gateway(
        healthy=True,
        ready=False,
        version="0.1.0",
        uptime_s=130,
        channels={"telegram": Channel(last_contact_s=2, paired=False, strangers=3), "slack": Channel(problem="deaf")},
        egress={"llm": "no socket"},
        waiting=2,
        model=Model(name="b", first="a", engine="warm"),
        memory={"gateway": Memory(used=2**25, limit=2**27)},
        workspace=Workspace(bytes=2**29, bytes_limit=2**30, full=True),
        last_error="2026-11-28 ERROR llm: \x1b[2Jrefused\nnot a line of its own",
    ),
    confinement=[Control(id="swap", expected="0", seen="9", ok=False)],
    usage=Spent(requests=4, prompt_tokens=10, completion_tokens=5, cost_usd=0.25, unpriced=1),
)


def test_everything_is_told_in_lines() -> None:
    assert status_report.text(FULL, "en").splitlines() == [
        "PicoClaw 0.1.0, up 2 min",
        "gateway   ██░░░░░░ 32/128 MB",
        "workspace ████░░░░ 512/1024 MB",
        "⚠ The workspace is FULL; ask me to delete something.",
        "telegram: ok, last contact 2 s ago; nobody is allowed yet (picoclaw pair)",
        "slack: ⚠ deaf; no contact since the start",
        "model: b (through litellm, which is loaded), stands in for a",
        "sandbox: ⚠ not connected (docker logs picoclaw-sandbox)",
        "egress of llm: ⚠ no socket",
        "strangers turned away: 3",
        "waiting: 2 to be answered, 0 to be delivered",
        "today: requests 4, tokens 15 (prompt cached 0), cost 0.2500 USD and 1 requests unknown",
        "confinement: ⚠ only 0 of 1 controls hold (swap); run the deploy again",
        "last error: 2026-11-28 ERROR llm: [2Jrefused not a line of its own",
    ]
    assert "nikt nie ma jeszcze dostępu" in status_report.text(FULL, "pl")


def test_the_document_is_read_again_as_it_was_and_holds_nothing_that_a_terminal_obeys() -> None:
    document = status_report.as_json(FULL)
    assert status_report.read(document.encode()) == FULL
    assert document.isascii()
    assert "\x1b" not in document


def test_a_document_of_another_version() -> None:
    found = status_report.read(b'{"gateway": {"healthy": true, "ready": true, "news": 1}, "more": {}}')
    assert found == Report(gateway=Gateway(healthy=True, ready=True))
    with pytest.raises(PicoClawError, match="not understood"):
        status_report.read(b'{"gateway": {"healthy": "perhaps"}}')


def test_well_means_that_a_message_would_be_answered_and_all_controls_hold() -> None:
    gateway = Gateway(healthy=True, ready=True)
    assert Report(gateway=gateway).well
    assert not Report(gateway=Gateway(healthy=True, ready=False)).well
    assert not Report(gateway=None).well
    assert not Report(gateway=gateway, confinement=FULL.confinement).well


def test_what_a_gateway_says_is_understood(tmp_path: Path, port: int) -> None:
    """What Status reports, over the health port, together with the usage of the state file."""
    assert port
    host = Host(tmp_path)
    host.contact.succeeded()
    usage = Usage(connect(tmp_path / "state.db"))
    usage.add("gpt-4o", Counted(requests=2, prompt_tokens=7, cost=1_500_000))
    told = asyncio.run(Status(host.report, SandboxLink(), host.models).report())
    with serving(host.report(), told):
        found = status_report.gather(tmp_path / "state.db")
    assert found.gateway is not None
    assert found.gateway.channels["telegram"].problem is None
    assert found.gateway.model == Model(name="openai/gpt-4o", first="openai/gpt-4o", engine="direct")
    assert found.gateway.memory["gateway"].used > 0
    assert found.gateway.workspace is None
    assert found.usage == Spent(requests=2, prompt_tokens=7, cost_usd=1.5)
    assert {control.id for control in found.confinement} >= {"memory", "seccomp", "firewall"}


def test_a_gateway_that_stands_by_says_why(tmp_path: Path, port: int) -> None:
    assert port
    report = {"healthy": False, "ready": False, "problem": "llm.modle is not a known key"}
    with serving(report):
        older = status_report.gather(tmp_path / "state.db")
    with serving(report | {"problem_pl": "llm.modle to nieznany klucz"}):
        found = status_report.gather(tmp_path / "state.db")
    assert found.usage is None
    for one, language, said in (
        (found, "en", "The gateway does not serve: llm.modle is not a known key"),
        (found, "pl", "Bramka nie działa: llm.modle to nieznany klucz"),
        (older, "pl", "Bramka nie działa: llm.modle is not a known key"),
    ):
        assert status_report.text(one, language).splitlines()[0] == said


def test_without_a_gateway_the_command_says_where_it_belongs(port: int) -> None:
    """The command as the image has it: on the operator's machine another takes its name."""
    assert cli.main.commands["status"] is not cli.status
    done = CliRunner().invoke(cli.status, ["--lang", "en"])
    assert done.exit_code == 1
    assert f"no gateway answers on 127.0.0.1:{port}" in done.output
    assert "docker exec picoclaw picoclaw status" in done.output
    polish = CliRunner().invoke(cli.status, ["--lang", "pl"]).output
    assert f"Bramka nie działa: pod adresem 127.0.0.1:{port} nie odpowiada żadna bramka" in polish
    assert "no gateway answers" in CliRunner().invoke(cli.status, ["--lang", "pl", "--json"]).output


def test_the_last_error_is_kept_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    monkeypatch.setattr(logs._last_error, "line", None)
    logs.set_up(["hunter2"])
    logging.getLogger("llm").info("all is well")
    assert logs.last_error() is None
    logging.getLogger("llm").error("refused hunter2")
    logging.getLogger("llm").warning("a warning")
    line = logs.last_error()
    assert line is not None
    assert "ERROR   llm: refused " in line
    assert "hunter2" not in line
