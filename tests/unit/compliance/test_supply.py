"""When litellm is needed, as the checks have it and as the product has it; and how an image's tree is read."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest

from agent import config
from agent.config.providers import PROVIDERS
from agent.errors import ConfigError
from tests.compliance.supply import REQUIREMENTS, locked, needs_litellm, read_tree

CHANNEL = {"type": "discord", "bot_token": "a-token-of-some-length"}
OPENROUTER = {"provider": "openrouter", "api_key": "a-key", "model": "a-model"}
TREE = """
python 3.13
installed /opt/picoclaw/aiohttp-3.14.5.dist-info
installed /opt/picoclaw/Typing_Extensions-4.12.dist-info
installed /usr/lib/python3/dist-packages/numpy-2.0.dist-info
module aiohttp-3.14.5.dist-info
module aiohttp
module typing_extensions.pyc
module agent
brought aiohttp
brought typing_extensions.py
hook /opt/picoclaw/evil.pth
vouched /usr/lib/python3/dist-packages/matplotlib.pth
""".strip().splitlines()


def models() -> list[dict[str, Any]]:
    """Every provider, under every engine, with and without an address of its own."""
    providers = [*PROVIDERS, "bedrock"]
    made = product(providers, [None, "auto", "direct", "litellm"], [None, "https://models.example.org/v1"])
    return [
        {"api_key": "a-key", "model": "a-model", "provider": provider}
        | ({"engine": engine} if engine else {})
        | ({"api_base": base} if base else {})
        for provider, engine, base in made
    ]


@pytest.mark.parametrize("place", ["first", "fallback"])
def test_litellm_is_needed_when_the_product_says_so(place: str) -> None:
    answers = set()
    for model in models():
        llm = model if place == "first" else {**OPENROUTER, "fallbacks": [OPENROUTER, model]}
        document = {"llm": llm, "channel": CHANNEL}
        try:
            wanted = config.parse(json.dumps(document)).uses_litellm
        except ConfigError:
            continue  # nothing is deployed
        assert needs_litellm(document) == wanted, model
        answers.add(wanted)
    assert answers == {True, False}


def test_without_a_configuration_nothing_is_needed() -> None:
    assert not needs_litellm({})


def test_a_tree() -> None:
    tree = read_tree(TREE)
    assert tree.python == "3.13"
    assert tree.distributions == {"aiohttp==3.14.5", "typing-extensions==4.12"}
    assert tree.strangers == set()
    assert tree.hooks == {"/opt/picoclaw/evil.pth"}


@pytest.mark.parametrize("stranger", ["evil.py", "evil.pyc", "evil.so", "evil", "aiohttp.pyc"])
def test_a_module_that_nobody_brought(stranger: str) -> None:
    assert read_tree([*TREE, f"module {stranger}"]).strangers == {stranger}


def test_a_list_by_machine_and_interpreter() -> None:
    found = locked("llm.txt", "3.13", "x86_64")
    names = {one.partition("==")[0] for one in found}
    assert {"litellm", "aiohttp", "hf-xet", "truststore"} <= names
    assert not names & {"colorama", "httpx2-jsfetch"}, "for other machines"
    assert "hf-xet" not in {one.partition("==")[0] for one in locked("llm.txt", "3.13", "riscv64")}
    assert all(one.count("==") == 1 and one.partition("==")[2] for one in found)


@pytest.mark.parametrize("file", ["gateway.txt", "llm.txt"])
def test_every_locked_package_has_a_hash(file: str) -> None:
    text = (REQUIREMENTS / file).read_text(encoding="utf-8").replace("\\\n", "")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines
    assert not [line for line in lines if "--hash=sha256:" not in line]
