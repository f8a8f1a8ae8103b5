"""Which models `picoclaw init` shows, and which answers it takes."""

from __future__ import annotations

import re

import pytest

from agent.config.providers import PROVIDERS
from agent.llm.tables import Known, Rates
from agent.operator.live import Services
from agent.operator.setup.suggested import COUNT, suggested
from roles.models import table
from tests.fakes import defaults
from tests.unit.operator.initialising import Init

REST = ("telegram", defaults.TELEGRAM_TOKEN, "5", "", "")


def known(price: float, flags: str = "vt", reads: int = 200_000) -> Known:
    return Known(max_input_tokens=reads, price=Rates(price, 4 * price), vision="v" in flags, tools="t" in flags)


def dialogue(init: Init, *models: str, options: tuple[str, ...] = ()) -> str:
    """What was printed until the model was taken, by these answers to the question for it."""
    typed = ("openrouter", defaults.OPENROUTER_KEY, *models, *REST)
    code, printed = init.run(*options, typed="\n".join([*typed, ""]))
    assert code == 0, printed
    return printed.partition("Where you will talk to it")[0]


def numbered(printed: str) -> list[str]:
    return re.findall(r"^ +\d+ (\S+)", printed, re.MULTILINE)


def test_of_each_family_the_newest_from_cheap_to_strong() -> None:
    models = {
        "maker/large-3.9": known(3), "maker/large-3.10": known(2), "maker/3-large-20250101": known(3),
        "maker/small-2": known(0.2), "maker/small-2-2025-01-01": known(0.2), "maker/small-1": known(0.1),
        "maker/medium-1": known(1),
    }  # fmt: skip
    assert suggested(list(models), models) == ["maker/small-2", "maker/medium-1", "maker/large-3.10"]


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("talks", known(1, flags="v")),
        ("reads-little", known(1, reads=32_000)),
        ("dear", known(15)),
        ("unpriced", Known(max_input_tokens=200_000, tools=True, vision=True)),
        ("new-preview", known(1)),
        ("gpt-audio", known(1)),
        ("tiny-3b", known(1)),
    ],
)
def test_what_an_assistant_has_little_use_for_comes_only_when_asked_for(name: str, model: Known) -> None:
    models = {name: model, "a": known(1), "b": known(2), "c": known(3)}
    assert suggested(list(models), models) == ["a", "b", "c"]


def test_where_the_table_knows_hardly_any_others_follow() -> None:
    models = [*(f"own-{place:02}" for place in range(20)), "text-embedding-3", "good"]
    assert suggested(models, {"good": known(1)}) == ["good", *models[: COUNT - 1]]


def test_of_many_the_cheapest_and_the_strongest_are_among_them() -> None:
    models = {f"{chr(97 + place)}": known(0.1 * (place + 1)) for place in range(26)}
    shown = suggested(list(models), models)
    assert (len(shown), shown[0], shown[-1]) == (COUNT, "a", "z")
    assert shown == sorted(shown)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_provider_has_some_without_being_asked(provider: str) -> None:
    models = table.models_of(provider)
    shown = suggested(sorted(models), models)
    assert 3 <= len(shown) <= COUNT
    assert all(models[name].tools for name in shown[:3])


def test_a_list_is_there_at_once_and_a_number_chooses(init: Init) -> None:
    printed = dialogue(init, "2")
    assert printed.index("Some of its models (7 in all)") < printed.index("Model: a number")
    shown = numbered(printed)
    assert shown == ["google/gemini-2.0-flash-001", "openai/gpt-4o", "anthropic/claude-3.5-sonnet"]
    assert re.search(r"^ +\d openai/gpt-4o +\$2\.5 / \$10$", printed, re.MULTILINE)
    assert init.read().llm.model == "openai/gpt-4o"


def test_a_part_of_a_name_narrows_it(init: Init) -> None:
    printed = dialogue(init, "GPT-4O", "2")
    assert numbered(printed)[-2:] == ["openai/gpt-4o", "openai/gpt-4o-mini"]
    assert init.read().llm.model == "openai/gpt-4o-mini"


@pytest.mark.parametrize("answers", [("maker/new", "n", "maker/new", "y"), ("gpt-4", "gpt-4", "y")])
def test_any_name_is_taken_after_a_warning(init: Init, answers: tuple[str, ...]) -> None:
    name = answers[0]
    printed = dialogue(init, *answers)
    assert f"The list of openrouter has no model {name}. Use it all the same? [y/N]" in printed
    assert init.read().llm.model == name


@pytest.mark.parametrize("offline", [True, False])
def test_where_the_provider_is_not_asked_the_table_has_some(init: Init, offline: bool) -> None:
    init.services = Services(telegram=init.services.telegram, providers={"openrouter": "http://127.0.0.1:9/v1"})
    printed = dialogue(init, "1", options=("--offline",) if offline else ())
    models = table.models_of("openrouter")
    assert f"openrouter was not asked; some of the models known here ({len(models)} in all)" in printed
    shown = numbered(printed)
    assert shown == suggested(sorted(models), models)
    assert init.read().llm.model == shown[0]


def test_of_an_address_of_ones_own_nothing_is_known(init: Init) -> None:
    own = {"provider": "own", "api_key": "k", "model": "llama", "api_base": "http://192.0.2.1/v1"}
    init.config.write_text(f'{{"llm": {str(own).replace(chr(39), chr(34))}}}')
    code, printed = init.run("--offline", typed="\n".join(["", "", "llama-4", *REST, ""]))
    assert code == 0, printed
    assert numbered(printed) == []
    assert init.read().llm.model == "llama-4"


def test_unattended_a_model_that_is_not_listed_is_told_and_used(init: Init) -> None:
    code, printed = init.telegram("--model", "openai/gpt4o")
    assert code == 0, printed
    assert (
        "? openrouter does not list openai/gpt4o among its models: used all the same; did you mean openai/gpt-4o?"
        in printed
    )
    assert init.read().llm.model == "openai/gpt4o"
    assert "does not list" not in init.telegram("--model", "openai/gpt-4o:online")[1]
