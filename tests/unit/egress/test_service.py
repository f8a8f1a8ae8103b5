"""The gateway's part: which client gets which list, trouble that stays its own, the owner's authority, books."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent import config, http
from agent.egress.errors import RefusedError
from agent.egress.request import target
from agent.gateway import egress
from agent.gateway.egress import Egress, policies
from agent.store.audit import Audit
from agent.store.database import connect

TELEGRAM = {"type": "telegram", "bot_token": "123456789:" + "A" * 35, "allowed_user_ids": [1]}
OPENROUTER = {"provider": "openrouter", "api_key": "k" * 20, "model": "m"}
ANTHROPIC = {"provider": "anthropic", "api_key": "k" * 20, "model": "m"}


def settings(llm: dict[str, Any] = OPENROUTER, **sandbox: Any) -> config.Config:
    return config.parse(json.dumps({"llm": llm, "channel": TELEGRAM, "sandbox": sandbox}))


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The two volumes, and a system with one root; the owner has no authority yet."""
    for name in ("llm", "sandbox"):
        (tmp_path / name).mkdir()
    (tmp_path / "system.crt").write_text("SYSTEM")
    monkeypatch.setattr(egress, "LLM_DIRECTORY", tmp_path / "llm")
    monkeypatch.setattr(egress, "SANDBOX_DIRECTORY", tmp_path / "sandbox")
    monkeypatch.setattr(egress, "SYSTEM_ROOTS", tmp_path / "system.crt")
    monkeypatch.setattr(http, "EXTRA_ROOTS", tmp_path / "extra.pem")
    monkeypatch.setattr(egress, "_RETRY_S", 0.05)
    return tmp_path


@pytest.fixture
def audit(tmp_path: Path) -> Iterator[Audit]:
    database = connect(tmp_path / "state.db")
    yield Audit(database)
    database.close()


def allowed(found: dict[Path, Any], client: str, host: str) -> bool:
    policy = next(policy for policy in found.values() if policy.client == client)
    try:
        policy.judge(target(f"CONNECT {host} HTTP/1.1\r".encode()))
    except RefusedError:
        return False
    return True


@pytest.mark.usefixtures("places")
def test_the_usual_setup_has_no_client() -> None:
    assert policies(settings()) == {}


def test_the_sandbox_reaches_its_list_alone(places: Path) -> None:
    found = policies(settings(allow_hosts=["example.org", "*.example.net", "nas.home:8443"]))
    assert list(found) == [places / "sandbox/proxy.sock"]
    reachable = {"example.org:443", "a.example.net:443", "nas.home:8443"}
    asked = reachable | {"example.net:443", "nas.home:443", "openrouter.ai:443", "api.telegram.org:443"}
    assert {host for host in asked if allowed(found, "sandbox", host)} == reachable


def test_litellm_reaches_the_hosts_of_its_models_alone(places: Path) -> None:
    own = {**OPENROUTER, "engine": "litellm", "api_base": "http://192.168.1.20:11434/v1"}
    direct = {**OPENROUTER, "provider": "groq"}
    found = policies(settings({**ANTHROPIC, "fallbacks": [own, direct, ANTHROPIC]}, allow_hosts=["example.org"]))
    assert list(found) == [places / "llm/proxy.sock", places / "sandbox/proxy.sock"]
    asked = {"api.anthropic.com:443", "192.168.1.20:11434", "api.groq.com:443", "openrouter.ai:443", "example.org:443"}
    assert {host for host in asked if allowed(found, "llm", host)} == {"api.anthropic.com:443", "192.168.1.20:11434"}
    assert {host for host in asked if allowed(found, "sandbox", host)} == {"example.org:443"}


@pytest.mark.usefixtures("places")
def test_a_refusal_names_the_key_that_is_to_change() -> None:
    found = {policy.client: policy for policy in policies(settings(ANTHROPIC, allow_hosts=["a.example"])).values()}
    with pytest.raises(RefusedError, match=r"evil\.example:443 is not .* set llm\.api_base to https://evil\.ex"):
        found["llm"].judge(target(b"CONNECT evil.example:443 HTTP/1.1\r"))
    with pytest.raises(RefusedError, match=r"add evil\.example to sandbox\.allow_hosts in config\.json"):
        found["sandbox"].judge(target(b"CONNECT evil.example:443 HTTP/1.1\r"))


