"""`/model`: of the configured models the owner's is asked first, also after a restart."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agent import config
from agent.gateway.choice import SETTING, ModelChoice
from agent.llm.errors import LLMKeyError
from agent.llm.models import Models
from agent.store.database import connect
from agent.store.mailbox import Inbound
from agent.store.settings import Settings


def model(provider: str, name: str, key: str = "sk-0123456789abcdef") -> config.Model:
    return config.Model(provider=provider, api_key=key, model=name)


class Chooser:
    """A gateway's models and the owner's choice among them."""

    def __init__(self, folder: Path, *more: config.Model) -> None:
        fallbacks = [model("openai", "gpt-4o"), model("openai", "gpt-4o", "sk-fedcba9876543210"), *more]
        self.models = Models(
            config.LLM(provider="anthropic", api_key="sk-ant-1", model="claude-sonnet", fallbacks=fallbacks)
        )
        self.settings = Settings(connect(folder / "state.db"))
        self.choice = ModelChoice(self.models, self.settings)

    def say(self, text: str, language: str = "en") -> str:
        return self.choice.answer(Inbound("telegram", "7", "1", "7", "1", text), language)

    @property
    def order(self) -> list[str]:
        """As they would be asked."""
        return [f"{one.client.about.where}" for one in self.models._asked()]


def test_they_are_listed_with_the_first_marked(tmp_path: Path) -> None:
    chooser = Chooser(tmp_path)
    listed = chooser.say("/model").splitlines()
    assert listed[1] == "1. `anthropic/claude-sonnet` ← asked first"
    assert listed[2:4] == ["2. `openai/gpt-4o`", "3. `openai/gpt-4o (2)`"]
    assert "kolejności" in chooser.say("/model", "pl")


@pytest.mark.parametrize(
    ("text", "place"), [("/model 2", 1), ("/model 3", 2), ("/model gpt-4o (2)", 2), ("/model openai/gpt-4o", 1)]
)
def test_one_is_chosen_by_number_or_name(tmp_path: Path, text: str, place: int) -> None:
    chooser = Chooser(tmp_path)
    assert chooser.say(text) == f"From now on I ask `{chooser.models.names[place]}` first."
    again = Chooser(tmp_path)
    assert again.order[0] == f"llm.fallbacks[{place - 1}]", "a restart does not forget it"
    assert sorted(again.order) == sorted(Chooser(tmp_path).order)
    assert "← default" in again.say("/model").splitlines()[1]


@pytest.mark.parametrize("text", ["/model 1", "/model default", "/model CLAUDE"])
def test_the_way_back(tmp_path: Path, text: str) -> None:
    chooser = Chooser(tmp_path)
    chooser.say("/model 2")
    chooser.say(text)
    assert chooser.order == ["llm", "llm.fallbacks[0]", "llm.fallbacks[1]"]
    assert chooser.settings.get(SETTING) is None, "another default in config.json applies"


@pytest.mark.parametrize(
    "text", ["/model 0", "/model 4", "/model gpt-5", "/model gpt", "/model ²", f"/model {'9' * 5000}"]
)
def test_nothing_else_is_ever_chosen(tmp_path: Path, text: str) -> None:
    chooser = Chooser(tmp_path)
    assert "1. `anthropic/claude-sonnet` ← asked first" in chooser.say(text)
    assert chooser.order[0] == "llm"


def test_a_choice_that_config_has_no_more_is_the_default(tmp_path: Path) -> None:
    Chooser(tmp_path, model("groq", "llama")).say("/model llama")
    assert Chooser(tmp_path).order[0] == "llm"


def test_who_stands_in_is_told(tmp_path: Path) -> None:
    chooser = Chooser(tmp_path)
    chooser.models._line[0].failed(LLMKeyError("HTTP 401"))
    listed = chooser.say("/model").splitlines()
    assert listed[1].endswith("← asked first")
    assert listed[2] == "2. `openai/gpt-4o` ← answers for now"
    asyncio.run(chooser.models.aclose())
