"""The table of models: made from litellm's map, looked up for a config.json, and what is refused without a price."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent import config
from agent.errors import ConfigError
from agent.llm import tables
from agent.llm.tables import Known, Rates, Tier
from roles.models import generate, table

CHAT = {"mode": "chat", "litellm_provider": "openai", "max_input_tokens": 1000, "max_output_tokens": 100.0}
PRICED = {**CHAT, "input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05}


def llm(provider: str, model: str, **more: Any) -> config.LLM:
    return config.LLM(provider=provider, api_key="k", model=model, **more)


def rendered(**entries: dict[str, Any]) -> dict[str, Any]:
    text = generate.render({name.replace("__", "/"): entry for name, entry in entries.items()})
    assert len(text.splitlines()) == len(json.loads(text)) + 2, "a line for each model"
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_row() -> None:
    entry = {
        **PRICED,
        "cache_read_input_token_cost": 1.25e-06,
        "supports_vision": True,
        "supports_function_calling": True,
    }
    assert rendered(m=entry) == {"openai/m": [1000, 100, "vt", [2.5, 10, 1.25]]}


def test_only_what_chats_is_taken() -> None:
    search, answers = {**CHAT, "mode": "embedding"}, {**CHAT, "mode": "responses"}
    assert list(rendered(a=search, b=answers, sample_spec={"max_tokens": "a description"})) == ["openai/b"]


def test_names_become_the_providers_of_config_json() -> None:
    entries = {
        "anthropic.x": {**CHAT, "litellm_provider": "bedrock_converse"},
        "gemini-x": {**CHAT, "litellm_provider": "vertex_ai-language-models"},
        "openrouter__a__b": {**CHAT, "litellm_provider": "openrouter"},
    }
    assert list(rendered(**entries)) == ["bedrock/anthropic.x", "openrouter/a/b", "vertex_ai/gemini-x"]


def test_of_a_model_under_two_names_the_whole_one_counts() -> None:
    bare, whole = {**CHAT, "max_input_tokens": 1}, {**CHAT, "max_input_tokens": 2}
    assert rendered(m=bare, openai__m=whole) == rendered(openai__m=whole, m=bare) == {"openai/m": [2, 100]}


def test_longer_prompts_in_both_forms_of_the_map() -> None:
    suffixed = {
        **PRICED,
        "cache_read_input_token_cost": 1e-06,
        "input_cost_per_token_above_200k_tokens": 5e-06,
        "input_cost_per_token_above_200k_tokens_priority": 9e-06,
        "output_cost_per_token_above_200k_tokens": 2e-05,
    }
    tiers = [
        {"range": [0, 256_000.0], "input_cost_per_token": 5e-08, "output_cost_per_token": 4e-07},
        {"range": [256_000.0, 1e6], "input_cost_per_token": 2.5e-07, "output_cost_per_token": 2e-06},
    ]
    found = rendered(m=suffixed, n={**CHAT, "tiered_pricing": tiers})
    assert found["openai/m"][3:] == [[2.5, 10, 1], [200_000, 5, 20, 1]]
    assert found["openai/n"][3:] == [[0.05, 0.4], [256_000, 0.25, 2]]


def test_a_price_of_nothing_is_believed_only_where_it_can_be() -> None:
    free = {"input_cost_per_token": 0, "output_cost_per_token": 0.0}
    found = rendered(
        openrouter__openrouter__auto={**CHAT, **free, "litellm_provider": "openrouter"},
        ollama__llama3={**CHAT, **free, "litellm_provider": "ollama"},
        openrouter__a__free={**CHAT, **free, "litellm_provider": "openrouter"},
    )
    assert [row[3:] for row in found.values()] == [[[0, 0]], [[0, 0]], []]


def test_half_a_price_is_none() -> None:
    assert rendered(m={**CHAT, "input_cost_per_token": 1e-06}) == {"openai/m": [1000, 100]}


def test_the_table_that_is_committed() -> None:
    text = table.FILE.read_text(encoding="utf-8")
    lines = text.splitlines()
    assert 100_000 < len(text) < 300_000
    assert (lines[0], lines[-1]) == ("{", "}")
    names = [json.loads(line.partition(": ")[0]) for line in lines[1:-1]]
    assert names == sorted(set(names))
    for provider in config.providers.PROVIDERS:
        assert any(name.startswith(f"{provider}/") for name in names), provider
    for name in names:
        found = table.known_models(llm(name.partition("/")[0], name, api_base=None))
        assert set(found) == {name}
        assert isinstance(found[name], Known)


def test_the_table_is_that_of_the_locked_litellm() -> None:
    """`make models` was run after the lock had changed."""
    python = os.environ.get("PICOCLAW_LITELLM_PYTHON", str(Path.home() / ".cache/picoclaw-llm/venv/bin/python"))
    if not Path(python).exists():
        pytest.skip("no litellm here: make litellm")
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    folder = subprocess.run([python, "-c", where], check=True, capture_output=True, text=True).stdout.strip()
    source = Path(folder, "litellm", "model_prices_and_context_window_backup.json")
    assert generate.render(json.loads(source.read_text(encoding="utf-8"))) == table.FILE.read_text(encoding="utf-8")


def test_what_is_shipped_is_what_the_gateway_reads(tmp_path: Path) -> None:
    configured = llm("anthropic", "claude-sonnet-4-5", fallbacks=[llm("groq", "unheard-of")])
    (tmp_path / "models.json").write_text(table.shipped(configured))
    loaded = tables.load(tmp_path / "models.json")
    assert loaded == table.known_models(configured)
    assert loaded["groq/unheard-of"] is None
    sonnet = loaded["anthropic/claude-sonnet-4-5"]
    assert sonnet is not None
    assert (sonnet.max_input_tokens, sonnet.price) == (200_000, Rates(3, 15, 0.3, 3.75))
    assert sonnet.tiers == (Tier(6, 22.5, 0.6, 7.5, above=200_000),)
    assert table.shipped(configured) == table.shipped(msgspec.structs.replace(configured, max_tokens=5))


@pytest.mark.parametrize(
    ("configured", "remarks"),
    [
        (llm("openai", "gpt-4o"), []),
        (llm("openrouter", "anthropic/claude-3.5-sonnet"), []),
        (llm("openai", "gpt-4o-2031-01-01"), ["llm.model gpt-4o-2031-01-01 is not in the table"]),
        (llm("openrouter", "nobody/new"), ["to read 32000 tokens"]),
        (llm("openai", "new", context_window=64_000, price=config.Price(1, 2)), []),
        (llm("openai", "gpt-4o", fallbacks=[llm("groq", "new")]), [r"llm\.fallbacks\[0\]\.price"]),
        (llm("openai", "gpt-4o", api_base="http://192.168.1.20:1234/v1"), ["api_base of its own"]),
    ],
)
def test_what_is_not_known_is_said_in_a_line(configured: config.LLM, remarks: list[str]) -> None:
    found = table.remarks(configured)
    assert len(found) == len(remarks)
    for line, pattern in zip(found, remarks, strict=True):
        assert line.startswith("config.json: llm.")
        assert "\n" not in line
        assert re.search(pattern, line)


@pytest.mark.parametrize(
    "configured",
    [
        llm("openai", "gpt-4o", daily_budget_usd=1.0),
        llm("openrouter", "nobody/new", daily_budget_usd=1.0),
        llm("openai", "new", price=config.Price(1, 2), daily_budget_usd=1.0),
        llm("openai", "new", daily_tokens=10_000),
    ],
)
def test_a_budget_that_can_be_kept(configured: config.LLM) -> None:
    table.check_budget(configured)


@pytest.mark.parametrize(
    ("configured", "key"),
    [
        (llm("anthropic", "claude-3-5-sonnet-20241022", daily_budget_usd=1.0), "give llm.price"),
        (
            llm("openai", "gpt-4o", daily_budget_usd=1.0, fallbacks=[llm("groq", "new")]),
            r"give llm\.fallbacks\[0\]\.price",
        ),
    ],
)
def test_a_budget_without_a_price_is_refused(configured: config.LLM, key: str) -> None:
    with pytest.raises(ConfigError, match=key):
        table.check_budget(configured)
