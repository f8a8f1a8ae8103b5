"""`/status`, `/health` and unknown commands: what an owner reads."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agent import config
from agent.channels.base import Contact
from agent.channels.words import Sentence
from agent.gateway import status
from agent.gateway.access import Access
from agent.gateway.commands import Commands
from agent.gateway.printable import bar, duration
from agent.gateway.report import Reporter
from agent.gateway.status import Status
from agent.llm.models import Models
from agent.sandbox.client import SandboxLink
from agent.store.database import connect
from agent.store.mailbox import Inbound, Mailbox
from agent.store.owners import Owners
from agent.store.sessions import Sessions


class Host:
    """A gateway's parts, as far as they are looked at."""

    def __init__(self, folder: Path) -> None:
        database = connect(folder / "state.db")
        self.contact, self.access = Contact(), Access("telegram", [7], Owners(database))
        self.models = Models(config.LLM(provider="openai", api_key="sk-0123456789abcdef", model="gpt-4o"))
        self.report = Reporter(
            contacts={"telegram": self.contact},
            access={"telegram": self.access},
            sandbox=lambda: False,
            egress=dict,
            waiting=lambda: 2,
            unsent=lambda: 0,
            heard=Mailbox(database).heard,
            started=0.0,
        )

    def text(self, language: str = "en") -> str:
        return asyncio.run(Status(self.report, SandboxLink(), self.models).text(language))


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_the_status_says_what_is_wrong_and_fits_a_phone(host: Host) -> None:
    text = host.text()
    assert "telegram: ⚠ no contact yet; no contact since the start" in text
    assert "sandbox: ⚠ not connected" in text
    assert "model: `openai/gpt-4o` (asked directly)" in text
    assert "waiting: 2 to be answered, 0 to be delivered" in text
    assert "confinement: ⚠ only" in text, "this test runs in no container of the product's"
    assert "strangers" not in text
    fenced = text.split("```")[1].strip().splitlines()
    assert fenced[0].startswith("gateway")
    assert max(map(len, fenced)) <= 34


def test_what_is_well_is_short(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "look", lambda _: [])
    host.contact.succeeded()
    host.access.permits(Inbound("telegram", "8", "1", "8", "1", "hi"))
    text = host.text("pl")
    assert "telegram: ok, ostatni kontakt 0 s temu" in text
    assert "odprawieni obcy: 1" in text
    assert "⚠ działa" not in text
    assert "⚠ only" not in text


def test_health_is_lost_with_the_contact(host: Host) -> None:
    assert host.report()["healthy"] is False
    host.contact.succeeded()
    assert host.report()["healthy"] is True
    host.contact.failed("the token is refused", curable=False)
    channel = host.report()["channels"]["telegram"]
    assert host.report()["healthy"] is False
    assert (channel["problem"], channel["problem_pl"], channel["curable"]) == ("the token is refused",) * 2 + (False,)
    assert channel["last_contact_s"] is not None


def test_what_is_wrong_is_said_in_the_owners_language(host: Host) -> None:
    host.contact.failed(Sentence("telegram_token"), curable=False)
    assert "telegram: ⚠ Telegram refuses the bot token: put BotFather's" in host.text("en")
    assert "telegram: ⚠ Telegram odrzuca token bota: wpisz token od BotFathera" in host.text("pl-PL")
    assert host.report()["channels"]["telegram"]["refused_token"] is True
    host.contact.failed(Sentence("telegram_conflict"), curable=False)
    assert host.report()["channels"]["telegram"]["refused_token"] is False


@pytest.mark.parametrize(
    ("used", "limit", "shown"),
    [
        (64 << 20, 128 << 20, "████░░░░ 64/128 MB"),
        (1 << 60, 128 << 20, "████████ 953674316/128 MB"),
        (-5, 128 << 20, "░░░░░░░░ 0/128 MB"),
        (5 << 20, 0, "░░░░░░░░ 5 MB"),
    ],
)
def test_bars_whatever_a_container_says(used: int, limit: int, shown: str) -> None:
    assert bar("sandbox", used, limit) == f"sandbox   {shown}"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.4, "0 s"), (59, "59 s"), (61, "1 min"), (11100, "3 h 5 min"), (187200, "2 d 4 h")]
)
def test_times_in_words(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize(("text", "near"), [("/stauts", "/status"), ("/modell 2", "/model"), ("/pomoc", "")])
def test_the_closest_command_is_named(tmp_path: Path, text: str, near: str) -> None:
    known = Commands(Sessions(connect(tmp_path / "state.db")), {"status": lambda *_: "", "model": lambda *_: ""})
    answer = asyncio.run(known.answer(Inbound("telegram", "7", "1", "7", "1", text), "en"))
    assert answer is not None
    assert (f"did you mean {near}?" in answer) is bool(near)
    assert "/help" in answer


def test_whether_an_owner_was_ever_heard_is_known(host: Host, tmp_path: Path) -> None:
    assert host.report()["channels"]["telegram"]["heard"] is False
    Mailbox(connect(tmp_path / "state.db")).receive([Inbound("telegram", "7", "1", "7", "1", "hi")])
    assert host.report()["channels"]["telegram"]["heard"] is True
