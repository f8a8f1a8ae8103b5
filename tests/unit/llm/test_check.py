"""`picoclaw llm check` against the stand-ins: what it prints, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from agent import config
from agent.cli import main
from tests.fakes import defaults
from tests.fakes.client import FakesClient
from tests.fakes.thread import running
from tests.fakes.wire import HttpError, Reply


def run(fakes: FakesClient, monkeypatch: pytest.MonkeyPatch, path: Path, *options: str, **first: Any) -> Result:
    """The command with OpenRouter's model first and OpenAI's behind it."""
    places = fakes.ping()
    llm = {
        "provider": "openrouter",
        "api_key": defaults.OPENROUTER_KEY,
        "model": defaults.OPENROUTER_MODEL,
        "api_base": places[defaults.OPENROUTER_HOST] + "/api/v1",
        "fallbacks": [
            {
                "provider": "openai",
                "api_key": defaults.OPENAI_KEY,
                "model": "gpt-4o",
                "api_base": places[defaults.OPENAI_HOST] + "/v1",
            }
        ],
    }
    channel = {"type": "telegram", "bot_token": defaults.TELEGRAM_TOKEN}
    path.write_text(json.dumps({"llm": llm | first, "channel": channel}))
    settings = config.load(path)
    monkeypatch.setattr(config, "load", lambda: settings)
    return CliRunner().invoke(main, ["llm", "check", *options])


def test_models_that_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with running() as fakes:
        done = run(fakes, monkeypatch, tmp_path / "config.json", "--json")
        assert done.exit_code == 0, done.output
        first, second = json.loads(done.output)
        assert (first["where"], first["engine"], first["ok"]) == ("llm", "direct", True)
        assert first["cost_usd"] == pytest.approx(first["prompt_tokens"] * 3e-6 + first["completion_tokens"] * 15e-6)
        assert (second["where"], second["model"], second["cost_usd"]) == ("llm.fallbacks[0]", "gpt-4o", None)
        assert len(fakes.llm_requests()) == 2


def test_a_price_of_the_owners_is_reckoned_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with running() as fakes:
        fakes.script(Reply(text="ok", prompt_tokens=10, completion_tokens=2))
        openai = {"provider": "openai", "api_key": defaults.OPENAI_KEY, "model": "gpt-4o", "fallbacks": []}
        base = fakes.ping()[defaults.OPENAI_HOST] + "/v1"
        price = {"input": 2.5, "output": 10}
        done = run(fakes, monkeypatch, tmp_path / "config.json", **openai, api_base=base, price=price)
    assert "$0.000045" in done.output


@pytest.mark.parametrize(("language", "word"), [("en", "refuses"), ("pl", "odrzuca")])
def test_a_wrong_key_is_named_and_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, language: str, word: str
) -> None:
    with running() as fakes:
        wrong = "sk-or-v1-" + "0" * 64
        done = run(fakes, monkeypatch, tmp_path / "config.json", "--lang", language, api_key=wrong)
        assert done.exit_code == 1
        first, second = done.output.splitlines()
        assert word in first
        assert "llm.api_key" in first
        assert "gpt-4o" in second
        assert wrong not in done.output
        assert len(fakes.llm_requests()) == 2


def test_a_broken_fallback_is_told_but_does_not_fail(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with running() as fakes:
        fakes.script(Reply(text="ok"), Reply(error=HttpError(kind="quota")))
        done = run(fakes, monkeypatch, tmp_path / "config.json")
        assert done.exit_code == 0
        assert "llm.fallbacks[0].model" in done.output.splitlines()[1]
