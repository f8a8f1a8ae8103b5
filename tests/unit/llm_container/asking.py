"""What the tests of the worker ask, and how they read the answer."""

from __future__ import annotations

import base64
from typing import Any

import httpx
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from agent.llm.stream import Assembler, Completion
from tests.fakes import defaults
from tests.unit.llm_container.engine import Engine

PROVIDERS = {
    "anthropic": (defaults.ANTHROPIC_MODEL, defaults.ANTHROPIC_KEY),
    "openai": (defaults.OPENAI_MODEL, defaults.OPENAI_KEY),
    "openrouter": (defaults.OPENROUTER_MODEL, defaults.OPENROUTER_KEY),
}
HOSTS = {
    "anthropic": defaults.ANTHROPIC_HOST,
    "openai": defaults.OPENAI_HOST,
    "openrouter": defaults.OPENROUTER_HOST,
}
EXEC = {
    "type": "function",
    "function": {
        "name": "exec",
        "description": "Run a command.",
        "parameters": {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]},
    },
}
PIXEL = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
        "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
    )
).decode()


def body(provider: str, messages: list[dict[str, Any]] | str, **more: object) -> dict[str, Any]:
    if isinstance(messages, str):
        messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": messages}]
    extension = {"provider": provider, "api_base": None, "timeout_s": 10}
    return {"model": PROVIDERS[provider][0], "messages": messages, "tools": [EXEC], "picoclaw": extension, **more}


def ask(llm: Engine, provider: str, messages: list[dict[str, Any]] | str, **more: object) -> httpx.Response:
    headers = {"Authorization": f"Bearer {more.pop('key', PROVIDERS[provider][1])}"}
    return llm.box.post("/v1/chat/completions", timeout=30, json=body(provider, messages, **more), headers=headers)


def events(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/event-stream"
    return [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]


def streamed(llm: Engine, provider: str, messages: list[dict[str, Any]] | str, **more: object) -> Completion:
    """The answer as the gateway puts it together; each chunk is one by OpenAI's own types."""
    options = {"stream": True, "stream_options": {"include_usage": True}, **more}
    found = events(ask(llm, provider, messages, **options))
    assert found[-1] == "[DONE]"
    assembler = Assembler()
    for event in found[:-1]:
        ChatCompletionChunk.model_validate_json(event)
        assembler.feed(event)
    return assembler.completion()


def whole(llm: Engine, provider: str, messages: list[dict[str, Any]] | str, **more: object) -> ChatCompletion:
    response = ask(llm, provider, messages, **more)
    assert response.status_code == 200, response.text
    return ChatCompletion.model_validate_json(response.text)
