"""What is counted, what a day's budget stops, and what is told: turns as they are run, with a model by script."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from agent import cli, config
from agent.channels.base import Limits
from agent.gateway.commands import Commands
from agent.gateway.history import History
from agent.gateway.outgoing import Outgoing
from agent.gateway.pictures import Pictures
from agent.gateway.redaction import Redaction
from agent.gateway.spending import Spending
from agent.gateway.turn import Turns
from agent.llm.stream import Completion, ToolCall
from agent.llm.tables import Known, Rates, Table
from agent.llm.usage import Usage as Tokens
from agent.sandbox.client import SandboxLink
from agent.store import database
from agent.store.mailbox import Inbound, Mailbox
from agent.store.sessions import Sessions
from agent.store.spool import Spool
from agent.store.usage import Spent, Usage
from agent.tools.registry import Tools
from tests.unit.gateway.quiet import Quiet
from tests.unit.gateway.world import user_message

MODEL, KEY = "gpt-4o", "openai/gpt-4o"
TABLE: Table = {KEY: Known(max_input_tokens=128_000, price=Rates(2.5, 10.0, 1.25))}
FALLBACK = config.Model(provider="openrouter", api_key="k", model="x/y")
CALL = (ToolCall("call_1", "exec", "{}"),)


@dataclass
class World:
    """A gateway's turns around one state file, on a clock of their own."""

    path: Path
    llm: config.LLM
    table: Table = field(default_factory=lambda: TABLE)
    now: datetime = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    script: list[Completion | BaseException] = field(default_factory=list)
    asked: int = 0
    answers: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.database = database.connect(self.path)
        self.sessions = Sessions(self.database)
        self.usage = Usage(self.database, lambda: self.now)
        self.spending = Spending(self.llm, self.table, self.usage)
        mailbox, spool = Mailbox(self.database), Spool(self.path.parent / "spool")
        self.turns = Turns(
            model=self,
            tools=Tools([]),
            sessions=self.sessions,
            mailbox=mailbox,
            settings=config.Assistant(),
            redact=Redaction(),
            history=History(self.sessions),
            spending=self.spending,
            outgoing=lambda message: Outgoing(message, Limits(1.0, 0), mailbox, spool, Redaction()),
            user_message=user_message,
            pictures=lambda: Pictures(SandboxLink()),
        )

    async def complete(
        self, messages: Sequence[Any], tools: Sequence[Any] = (), on_text: object = None, on_restart: object = None
    ) -> Completion:
        del messages, tools, on_text, on_restart
        self.asked += 1
        await asyncio.sleep(0)
        said = self.script.pop(0) if self.script else answer(1000, 100)
        if isinstance(said, BaseException):
            raise said
        return said

    def ask(self, number: int = 1, chat: str = "7") -> str:
        asyncio.run(self.turns.run(inbound(number, chat), "en", self.answers.append, Quiet()))
        return self.answers[-1]


def inbound(number: int, chat: str = "7") -> Inbound:
    return Inbound("telegram", chat, str(number), "7", str(number), "go", id=number)


def answer(
    prompt: int, said: int, *, calls: tuple[ToolCall, ...] = (), cached: int = 0, cost: float | None = None
) -> Completion:
    tokens = Tokens(prompt, said, cached, cost)
    return Completion("" if calls else "done", calls, "tool_calls" if calls else "stop", tokens, "openai", MODEL)


def llm(**more: Any) -> config.LLM:
    return config.LLM(provider="openai", api_key="k", model=MODEL, **more)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


def test_each_answer_is_counted_and_priced(state: Path) -> None:
    world = World(state, llm())
    world.script = [answer(10_000, 200, calls=CALL, cached=8000), answer(10_500, 50)]
    assert world.ask() == "done"
    (row,) = world.usage.days(1)
    cost = (2000 * 2.5 + 8000 * 1.25 + 200 * 10) + (10_500 * 2.5 + 50 * 10)
    assert (row.model, row.spent) == (KEY, Spent(2, 20_500, 8000, 250, round(cost), 0))


