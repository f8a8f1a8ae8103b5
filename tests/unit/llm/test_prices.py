"""Cost of an answer, and where it and a model's window are looked up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent import config
from agent.llm import tables
from agent.llm.prices import microdollars
from agent.llm.stream import Assembler
from agent.llm.tables import Known, Limits, Rates, Table, Tier
from agent.llm.usage import Usage

SONNET = "anthropic/claude-sonnet-4-5"
TABLE: Table = {
    SONNET: Known(200_000, 64_000, Rates(3, 15, 0.3, 3.75), (Tier(6, 22.5, 0.6, 7.5, above=200_000),)),
    "openrouter/x/y": Known(8192, 8192, Rates(1, 2)),
    "groq/bare": Known(131_072),
}


def model(name: str, **more: Any) -> config.Model:
    provider, _, rest = name.partition("/")
    return config.Model(provider=provider, api_key="k", model=rest, **more)


@pytest.mark.parametrize(
    ("configured", "usage", "cost"),
    [
        (model(SONNET), Usage(1000, 100), 3000 + 1500),
        (model(SONNET), Usage(10_000, 0, 8000, None, 1000), 1000 * 3 + 8000 * 0.3 + 1000 * 3.75),
        (model(SONNET), Usage(200_000, 0), 600_000),
        (model(SONNET), Usage(200_001, 1000), 200_001 * 6 + 22_500),  # the whole request, not its end alone
        (model(SONNET, price=config.Price(1, 2)), Usage(1000, 100, 500), 1200),
        (model(SONNET, price=config.Price(4, 2)), Usage(1000, 0, 0, None, 1000), 5000),
        (model(SONNET), Usage(1000, 100, cost_usd=9.0), 4500),  # dollars are OpenRouter's word alone
        (model("openrouter/x/y"), Usage(1000, 100, cost_usd=0.25), 250_000),
        (model("openrouter/x/y", price=config.Price(9, 9)), Usage(1000, 100, cost_usd=0.0), 0),
        (model("openrouter/x/y"), Usage(1000, 100), 1200),
        (model("openrouter/x/y"), Usage(1, 0, cost_usd=1e-9), 1),  # rounded up
        (model("openrouter/x/z"), Usage(1000, 100), None),
        (model("groq/bare"), Usage(1000, 100), None),
    ],
)
def test_cost(configured: config.Model, usage: Usage, cost: float | None) -> None:
    assert microdollars(configured, usage, TABLE) == cost


@pytest.mark.parametrize(
    ("configured", "key"),
    [
        (model(SONNET), SONNET),
        (model("openai/gpt-4o"), "openai/gpt-4o"),
        (model("openai/openai/gpt-4o"), "openai/gpt-4o"),
        (model("openrouter/anthropic/claude-sonnet-4.5"), "openrouter/anthropic/claude-sonnet-4.5"),
        (model("openrouter/openrouter/anthropic/claude-sonnet-4.5"), "openrouter/anthropic/claude-sonnet-4.5"),
        (model("openrouter/openrouter/auto"), "openrouter/openrouter/auto"),
        (model("openrouter/x/y:free"), "openrouter/x/y:free"),
        (model("openai/gpt-4o", api_base="https://api.openai.com/v1"), "openai/gpt-4o"),
        (model("openai/gpt-4o", api_base="https://api.openai.com.evil.example/v1"), None),
        (model("openai/gpt-4o", api_base="http://192.168.1.20:11434/v1"), None),
        (model("ollama/llama3", api_base="http://192.168.1.20:11434/v1"), "ollama/llama3"),
    ],
)
def test_the_key_in_the_table(configured: config.Model, key: str | None) -> None:
    assert tables.key_of(configured) == key


@pytest.mark.parametrize(
    ("configured", "limits"),
    [
        (model(SONNET), Limits(200_000, 64_000)),
        (model(SONNET, max_tokens=1000), Limits(200_000, 1000)),
        (model(SONNET, context_window=30_000), Limits(30_000, 10_000)),
        (model("openrouter/x/y"), Limits(8192, 2730)),
        (model("groq/bare"), Limits(131_072, 4096)),
        (model("groq/unheard-of"), Limits(32_000, 4096)),
    ],
)
def test_limits(configured: config.Model, limits: Limits) -> None:
    assert tables.limits_of(configured, TABLE) == limits


def test_what_is_shipped_is_read(tmp_path: Path) -> None:
    file = tmp_path / "models.json"
    assert tables.load(file) == {}
    file.write_text(
        json.dumps({"a/b": {"max_input_tokens": 5, "price": {"input": 1, "output": 2}, "new": 1}, "c/d": None})
    )
    assert tables.load(file) == {"a/b": Known(5, None, Rates(1, 2)), "c/d": None}


@pytest.mark.parametrize("text", ["", "[]", '{"a": {"price": 3}}', "\udcff"])
def test_a_broken_file_is_no_obstacle(tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "models.json"
    file.write_text(text, errors="surrogateescape")
    assert tables.load(file) == {}
    assert "run the deploy again" in caplog.text


@pytest.mark.parametrize(
    ("reported", "usage"),
    [
        ({"prompt_tokens": 10, "completion_tokens": 2}, Usage(10, 2)),
        ({"prompt_tokens": 10, "completion_tokens": None, "prompt_tokens_details": None}, Usage(10, 0)),
        ({"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 8}}, Usage(10, 0, 8)),
        ({"prompt_tokens": 10, "prompt_tokens_details": {"cache_write_tokens": 7}}, Usage(10, 0, 0, None, 7)),
        ({"prompt_tokens": 10, "prompt_tokens_details": {"cache_creation_tokens": 7}}, Usage(10, 0, 0, None, 7)),
        ({"cost": 0.5, "is_byok": False, "cost_details": {"upstream_inference_cost": 9}}, Usage(cost_usd=0.5)),
        ({"cost": 0.5, "is_byok": True, "cost_details": {"upstream_inference_cost": 9}}, Usage(cost_usd=9.5)),
        ({"cost": -1}, Usage()),
        ({"cost": 1e300}, Usage()),
        ({"cost": True}, Usage()),
        ({"cost": {"total": 1}}, Usage()),
    ],
)
def test_usage_as_providers_report_it(reported: dict[str, Any], usage: Usage) -> None:
    assembler = Assembler()
    assembler.feed(json.dumps({"choices": [{"delta": {"content": "x"}, "finish_reason": "stop"}]}))
    assembler.feed(json.dumps({"choices": [], "usage": reported}))
    assert assembler.completion().usage == usage
