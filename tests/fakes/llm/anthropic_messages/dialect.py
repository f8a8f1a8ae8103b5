"""The Messages API as a dialect: headers, then form, model, rules; and what the brain and the cache see of it."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from aiohttp import web

from tests.fakes.llm.anthropic_messages.failures import failure, new_request_id, rate_limit_headers, refusal
from tests.fakes.llm.anthropic_messages.limits import check_limits, output_limit
from tests.fakes.llm.anthropic_messages.message import MessageAnswer
from tests.fakes.llm.anthropic_messages.params import Request
from tests.fakes.llm.anthropic_messages.rules import blocks, check_messages
from tests.fakes.llm.anthropic_messages.schema import InvalidRequestError, read_request
from tests.fakes.llm.anthropic_messages.seen import understood
from tests.fakes.llm.cache import CacheUse, Segment
from tests.fakes.llm.dialect import Question, Refusal, RefusedError
from tests.fakes.llm.pieces import tokens_of
from tests.fakes.wire import Conversation, HttpError, Reply

_NEWEST = "2026-10-21"
_VERSIONS = ("2023-06-01", _NEWEST)
_REMOVED = ("temperature", "top_p", "top_k")  # by the newest version, even at their defaults
_BETA = re.compile(r"[a-z0-9-]+-\d{4}-\d{2}-\d{2}")
_LARGEST_BODY = 32 * 1024 * 1024


class AnthropicMessages:
    """api.anthropic.com."""

    paths = ("/v1/messages",)
    models_path = "/v1/models"

    def key(self, request: web.Request) -> str | None:
        """The header of its own, or a bearer token."""
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        return request.headers.get("x-api-key") or bearer or None

    def unauthorized(self, key: str | None) -> Refusal:
        """401."""
        return refusal(401, "x-api-key header is required" if key is None else "invalid x-api-key")

    def check(self, question: Question) -> None:
        """Headers and size first, then form, model, and what the form cannot say."""
        try:
            _check_head(question.http)
            request = read_request(question.body)
            if question.http.headers["anthropic-version"] == _NEWEST:
                _check_newest(request)
            if request.model not in question.account.models:
                message = f"model: {request.model}"
                raise RefusedError(refusal(404, message), f"unknown {message}")
            check_messages(request)
            check_limits(request)
        except InvalidRequestError as problem:
            raise RefusedError(refusal(400, str(problem)), str(problem)) from None

    def understood(self, body: Any) -> Conversation:
        """See seen.py."""
        return understood(body)

    def streams(self, question: Question) -> bool:
        """As the body says."""
        return question.body.get("stream") is True

    def answer(self, question: Question, reply: Reply) -> MessageAnswer:
        """A message, with what the cache did."""
        body = question.body
        headers = {"request-id": new_request_id(), **rate_limit_headers()}
        return MessageAnswer(body["model"], reply, _cache_use(question, reply), headers)

    def failure(self, error: HttpError) -> Refusal:
        """With the type that belongs to the status."""
        return failure(error)

    def models(self, names: Sequence[str]) -> Any:
        """One page."""
        data = [
            {"type": "model", "id": name, "display_name": name, "created_at": "2025-09-29T00:00:00Z"}
            | {"lifecycle": "active", "max_input_tokens": 200_000, "max_tokens": output_limit(name)}
            for name in names
        ]
        return {"data": data, "has_more": False, "first_id": names[0], "last_id": names[-1]}


def _check_head(request: web.Request) -> None:
    if (request.content_length or 0) > _LARGEST_BODY:
        raise RefusedError(refusal(413, "Request exceeds the maximum size"), "body too large")
    version = request.headers.get("anthropic-version")
    if version is None:
        raise InvalidRequestError("anthropic-version: header is required")
    if version not in _VERSIONS:
        raise InvalidRequestError(f'anthropic-version: "{version}" is not a valid version')
    for beta in filter(None, (part.strip() for part in request.headers.get("anthropic-beta", "").split(","))):
        if not _BETA.fullmatch(beta):
            raise InvalidRequestError(f"Unexpected value(s) `{beta}` for the `anthropic-beta` header.")


def _check_newest(request: Request) -> None:
    for name in _REMOVED:
        if name in request.model_fields_set:
            raise InvalidRequestError(f"{name}: Extra inputs are not permitted")
    for place, message in enumerate(request.messages):
        for number, block in enumerate(blocks(message)):
            path = f"messages.{place}.content.{number}"
            if message.role == "assistant" and block.type == "document":
                raise InvalidRequestError(f"{path}: `document` blocks can only be in `user` messages")
            if message.role == "user" and block.type == "text" and block.citations:
                raise InvalidRequestError(f"{path}: `citations` can only be in `assistant` messages")


def _cache_use(question: Question, reply: Reply) -> CacheUse:
    if reply.prompt_tokens is not None:
        cached = reply.cached_tokens or 0
        return CacheUse(reply.prompt_tokens - cached, cached)
    model = question.body["model"]
    use = question.account.cache.use(model, list(_segments(question.body)), 2048 if "haiku" in model else 1024)
    if reply.cached_tokens is None:
        return use
    return CacheUse(use.plain + use.read + use.written_5m + use.written_1h - reply.cached_tokens, reply.cached_tokens)


def _segments(body: dict[str, Any]) -> Iterator[Segment]:
    parts = [("tools", tool) for tool in body.get("tools") or []]
    parts += [("system", block) for block in _blocks(body.get("system"))]
    parts += [(message["role"], block) for message in body["messages"] for block in _blocks(message["content"])]
    automatic = (body.get("cache_control") or {}).get("ttl", "5m") if body.get("cache_control") else None
    for place, (where, part) in enumerate(parts):
        plain = {key: value for key, value in part.items() if key != "cache_control"}
        control = part.get("cache_control")
        ttl = control.get("ttl", "5m") if control else (automatic if place == len(parts) - 1 else None)
        text = json.dumps(plain, sort_keys=True)
        yield Segment(f"{where}\0{text}", tokens_of(text) + 1, ttl)


def _blocks(content: Any) -> list[dict[str, Any]]:
    if not content:
        return []
    return [{"type": "text", "text": content}] if isinstance(content, str) else content