def test_the_steps_of_a_turn_and_their_cost_are_stored_together(state: Path) -> None:
    """Killed in the middle of the second request: what the first one cost is there, and what it said as well."""
    world = World(state, llm())
    world.script = [answer(1000, 10, calls=CALL), KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        world.ask()
    after = World(state, llm())
    assert after.usage.spent_today().requests == 1
    assert [message["role"] for message in after.sessions.of_turn("telegram:7", 1)] == ["user", "assistant", "tool"]
    assert after.ask() == "done"
    assert after.usage.spent_today().requests == 2


def test_a_step_whose_cost_cannot_be_stored_is_not_stored_either(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(state, llm())
    world.script = [answer(1000, 10, calls=CALL)]

    def refuse(_: str, __: Spent) -> None:
        raise sqlite3.OperationalError("disk full")

    monkeypatch.setattr(world.usage, "add", refuse)
    with pytest.raises(sqlite3.OperationalError):
        world.ask()
    assert [message["role"] for message in world.sessions.of_turn("telegram:7", 1)] == ["user"]


def test_a_reply_that_cannot_be_stored_is_not_counted_either(state: Path) -> None:
    world = World(state, llm())

    def refuse(_: str) -> None:
        raise sqlite3.OperationalError("disk full")

    with pytest.raises(sqlite3.OperationalError):
        asyncio.run(world.turns.run(inbound(1), "en", refuse, Quiet()))
    assert world.usage.spent_today() == Spent()


@pytest.mark.parametrize(
    ("limits", "key"),
    [({"daily_budget_usd": 0.01}, "llm.daily_budget_usd"), ({"daily_tokens": 3000}, "llm.daily_tokens")],
)
def test_a_budget_stops_before_the_next_request_until_midnight_utc(
    state: Path, limits: dict[str, Any], key: str
) -> None:
    world = World(state, llm(**limits))
    while world.ask(world.asked + 1) == "done":
        assert world.asked < 10
    assert world.asked == 3  # 1100 tokens and 0.0035 USD each: the third oversteps, the fourth is not made
    assert key in world.answers[-1]
    assert "00:00 UTC, in 30 min" in world.answers[-1]
    assert world.sessions.of_turn("telegram:7", 4) == [{"role": "user", "content": "go"}]
    world.now += timedelta(minutes=29, seconds=59)
    assert ", in 1 min" in world.ask(5)
    world.now += timedelta(seconds=1)
    assert world.ask(6) == "done"
    assert [row.day for row in world.usage.days(2)] == [date(2026, 11, 23), date(2026, 11, 22)]


def test_a_restart_does_not_forget_what_was_spent(state: Path) -> None:
    assert World(state, llm(daily_tokens=1000)).ask() == "done"
    world = World(state, llm(daily_tokens=1000))
    assert "llm.daily_tokens" in world.ask(2)
    assert world.asked == 0


def test_a_model_that_never_ends_is_stopped_in_the_middle_of_its_turn(state: Path) -> None:
    world = World(state, llm(daily_tokens=3000))
    world.script = [answer(1000, 100, calls=CALL) for _ in range(10)]
    assert "tokens are used up: 3\N{NO-BREAK SPACE}300 of 3\N{NO-BREAK SPACE}000" in world.ask()
    assert world.asked == 3
    stored = world.sessions.of_turn("telegram:7", 1)
    assert [message["role"] for message in stored] == ["user", *["assistant", "tool"] * 3]
    world.now += timedelta(hours=1)
    world.script = []
    assert world.ask(2) == "done"


def test_chats_at_once_overstep_by_a_request_each_at_most(state: Path) -> None:
    world = World(state, llm(daily_tokens=1000))

    async def together() -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(1, 5):
                group.create_task(world.turns.run(inbound(number, str(number)), "en", world.answers.append, Quiet()))

    asyncio.run(together())
    assert world.asked == 4
    assert world.usage.spent_today().tokens == 4400
    assert "llm.daily_tokens" in world.ask(9, "1")
    assert world.asked == 4


def test_a_stand_in_model_counts_against_the_same_budget(state: Path) -> None:
    world = World(state, llm(fallbacks=[FALLBACK], daily_budget_usd=0.5))
    other = Completion("done", (), "stop", Tokens(1000, 100, 0, 0.6), FALLBACK.provider, FALLBACK.model)
    world.script = [other]
    assert world.ask() == "done"
    assert [(row.model, row.spent.cost) for row in world.usage.days(1)] == [("openrouter/x/y", 600_000)]
    assert "0.6000 of 0.5 USD" in world.ask(2)


def test_a_budget_without_a_price_asks_nothing(state: Path) -> None:
    world = World(state, llm(daily_budget_usd=1.0), table={})
    assert "llm.price" in world.ask()
    assert world.asked == 0


def test_without_a_budget_an_unknown_price_is_counted_as_unknown(state: Path) -> None:
    world = World(state, llm(), table={KEY: None})
    assert world.ask() == "done"
    assert world.usage.spent_today() == Spent(1, 1000, 0, 100, 0, 1)
    assert "0.0000 USD and 1 requests unknown" in world.spending.report("en")


@pytest.mark.parametrize("bad", [-5, 10**30])
def test_a_provider_that_counts_nonsense_breaks_nothing(state: Path, bad: int) -> None:
    world = World(state, llm())
    world.script = [answer(bad, 1), answer(1000, 100)]
    assert (world.ask(1), world.ask(2)) == ("done", "done")
    assert world.usage.spent_today().prompt_tokens >= 1000


def test_the_report(state: Path) -> None:
    world = World(state, llm(daily_budget_usd=1.0, daily_tokens=10**6))
    world.script = [answer(10_000, 1000, cached=5000)]
    world.ask()
    world.now += timedelta(days=1)
    world.script = [replace(answer(100_000, 1000), usage=Tokens(100_000, 1000, 50_000))]
    world.ask(2)
    for language, words in {
        "en": ("today: requests 1, tokens 101 000 (prompt cached 50%), cost 0.1975 USD", "yesterday: requests 1", "30"),
        "pl": ("dzisiaj: zapytania 1, tokeny 101 000 (z pamięci podręcznej 50%), koszt 0.1975 USD", "wczoraj", "30"),
    }.items():
        report = world.spending.report(language).replace("\N{NO-BREAK SPACE}", " ")
        assert all(word in report for word in words), report
        assert f"• `{KEY}`: " in report
        assert "0.8025" in report
        assert "899 000" in report
    world.now += timedelta(days=40)
    assert "tokens 0" in world.spending.report("en")
    assert "`" not in world.spending.report("en")


def test_what_the_table_does_not_know_is_told(state: Path, caplog: pytest.LogCaptureFixture) -> None:
    world = World(state, llm(), table={})
    assert "is not in models.json" in world.spending.report("en")
    assert "nie ma w models.json" in world.spending.report("pl")
    assert "is not in models.json" in caplog.text


def test_the_commands(state: Path) -> None:
    world = World(state, llm())

    async def status(_: Inbound, language: str) -> str:
        return f"fine in {language}"

    commands = Commands(
        world.sessions, {"status": status, "usage": lambda _, language: world.spending.report(language)}
    )

    def said(text: str, language: str = "en") -> str | None:
        return asyncio.run(commands.answer(replace(inbound(1), text=text), language))

    assert said("/status", "pl") == "fine in pl"
    assert (said("/usage@mybot") or "").startswith("Usage")
    for language in ("en", "pl"):
        assert "/usage" in (said("/help", language) or "")
    assert said("hello") is None


def test_the_table_and_the_json_of_the_command(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(state, llm(), now=datetime.now(UTC))
    world.script = [answer(10_000, 1000, cached=5000)]
    world.ask()
    monkeypatch.setattr(database, "STATE", state)
    told = CliRunner().invoke(cli.main, ["usage", "--json"])
    assert json.loads(told.stdout)["total"] == {
        "requests": 1,
        "prompt_tokens": 10_000,
        "cached_tokens": 5000,
        "completion_tokens": 1000,
        "cost_usd": 0.02875,
        "unpriced": 0,
    }
    table = CliRunner().invoke(cli.main, ["usage", "--lang", "pl"]).stdout.splitlines()
    assert table[0].split()[:2] == ["dzień", "model"]
    assert table[1].split() == [world.now.date().isoformat(), KEY, "1", "10000", "5000", "1000", "0.0288", "0"]
    assert table[-1].startswith("razem")
    assert CliRunner().invoke(cli.main, ["usage", "--days", "1"]).exit_code == 0


def test_the_command_says_where_to_run_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "STATE", tmp_path / "none.db")
    told = CliRunner().invoke(cli.main, ["usage"])
    assert told.exit_code == 1
    assert "docker exec picoclaw picoclaw usage" in told.output
    assert not (tmp_path / "none.db").exists()


def test_a_state_file_of_the_version_before_is_migrated(state: Path) -> None:
    old = sqlite3.connect(state)
    for number, script in enumerate(database.MIGRATIONS[:2], start=1):
        old.executescript(f"{script}; PRAGMA user_version = {number}")
    old.execute("INSERT INTO marks VALUES ('telegram', '17')")
    old.commit()
    old.close()
    world = World(state, llm())
    assert world.ask() == "done"
    assert world.database.execute("SELECT value FROM marks").fetchall() == [("17",)]
