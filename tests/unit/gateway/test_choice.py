"""/model: what it lists, what it takes, and that it lasts."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent import config
from agent.gateway.choice import ModelChoice
from agent.llm.models import Models
from agent.store.database import connect
from agent.store.mailbox import Inbound, Mailbox

LLM = config.LLM(
    provider="openrouter",
    api_key="k",
    model="anthropic/claude-3.5-sonnet",
    fallbacks=[
        config.Model(provider="openai", api_key="k", model="gpt-4o"),
        config.Model(provider="openai", api_key="k", model="gpt-4o-mini"),
    ],
)


def choice(folder: Path) -> tuple[ModelChoice, Models]:
    models = Models(LLM)
    return ModelChoice(LLM, models, Mailbox(connect(folder / "state.db"))), models


def say(made: ModelChoice, text: str, language: str = "en") -> str:
    return made.answer(Inbound("telegram", "7", "1", "7", "1", text), language)


@pytest.mark.parametrize(
    ("wanted", "first"),
    [
        ("2", 1),
        ("mini", 2),
        ("CLAUDE", 0),
        ("default", 0),
        ("gpt-4o", None),
        ("4", None),
        ("0", None),
        ("llama", None),
        ("9" * 5000, None),
    ],
)
def test_a_model_is_chosen_by_number_or_name(tmp_path: Path, wanted: str, first: int | None) -> None:
    made, models = choice(tmp_path)
    answer = say(made, f"/model {wanted}")
    assert models.first == (first or 0)
    assert ("asked first" in answer) is (first is not None)
    assert len(answer) < 300


def test_the_choice_lasts_and_is_listed(tmp_path: Path) -> None:
    say(choice(tmp_path)[0], "/model 2")
    made, models = choice(tmp_path)
    assert models.first == 1
    assert [one.client.about.model for one in models._asked()] == [
        "gpt-4o", "anthropic/claude-3.5-sonnet", "gpt-4o-mini",
    ]  # fmt: skip
    listed = say(made, "/model", "pl").splitlines()
    assert listed[2] == "2. `openai/gpt-4o` ← pytany jako pierwszy"
    say(made, "/model default")
    assert choice(tmp_path)[1].first == 0
