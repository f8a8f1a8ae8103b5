"""One model behind OpenAI chat completions, streamed: over HTTPS, or over the Unix socket of picoclaw-llm.

Times: an answer must be whole within `timeout_s` of config.json, and its provider must not be silent for half of that
(but at least a minute, where `timeout_s` allows it), neither before its first byte nor between two. OpenRouter's
comments count as bytes: it sends them while its provider thinks. Behind picoclaw-llm the same bounds are kept by the
worker, which knows when litellm has been loaded and the provider is asked; here they are wider by what that may take.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from agent.config import Model
from agent.http import tls_context
from agent.llm import caching
from agent.llm.errors import About, LLMError, LLMSlowError, LLMUnavailableError, from_container, from_status
from agent.llm.events import events
from agent.llm.stream import SIGNED, Assembler, Completion, error_code, error_text
from agent.llm.waiting import retry_after

SOCKET = "/run/llm/llm.sock"
# What picoclaw-llm may take until litellm is loaded: 5 to 10 s, and longer on a host that swaps.
START_S = 90.0

_SILENCE_S = 60.0
_CONNECT_S = 10.0
_RESTARTING_S = 3.0  # about what `docker restart picoclaw-llm` takes
_ERROR_BYTES = 65536
_SHORTEST_KEY = 8  # a "key" such as `ollama`, for a server that wants none, is a word of its sentences

Message = dict[str, Any]


class ChatClient:
    """Sends a conversation to one model and returns its answer.

    Args:
        model: as configured.
        where: its place in config.json, for the owner.
        idle_minutes: how long litellm is kept loaded after the answer.
        socket: where picoclaw-llm listens.
        sees: whether it looks at pictures; else it is told in words that there is one.
    """

    def __init__(
        self, model: Model, where: str = "llm", idle_minutes: float = 10.0, socket: str = SOCKET, *, sees: bool = False
    ) -> None:
        self._model = model
        self.sees = sees
        self._idle_minutes = idle_minutes
        silence = min(model.timeout_s, max(_SILENCE_S, model.timeout_s / 2))
        start = START_S if model.through_litellm else 0.0
        self._silence_s, self._total_s = silence, model.timeout_s + start
        base = "http://picoclaw-llm/v1" if model.through_litellm else model.base_url
        host = model.litellm_hosts[0] if model.through_litellm else urlsplit(base).netloc
        self.about = About(where, model.provider, model.model, host, model.timeout_s)
        self._http = httpx.AsyncClient(
            base_url=base + "/",
            headers={
                "Authorization": f"Bearer {model.api_key}",
                "X-Title": "PicoClaw",
                "Accept-Encoding": "identity",  # what unpacks has no bound: a few kilobytes could take all memory
            },
            timeout=httpx.Timeout(silence + start, connect=min(_CONNECT_S, silence)),
            verify=tls_context(),
            transport=unix_transport(socket) if model.through_litellm else None,
        )

    @property
    def through_litellm(self) -> bool:
        """Whether picoclaw-llm has to be awake for it."""
        return self._model.through_litellm

    async def complete(
        self,
        messages: Sequence[Message],
        tools: Sequence[dict[str, Any]] = (),
        on_text: Callable[[str], None] | None = None,
    ) -> Completion:
        """One answer of the model, asked for once.

        Args:
            messages: OpenAI chat messages.
            tools: OpenAI tool definitions.
            on_text: called with each piece of text as it arrives.

        Raises:
            LLMError: no answer; its class says whose move it is, and its `about` which model it was.
        """
        assembler = Assembler()
        try:
            async with asyncio.timeout(self._total_s):
                completion = await self._ask(messages, tools, assembler, on_text)
        except LLMError as error:
            found = error
        except httpx.TimeoutException as error:
            found = self._unreachable(error) if isinstance(error, httpx.ConnectTimeout) else self._silent()
        except TimeoutError:
            found = self._late() if assembler.begun else self._silent()
        except httpx.RequestError as error:
            found = self._unreachable(error)
        else:
            return replace(completion, provider=self._model.provider, model=self._model.model)
        found.about = self.about
        found.detail = self._without_key(found.detail)
        found.args = (self._without_key(str(found)),)
        raise found from None

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _ask(
        self,
        messages: Sequence[Message],
        tools: Sequence[dict[str, Any]],
        assembler: Assembler,
        on_text: Callable[[str], None] | None,
    ) -> Completion:
        body = msgspec.json.encode(self._body(messages, tools))
        headers = {"Content-Type": "application/json"}
        async with self._http.stream("POST", "chat/completions", content=body, headers=headers) as response:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise LLMUnavailableError("the provider packed an answer that was wanted plain", reply="llm_garbage")
            if response.status_code != 200:
                raise await self._refusal(response)
            if not response.headers.get("content-type", "").startswith("text/event-stream"):
                raise LLMUnavailableError(
                    "the provider answered with something that is not a stream", reply="llm_garbage"
                )
            async for data in events(response):
                if data == "[DONE]":
                    break
                text = assembler.feed(data)
                if text and on_text is not None:
                    on_text(text)
        return assembler.completion()

    def _body(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> dict[str, Any]:
        model = self._model
        body: dict[str, Any] = {
            "model": model.model,
            "messages": _for(model, messages if self.sees else [_blind(message) for message in messages]),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if tools:
            body["tools"] = tools
        if model.max_tokens is not None:
            body["max_tokens"] = model.max_tokens
        if model.temperature is not None:
            body["temperature"] = model.temperature
        if model.through_litellm:
            body["picoclaw"] = {
                "provider": model.provider,
                "api_base": model.api_base,
                "timeout_s": model.timeout_s,
                "silence_s": self._silence_s,
                "idle_minutes": self._idle_minutes,
            }
        return body

    async def _refusal(self, response: httpx.Response) -> LLMError:
        status, detail, code = response.status_code, response.reason_phrase, None
        try:
            body = msgspec.json.decode(await _start(response))
            detail, code = error_text(body), error_code(body)
        except (msgspec.DecodeError, UnicodeError):
            pass
        wish = retry_after(response.headers.get("retry-after", ""))
        own = from_container(detail, wish, code) if self.through_litellm else None
        return own or from_status(status, f"HTTP {status}: {detail}", wish, code)

    def _silent(self) -> LLMError:
        return LLMUnavailableError(f"nothing came for {self._silence_s:g} s", reply="llm_silent", attempts=2)

    def _late(self) -> LLMError:
        return LLMSlowError(f"the answer was not whole after {self._model.timeout_s:g} s")

    def _unreachable(self, error: httpx.RequestError) -> LLMError:
        seen = str(error) or type(error).__name__
        if self.through_litellm:
            return LLMUnavailableError(f"picoclaw-llm: {seen}", _RESTARTING_S, "llm_container")
        return LLMUnavailableError(f"{self.about.host}: {seen}", reply="llm_unreachable")

    def _without_key(self, text: str) -> str:
        key = self._model.api_key
        return text.replace(key, "***") if len(key) >= _SHORTEST_KEY else text


def _blind(message: Message) -> Message:
    """Without pictures: most models that do not see refuse the whole request."""
    content = message.get("content")
    if not isinstance(content, list):
        return message
    texts = [part["text"] if part.get("type") == "text" else "[a picture, which you cannot see]" for part in content]
    return {**message, "content": "\n".join(texts)}


def _for(model: Model, messages: Sequence[Message]) -> Sequence[Message]:
    if model.provider == "gemini":
        return messages
    unsigned = [_unsigned(message) for message in messages]
    return caching.marked(unsigned) if caching.wanted(model) else unsigned


def unix_transport(socket: str) -> httpx.AsyncHTTPTransport:
    """To picoclaw-llm; each of its connections carries one request, so that the worker can leave between two."""
    return httpx.AsyncHTTPTransport(uds=socket, verify=tls_context(), limits=httpx.Limits(max_keepalive_connections=0))


def _unsigned(message: Message) -> Message:
    """Without what only Google's models put into tool calls: others refuse keys that they do not know."""
    calls = message.get("tool_calls")
    if not calls or not any(SIGNED in call for call in calls):
        return message
    return {**message, "tool_calls": [{key: call[key] for key in call if key != SIGNED} for call in calls]}


async def _start(response: httpx.Response) -> bytes:
    """The beginning of an error's body: it may have no end."""
    read = b""
    async for piece in response.aiter_bytes():
        read += piece
        if len(read) > _ERROR_BYTES:
            break
    return read[:_ERROR_BYTES]
