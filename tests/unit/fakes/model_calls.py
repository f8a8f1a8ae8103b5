"""Raw requests to the stand-ins of Anthropic and Gemini, for their tests."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from tests.fakes import defaults
from tests.fakes.standins import LOOPBACK, StandIns
from tests.fakes.wire import LlmRequest, Reply

ANTHROPIC = {"x-api-key": defaults.ANTHROPIC_KEY, "anthropic-version": "2023-06-01"}
GEMINI = {"x-goog-api-key": defaults.GEMINI_KEY}


def send(
    host: str, path: str, bodies: Sequence[Any], replies: Sequence[Reply] = (), headers: Mapping[str, str] | None = None
) -> tuple[list[httpx.Response], list[LlmRequest]]:
    """Posts one body after the other to one stand-in; what came back, and what it recorded."""

    async def run() -> tuple[list[httpx.Response], list[LlmRequest]]:
        async with (
            StandIns({host: LOOPBACK}) as fakes,
            httpx.AsyncClient(base_url=fakes.url(host), headers=headers) as client,
        ):
            fakes.state.brain.script(list(replies))
            responses = [await client.post(path, content=_content(body)) for body in bodies]
            return responses, list(fakes.state.brain.requests)

    return asyncio.run(run())


def anthropic(
    body: Mapping[str, Any], *replies: Reply, headers: Mapping[str, str] = ANTHROPIC
) -> tuple[httpx.Response, LlmRequest]:
    """One request to the Messages API; model, length and a message are there unless the body has its own."""
    user = {"role": "user", "content": "hello"}
    usual = {"model": defaults.ANTHROPIC_MODEL, "max_tokens": 100, "messages": [user]}
    responses, requests = send(defaults.ANTHROPIC_HOST, "/v1/messages", [usual | dict(body)], replies, headers)
    return responses[0], requests[0]


def gemini(
    body: Mapping[str, Any],
    *replies: Reply,
    model: str = defaults.GEMINI_MODEL,
    method: str = "generateContent",
    headers: Mapping[str, str] = GEMINI,
) -> tuple[httpx.Response, LlmRequest]:
    """One request to generateContent, with contents unless the body has its own."""
    usual = {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}
    path = f"/v1beta/models/{model}:{method}"
    responses, requests = send(defaults.GEMINI_HOST, path, [usual | dict(body)], replies, headers)
    return responses[0], requests[0]


def events(response: httpx.Response) -> list[dict[str, Any]]:
    """The data of server-sent events."""
    lines = response.text.splitlines()
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]


def _content(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()
