"""`picoclaw init`: against the stand-ins over real sockets, unattended and through a real terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import stat
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from agent.operator.live import Services
from tests.fakes import defaults
from tests.fakes.client import FakesClient
from tests.unit.operator.initialising import SECRETS, Init

ROOT = Path(__file__).parents[3]


def test_unattended_it_checks_and_writes_both_files(init: Init) -> None:
    code, printed = init.telegram("--ssh-hostname", "srv42.mikr.us", "--ssh-port", "10142")
    assert code == 0, printed
    assert "✓ openrouter takes the key; models: 7" in printed
    assert f"✓ it is @{defaults.BOT_USERNAME}" in printed
    assert printed.endswith("  pyinfra inventory deploy.py\n  make verify\n")
    assert init.read().channels[0].allowed_user_ids == [5]
    host = {"ssh_hostname": "srv42.mikr.us", "ssh_port": 10142, "ssh_user": "root"}
    assert json.loads(init.hosts.read_text()) == {"mikrus": host}
    assert stat.S_IMODE(init.config.stat().st_mode) == 0o600


def test_run_again_it_keeps_what_is_not_given(init: Init) -> None:
    assert init.telegram()[0] == 0
    document = json.loads(init.config.read_text())
    document["assistant"] = {"language": "pl"}
    init.config.write_text(json.dumps(document))
    init.hosts.write_text(json.dumps({"mikrus": {"picoclaw_harden_docker": True}, "other": {}}))
    code, printed = init.run("--yes", "--model", "openai/gpt-4o")
    assert code == 0, printed
    ours = init.read()
    assert (ours.llm.model, ours.llm.api_key, ours.assistant.language) == (
        "openai/gpt-4o", defaults.OPENROUTER_KEY, "pl",
    )  # fmt: skip
    assert json.loads(init.hosts.read_text()) == {"mikrus": {"picoclaw_harden_docker": True}, "other": {}}
    (copy,) = init.config.parent.glob("config.json.*.bak")
    assert json.loads(copy.read_text())["llm"]["model"] == defaults.OPENROUTER_MODEL


def test_another_provider_gets_nothing_that_was_the_old_ones(init: Init) -> None:
    assert init.telegram()[0] == 0
    document = json.loads(init.config.read_text())
    fallback = {"provider": "openai", "api_key": defaults.OPENAI_KEY, "model": "gpt-4o"}
    stays = {"fallbacks": [fallback], "daily_budget_usd": 2.0, "daily_tokens": 5000, "idle_minutes": 5.0}
    document["llm"] = {
        "provider": "own", "api_key": "sk-of-the-old-host", "model": "llama",
        "api_base": f"{init.services.providers['openai']}", "engine": "litellm", "max_tokens": 512,
        "temperature": 0.1, "timeout_s": 600, "context_window": 8192, "vision": False,
        "price": {"input": 0, "output": 0}, **stays,
    }  # fmt: skip
    init.config.write_text(json.dumps(document))
    code, printed = init.telegram("--provider", "openrouter")
    assert code == 0, printed
    assert "✓ openrouter takes the key; models: 7" in printed
    new = {"provider": "openrouter", "api_key": defaults.OPENROUTER_KEY, "model": defaults.OPENROUTER_MODEL}
    assert json.loads(init.config.read_text())["llm"] == {**stays, **new}


def test_among_several_channels_it_edits_the_one_that_is_chosen(init: Init) -> None:
    assert init.telegram()[0] == 0
    document = json.loads(init.config.read_text())
    slack = {"type": "slack", "bot_token": defaults.SLACK_TOKEN, "app_token": defaults.SLACK_APP_TOKEN}
    document["channels"] = [slack, document.pop("channel")]
    init.config.write_text(json.dumps(document))
    code, printed = init.run("--yes", "--channel", "telegram", "--user-id", "7")
    assert code == 0, printed
    assert [channel.allowed_user_ids for channel in init.read().channels] == [[], [7]]
    assert init.run("--yes", "--channel", "discord", bot_token=defaults.DISCORD_TOKEN)[0] == 0
    assert [type(channel).__name__ for channel in init.read().channels] == ["Slack", "Telegram", "Discord"]


def test_secrets_come_from_a_file_or_stdin(init: Init) -> None:
    secrets = json.dumps(
        {"api_key": defaults.OPENAI_KEY, "bot_token": defaults.SLACK_TOKEN, "app_token": defaults.SLACK_APP_TOKEN}
    )
    options = ("--yes", "--provider", "openai", "--model", "gpt-4o", "--channel", "slack", "--secrets", "-")
    code, printed = init.run(*options, typed=secrets)
    assert code == 0, printed
    assert "✓ it is picoclaw (Lab)" in printed
    assert init.read().llm.api_key == defaults.OPENAI_KEY
    assert init.run(*options, typed='{"password": 1}')[0] == 1


@pytest.mark.parametrize(
    ("options", "environ", "verdict"),
    [
        ((), {"api_key": "sk-or-v1-wrong-key-entirely"}, "✗ openrouter refuses this key"),
        (("--provider", "anthropic"), {"api_key": "sk-ant-wrong"}, "✗ anthropic refuses this key"),
        (("--provider", "gemini"), {"api_key": "AIza-wrong"}, "✗ gemini refuses this key"),
        ((), {"bot_token": "123456789:" + "W" * 35}, "✗ telegram refuses this token"),
        (("--channel", "discord"), {"bot_token": "wrong"}, "✗ discord refuses this token"),
        (
            ("--channel", "slack"),
            {"bot_token": "xoxb-wrong", "app_token": defaults.SLACK_APP_TOKEN},
            "refuses the bot token",
        ),
        (
            ("--channel", "slack"),
            {"bot_token": defaults.SLACK_TOKEN, "app_token": "xapp-wrong"},
            "refuses the app token",
        ),
    ],
)
def test_what_a_service_refuses_is_not_written(
    init: Init, options: tuple[str, ...], environ: dict[str, str], verdict: str
) -> None:
    code, printed = init.telegram(*options, **environ)
    assert code == 1
    assert verdict in printed
    assert "refused; nothing was written" in printed
    assert not init.config.exists()
    assert not init.hosts.exists()


@pytest.mark.parametrize(
    ("provider", "key", "count"),
    [
        ("anthropic", defaults.ANTHROPIC_KEY, len(defaults.ANTHROPIC_MODELS)),
        ("gemini", defaults.GEMINI_KEY, len(defaults.GEMINI_MODELS)),
        ("openai", defaults.OPENAI_KEY, len(defaults.OPENAI_MODELS)),
    ],
)
def test_each_provider_lists_its_models_its_own_way(init: Init, provider: str, key: str, count: int) -> None:
    code, printed = init.telegram("--provider", provider, api_key=key)
    assert code == 0, printed
    assert f"✓ {provider} takes the key; models: {count}" in printed


def test_discord_is_told_with_its_invitation(init: Init) -> None:
    flags = ("--yes", "--model", defaults.OPENROUTER_MODEL, "--user-id", "701234567890123456", "--host", "mikrus")
    keys = {"api_key": defaults.OPENROUTER_KEY, "bot_token": defaults.DISCORD_TOKEN}
    code, printed = init.run(*flags, "--channel", "discord", **keys)
    assert code == 0, printed
    invitation = f"https://discord.com/oauth2/authorize?client_id={defaults.DISCORD_APPLICATION_ID}&scope=bot"
    assert f"✓ it is {defaults.BOT_USERNAME}; invite it: {invitation}" in printed


def test_a_discord_bot_that_may_not_read_is_not_written(init: Init, fakes: FakesClient) -> None:
    fakes.discord_settings(message_content=False)
    code, printed = init.telegram("--channel", "discord", bot_token=defaults.DISCORD_TOKEN)
    assert code == 1
    assert f"✗ {defaults.BOT_USERNAME} may not read messages: Developer Portal, Bot, switch on Message" in printed
    assert "refused; nothing was written" in printed
    assert not init.config.exists()
    assert not init.hosts.exists()


def test_without_a_network_it_goes_on_and_says_so(init: Init) -> None:
    init.services = Services(telegram="http://127.0.0.1:9", providers={"openrouter": "http://127.0.0.1:9/v1"})
    code, printed = init.telegram()
    assert code == 0, printed
    assert printed.count("? 127.0.0.1 cannot be reached from here: not checked, going on") == 2
    assert "cannot be reached" not in init.telegram("--offline")[1]


@pytest.mark.parametrize(
    "present",
    [
        {"llm": None, "channels": None, "channel": None},
        {"llm": [], "channels": [None, "telegram"], "channel": "telegram"},
        {"llm": {"provider": []}, "channel": {"type": "irc", "allowed_user_ids": None}},
        {"channel": {"type": "telegram", "allowed_user_ids": None}},
    ],
)
def test_what_is_no_section_is_written_anew(init: Init, present: dict[str, Any]) -> None:
    init.config.write_text(json.dumps(present))
    code, printed = init.run(
        "--yes", "--model", defaults.OPENROUTER_MODEL,
        api_key=defaults.OPENROUTER_KEY, bot_token=defaults.TELEGRAM_TOKEN,
    )  # fmt: skip
    assert code == 0, printed
    assert [type(channel).__name__ for channel in init.read().channels] == ["Telegram"]


def test_a_file_that_cannot_be_read_is_said_and_stays(init: Init) -> None:
    init.config.write_bytes(b'{"llm": "\xff"}')
    code, printed = init.telegram()
    assert (code, f"{init.config} cannot be read (UTF-8)" in printed) == (1, True)
    assert init.config.read_bytes() == b'{"llm": "\xff"}'
    init.config.unlink()
    init.config.mkdir()
    code, printed = init.telegram()
    assert (code, f"{init.config} cannot be read (Is a directory)" in printed) == (1, True)


@pytest.mark.parametrize("held", ["{", "[]", '{"mikrus": "srv42.mikr.us"}'])
@pytest.mark.parametrize(
    ("language", "said"), [("en", "must hold JSON such as"), ("pl", "musi zawierać JSON taki jak")]
)
def test_hosts_that_are_none_are_said_in_both_languages(init: Init, held: str, language: str, said: str) -> None:
    init.hosts.write_text(held)
    code, printed = init.telegram("--lang", language)
    assert code == 1
    assert f'{init.hosts} {said} {{"mikrus": {{"ssh_hostname": "srv42.mikr.us"}}}}' in printed
    assert init.hosts.read_text() == held
    assert not init.config.exists()


def test_what_yes_lacks_is_named(init: Init) -> None:
    code, printed = init.run("--yes", "--model", "m", api_key=defaults.OPENROUTER_KEY)
    assert (code, "--yes needs PICOCLAW_BOT_TOKEN" in printed) == (1, True)
    assert not init.config.exists()


def test_a_reference_stays_a_reference_and_what_it_gives_is_checked(init: Init) -> None:
    assert init.telegram()[0] == 0
    document = json.loads(init.config.read_text())
    document["llm"]["api_key"] = {"command": f"printf {defaults.OPENROUTER_KEY}"}
    init.config.write_text(json.dumps(document))
    code, printed = init.run("--yes", "--user-id", "6")
    assert code == 0, printed
    assert "✓ openrouter takes the key" in printed
    assert json.loads(init.config.read_text())["llm"] == document["llm"]


class Terminal:
    """A person at a pseudo-terminal."""

    def __init__(self, arguments: list[str], services: Services) -> None:
        imports = "from agent.cli import main; from agent.operator.live import Services"
        program = f"{imports}; main({arguments!r}, obj={services!r})"
        self.seen = ""
        self._pid, self._end = pty.fork()
        if self._pid == 0:
            os.chdir(ROOT)
            os.execv(sys.executable, [sys.executable, "-c", program])  # noqa: S606 - the child becomes the command

    def answer(self, question: str, text: str) -> str:
        """Wait for the question, type, and give what was shown until then."""
        shown = self._read(until=question)
        os.write(self._end, f"{text}\n".encode())
        return shown

    def finish(self) -> int:
        """Read what is left; the exit code."""
        self._read()
        os.close(self._end)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def _read(self, until: str | None = None) -> str:
        shown, deadline = "", time.monotonic() + 20
        while until is None or until not in shown:
            if not select.select([self._end], [], [], max(0, deadline - time.monotonic()))[0]:
                raise AssertionError(f"no {until!r} after {self.seen!r}")
            try:
                piece = os.read(self._end, 4096).decode(errors="replace")
            except OSError:
                piece = ""
            if not piece:
                assert until is None, self.seen
                break
            shown += piece
            self.seen += piece
        return shown


def test_a_person_answers_in_polish_at_a_terminal(init: Init) -> None:
    arguments = ["init", *init.files[:4], "--lang", "pl"]
    person = Terminal(arguments, init.services)
    person.answer("Dostawca modeli", "openrouter")
    assert "https://openrouter.ai/keys" in person.answer("Klucz API: ", "sk-or-v1-mistyped-mistyped")
    person.answer("Wpisać jeszcze raz? [Y/n]: ", "")
    person.answer("Klucz API", defaults.OPENROUTER_KEY)
    person.answer("Model: numer", "gpt-4o")
    assert " 2 openai/gpt-4o-mini" in person.answer("Model: numer", "2")
    person.answer("Gdzie będziesz", "telegram")
    assert "@BotFather" in person.answer("Token bota", defaults.TELEGRAM_TOKEN)
    person.answer("Kto może", "123456789")
    person.answer("Serwer", "")
    person.answer("Jego adres", "")
    assert person.finish() == 0
    assert not any(secret in person.seen for secret in SECRETS)
    assert "mistyped" not in person.seen
    ours = init.read()
    assert (ours.llm.model, ours.channels[0].allowed_user_ids) == ("openai/gpt-4o-mini", [123456789])
    assert json.loads(init.hosts.read_text()) == {"mikrus": {}}

    again = Terminal(arguments, init.services)
    for question in (
        "Dostawca",
        "Klucz API [sk-o…",
        "Model: numer",
        "Gdzie",
        "Token bota [7012…",
        "Kto",
        "Serwer",
        "Jego",
    ):
        again.answer(question, "")
    assert again.finish() == 0
    assert not any(secret in again.seen for secret in SECRETS)
    assert init.read() == ours


def test_discord_and_slack_ask_for_what_they_need(init: Init) -> None:
    answers = [
        "openrouter", defaults.OPENROUTER_KEY, defaults.OPENROUTER_MODEL,
        "slack", defaults.SLACK_TOKEN, defaults.SLACK_APP_TOKEN, "U012AB3CD", "srv", "192.0.2.7", "10122", "deploy",
    ]  # fmt: skip
    code, printed = init.run(typed="\n".join([*answers, ""]))
    assert code == 0, printed
    assert '"socket_mode_enabled": true' in printed
    host: dict[str, Any] = {"ssh_hostname": "192.0.2.7", "ssh_port": 10122, "ssh_user": "deploy"}
    assert json.loads(init.hosts.read_text()) == {"srv": host}
    assert init.read().channels[0].allowed_user_ids == ["U012AB3CD"]
