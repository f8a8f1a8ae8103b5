"""In what OpenAI and OpenRouter differ: paths, errors, extra keys, and small habits of the stream."""

import json
from typing import Any, Protocol

from tests.fakes import defaults
from tests.fakes.llm.dialect import Refusal
from tests.fakes.llm.openai_chat.failures import openai_failure, openrouter_failure
from tests.fakes.llm.openai_chat.problems import InvalidRequestError
from tests.fakes.wire import HttpError

_KEYS_PAGE = "https://platform.openai.com/account/api-keys"
_OPENROUTER_KEYS = frozenset(
    {
        "cache_control",
        "debug",
        "include_reasoning",
        "min_p",
        "models",
        "plugins",
        "preset",
        "provider",
        "reasoning",
        "repetition_penalty",
        "route",
        "session_id",
        "top_a",
        "top_k",
        "transforms",
        "usage",
    }
)
_PROMPT_PRICE, _COMPLETION_PRICE = 0.000003, 0.000015  # dollars per token
_OPENROUTER_MESSAGE_KEYS = frozenset({"reasoning", "reasoning_details"})


class Provider(Protocol):
    """One host's way of speaking the dialect."""

    prefix: str
    comments: bool
    always_usage: bool

    def unauthorized(self, key: str | None) -> dict[str, Any]:
        """The body of a 401; the key is None when none was sent."""

    def unknown_model(self, model: str) -> Refusal:
        """For a model that is not there."""

    def invalid(self, problem: InvalidRequestError, model: str) -> dict[str, Any]:
        """The body of a 400."""

    def failure(self, error: HttpError) -> Refusal:
        """What a test ordered."""

    def plain(self, body: Any) -> Any:
        """The request without the keys that only this provider knows."""

    def details(self, model: str) -> dict[str, Any]:
        """Further fields of a completion."""

    def counted(self, usage: dict[str, Any]) -> dict[str, Any]:
        """The usage with what this provider adds to it."""

    def model(self, name: str) -> dict[str, Any]:
        """An entry of the list of models."""


class OpenAI:
    """api.openai.com."""

    prefix = "/v1"
    comments = False
    always_usage = False

    def unauthorized(self, key: str | None) -> dict[str, Any]:
        """OpenAI shows the ends of the key that it refuses."""
        if key is None:
            text = (
                "You didn't provide an API key. You need to provide your API key in an Authorization header using "
                f"Bearer auth (i.e. Authorization: Bearer YOUR_KEY). You can obtain an API key from {_KEYS_PAGE}."
            )
            return _openai_error(text, "invalid_request_error", None, None)
        shown = f"{key[:8]}{'*' * 16}{key[-4:]}" if len(key) > 16 else "*" * len(key)
        text = f"Incorrect API key provided: {shown}. You can find your API key at {_KEYS_PAGE}."
        return _openai_error(text, "invalid_request_error", None, "invalid_api_key")

    def unknown_model(self, model: str) -> Refusal:
        """404."""
        text = f"The model `{model}` does not exist or you do not have access to it."
        return Refusal(404, _openai_error(text, "invalid_request_error", None, "model_not_found"))

    def invalid(self, problem: InvalidRequestError, model: str) -> dict[str, Any]:  # noqa: ARG002
        """The problem as it is."""
        return _openai_error(problem.message, "invalid_request_error", problem.param, problem.code)

    def failure(self, error: HttpError) -> Refusal:
        """Type and code as usual for it."""
        return openai_failure(error)

    def plain(self, body: Any) -> Any:
        """OpenAI's own keys are the reference."""
        return body

    def details(self, model: str) -> dict[str, Any]:  # noqa: ARG002
        """The tier and the fingerprint."""
        return {"service_tier": "default", "system_fingerprint": "fp_labstandin0"}

    def counted(self, usage: dict[str, Any]) -> dict[str, Any]:
        """With the details of what was said."""
        return usage | {"completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0}}

    def model(self, name: str) -> dict[str, Any]:
        """Name and owner."""
        return {"id": name, "object": "model", "created": 1715367049, "owned_by": "system"}


class OpenRouter:
    """openrouter.ai, which routes to the providers of many models."""

    prefix = "/api/v1"
    comments = True
    always_usage = True

    def unauthorized(self, key: str | None) -> dict[str, Any]:
        """A key that is nobody's, or none."""
        return _openrouter_error(401, "User not found." if key else "No cookie auth credentials found")

    def unknown_model(self, model: str) -> Refusal:
        """400."""
        body = _openrouter_error(400, f"{model} is not a valid model ID")
        return Refusal(400, body | {"user_id": "user_labStandIn0000000000000000"})

    def invalid(self, problem: InvalidRequestError, model: str) -> dict[str, Any]:
        """What the model's own API noticed comes wrapped."""
        if problem.origin == "schema":
            return _openrouter_error(400, problem.message)
        raw = json.dumps(_openai_error(problem.message, "invalid_request_error", problem.param, problem.code))
        metadata = {"raw": raw, "provider_name": _upstream(model)}
        return {"error": {"message": "Provider returned error", "code": 400, "metadata": metadata}}

    def failure(self, error: HttpError) -> Refusal:
        """The code is the status."""
        return openrouter_failure(error)

    def plain(self, body: Any) -> Any:
        """Without the router's own keys, in the request and in its messages and their parts."""
        if not isinstance(body, dict):
            return body
        plain = {key: value for key, value in body.items() if key not in _OPENROUTER_KEYS}
        if isinstance(plain.get("messages"), list):
            plain["messages"] = [_plain_message(message) for message in plain["messages"]]
        return plain

    def details(self, model: str) -> dict[str, Any]:
        """Who served it."""
        return {"provider": _upstream(model)}

    def counted(self, usage: dict[str, Any]) -> dict[str, Any]:
        """With the price in dollars."""
        price = usage["prompt_tokens"] * _PROMPT_PRICE + usage["completion_tokens"] * _COMPLETION_PRICE
        return usage | {"cost": round(price, 9), "is_byok": False}

    def model(self, name: str) -> dict[str, Any]:
        """Name, context and prices."""
        free = name.endswith(":free")
        prices = {"prompt": "0" if free else str(_PROMPT_PRICE), "completion": "0" if free else str(_COMPLETION_PRICE)}
        return {"id": name, "name": name, "created": 1715367049, "context_length": 200000, "pricing": prices}


def _plain_message(message: Any) -> Any:
    if not isinstance(message, dict):
        return message
    plain = {key: value for key, value in message.items() if key not in _OPENROUTER_MESSAGE_KEYS}
    if isinstance(plain.get("content"), list):
        plain["content"] = [_plain_part(part) for part in plain["content"]]
    return plain


def _plain_part(part: Any) -> Any:
    return {key: value for key, value in part.items() if key != "cache_control"} if isinstance(part, dict) else part


def _upstream(model: str) -> str:
    return {"anthropic": "Anthropic", "google": "Google", "openai": "OpenAI"}.get(model.split("/", 1)[0], "DeepInfra")


def _openai_error(message: str, kind: str, param: str | None, code: str | None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def _openrouter_error(code: int, message: str) -> dict[str, Any]:
    return {"error": {"message": message, "code": code}}


PROVIDERS: dict[str, Provider] = {defaults.OPENAI_HOST: OpenAI(), defaults.OPENROUTER_HOST: OpenRouter()}
