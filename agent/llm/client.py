"""The direct engine: OpenAI chat completions over HTTPS, streamed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import msgspec
from httpx_sse import EventSource

from agent import config
from agent.http import tls_context
from agent.llm.errors import LLMUnavailableError, from_status
from agent.llm.stream import Assembler, Completion, error_text

ATTEMPTS = 3
MAX_WAIT_S = 20.0


class ChatClient:
    """Sends a conversation to the configured model and returns its answer."""

    def __init__(self, settings: config.LLM, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        self._http = httpx.AsyncClient(
            base_url=settings.base_url + "/",
            headers={"Authorization": f"Bearer {settings.api_key}", "X-Title": "PicoClaw"},
            timeout=httpx.Timeout(settings.timeout_s, connect=10),
            verify=tls_context(),
            transport=transport,
        )

    async def complete(
        self,
        messages: Sequence[dict[str, Any]],
        tools: Sequence[dict[str, Any]] = (),
        on_text: Callable[[str], None] | None = None,
    ) -> Completion:
        """One answer of the model; tried again where that can help.

        Args:
            messages: OpenAI chat messages.
            tools: OpenAI tool definitions.
            on_text: called with each piece of text as it arrives.

        Raises:
            LLMError: no answer; its class says whose move it is.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._attempt(messages, tools, on_text)
            except LLMUnavailableError as error:
                wait = error.retry_after or random.uniform(0.5, 1.5) * 2 ** (attempt - 1)  # noqa: S311 - jitter
                if attempt == ATTEMPTS or wait > MAX_WAIT_S:
                    raise
                await asyncio.sleep(wait)
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _attempt(
        self,
        messages: Sequence[dict[str, Any]],
        tools: Sequence[dict[str, Any]],
        on_text: Callable[[str], None] | None,
    ) -> Completion:
        body = msgspec.json.encode(self._body(messages, tools))
        request = self._http.build_request(
            "POST", "chat/completions", content=body, headers={"Content-Type": "application/json"}
        )
        try:
            response = await self._http.send(request, stream=True)
            try:
                if response.status_code != 200:
                    detail, code = await _detail(response)
                    raise from_status(response.status_code, detail, _retry_after(response), code)
                return await self._read(response, on_text)
            finally:
                await response.aclose()
        except httpx.TimeoutException:
            raise LLMUnavailableError(f"no answer within {self._settings.timeout_s:g} s") from None
        except httpx.TransportError as error:
            raise LLMUnavailableError(f"{request.url.host}: {error or type(error).__name__}") from None

    async def _read(self, response: httpx.Response, on_text: Callable[[str], None] | None) -> Completion:
        if not response.headers.get("content-type", "").startswith("text/event-stream"):
            raise LLMUnavailableError("the provider answered with something that is not a stream")
        assembler = Assembler()
        async for event in EventSource(response).aiter_sse():
            if event.data == "[DONE]":
                break
            text = assembler.feed(event.data)
            if text and on_text is not None:
                on_text(text)
        return assembler.completion()

    def _body(self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]) -> dict[str, Any]:
        settings = self._settings
        body: dict[str, Any] = {
            "model": settings.model,
            "messages": messages,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if tools:
            body["tools"] = tools
        if settings.max_tokens is not None:
            body["max_tokens"] = settings.max_tokens
        if settings.temperature is not None:
            body["temperature"] = settings.temperature
        return body


async def _detail(response: httpx.Response) -> tuple[str, object]:
    raw, code = (await response.aread())[:65536], None
    try:
        body = msgspec.json.decode(raw)
        detail, code = error_text(body), _code(body)
    except (msgspec.DecodeError, UnicodeError):
        detail = response.reason_phrase
    return f"HTTP {response.status_code}: {detail}", code


def _code(error: object) -> object:
    inner = error.get("error") if isinstance(error, dict) else None
    return inner.get("code") if isinstance(inner, dict) else None


def _retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("retry-after", "")
    return float(value) if value.isdigit() else None