async def say(path: Path, line: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(line)
    answer = await reader.read()
    writer.close()
    return answer


async def until_served(served: Egress) -> None:
    async with asyncio.timeout(5):
        while any(served.report().values()):  # noqa: ASYNC110 - tests alone wait for this
            await asyncio.sleep(0.01)


def test_it_serves_refuses_and_keeps_the_books(places: Path, audit: Audit) -> None:
    async def scenario() -> None:
        served = Egress(policies(settings(ANTHROPIC, allow_hosts=["a.example"])), audit)
        served.start()
        await asyncio.sleep(0.05)
        assert served.report() == {"llm": None, "sandbox": None}
        for client in ("llm", "sandbox"):
            path = places / client / "proxy.sock"
            assert path.stat().st_mode & 0o777 == 0o600
            answer = await say(path, b"CONNECT evil.example:443 HTTP/1.1\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 403 evil.example:443 is not allowed")
        await served.close()

    asyncio.run(scenario())
    assert [(r.client, r.host, r.verdict) for r in audit.recent()] == [
        ("sandbox", "evil.example", "refused"), ("llm", "evil.example", "refused"),
    ]  # fmt: skip
    assert not list(places.glob("*/proxy.sock"))


def test_what_a_killed_gateway_left_is_replaced(places: Path, audit: Audit) -> None:
    killed = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()"
    subprocess.run([sys.executable, "-c", killed, places / "sandbox/proxy.sock"], check=True)

    async def scenario() -> None:
        served = Egress(policies(settings(allow_hosts=["a.example"])), audit)
        served.start()
        await asyncio.sleep(0.05)
        assert b"403" in await say(places / "sandbox/proxy.sock", b"CONNECT evil.example:443 HTTP/1.1\r\n\r\n")
        await served.close()

    asyncio.run(scenario())


def test_what_keeps_one_client_from_being_served_keeps_no_other(
    places: Path, audit: Audit, caplog: pytest.LogCaptureFixture
) -> None:
    (places / "llm").rmdir()

    async def scenario() -> None:
        served = Egress(policies(settings(ANTHROPIC, allow_hosts=["a.example"])), audit)
        served.start()
        await asyncio.sleep(0.3)
        report = served.report()
        assert report["sandbox"] is None
        assert str(report["llm"]).startswith(f"The egress proxy cannot listen on {places / 'llm/proxy.sock'}: No such")
        assert b"403" in await say(places / "sandbox/proxy.sock", b"CONNECT evil.example:443 HTTP/1.1\r\n\r\n")
        assert len([record for record in caplog.records if "cannot listen" in record.message]) == 1

        (places / "llm").mkdir()
        await until_served(served)
        assert b"403" in await say(places / "llm/proxy.sock", b"CONNECT evil.example:443 HTTP/1.1\r\n\r\n")
        await served.close()

    asyncio.run(scenario())


def test_what_is_in_the_sockets_place_is_left_alone(places: Path, audit: Audit) -> None:
    (places / "sandbox/proxy.sock").mkdir()

    async def scenario() -> None:
        served = Egress(policies(settings(allow_hosts=["a.example"])), audit)
        served.start()
        await asyncio.sleep(0.1)
        assert "cannot listen" in str(served.report()["sandbox"])
        (places / "sandbox/proxy.sock").rmdir()
        await until_served(served)
        await served.close()

    asyncio.run(scenario())


def test_it_can_be_stopped_while_it_cannot_listen(places: Path, audit: Audit) -> None:
    (places / "sandbox").rmdir()

    async def scenario() -> None:
        served = Egress(policies(settings(allow_hosts=["a.example"])), audit)
        served.start()
        await asyncio.sleep(0.1)
        await asyncio.wait_for(served.close(), 1)

    asyncio.run(scenario())


def test_the_owners_authority_is_handed_out_and_taken_back(places: Path, audit: Audit) -> None:
    def handed() -> dict[str, str]:
        return {path.parent.name: path.read_text() for path in places.glob("*/ca.pem")}

    async def served_once() -> dict[str, str]:
        served = Egress(policies(settings(ANTHROPIC, allow_hosts=["a.example"])), audit)
        served.start()
        await asyncio.sleep(0.05)
        found = handed()
        await served.close()
        return found

    (places / "extra.pem").write_text("EXTRA")
    assert asyncio.run(served_once()) == {"llm": "EXTRA", "sandbox": "SYSTEM\nEXTRA"}
    assert handed() == {}

    (places / "extra.pem").unlink()
    (places / "sandbox/ca.pem").write_text("left by a gateway that was killed")
    assert asyncio.run(served_once()) == {}


def test_an_authority_that_cannot_be_handed_out_is_reported_but_no_reason_not_to_serve(
    places: Path, audit: Audit
) -> None:
    (places / "extra.pem").write_text("EXTRA")
    (places / "system.crt").unlink()

    async def scenario() -> None:
        served = Egress(policies(settings(allow_hosts=["a.example"])), audit)
        served.start()
        await asyncio.sleep(0.05)
        assert str(served.report()["sandbox"]).startswith("The owner's certificate authority could not be written to")
        assert b"403" in await say(places / "sandbox/proxy.sock", b"CONNECT evil.example:443 HTTP/1.1\r\n\r\n")
        await served.close()

    asyncio.run(scenario())


LOADED = """
import sys
from agent import config
from agent.gateway.app import Gateway
from pathlib import Path
Gateway(config.load(Path(sys.argv[1])), Path(sys.argv[2]))
print(*sorted(name for name in sys.modules if "egress" in name or name == "agent.store.audit"))
"""


@pytest.mark.parametrize(
    ("llm", "sandbox", "extra"),
    [(OPENROUTER, {}, set()), (ANTHROPIC, {}, {"agent.gateway.egress"}),
     (OPENROUTER, {"allow_hosts": ["a.example"]}, {"agent.gateway.egress"})],
)  # fmt: skip
def test_nothing_of_it_is_loaded_for_who_does_not_need_it(
    tmp_path: Path, llm: dict[str, Any], sandbox: dict[str, Any], extra: set[str]
) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"llm": llm, "channel": TELEGRAM, "sandbox": sandbox}))
    done = subprocess.run(
        [sys.executable, "-c", LOADED, file, tmp_path / "state.db"], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(Path(egress.__file__).parents[2])},
    )  # fmt: skip
    rules = {"agent.egress", "agent.egress.rules", "agent.egress.names", "agent.egress.addresses"}
    loaded = set(done.stdout.split())
    assert loaded == rules if not extra else extra < loaded
