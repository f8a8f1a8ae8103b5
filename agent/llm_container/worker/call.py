"""A request of the gateway, checked and made the arguments of `litellm.acompletion`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agent.llm_container.worker.faults import RequestError
from agent.llm_container.worker.messages import adapted

DEFAULT_TIMEOUT_S = 120.0
_EXTENSION = "picoclaw"
_EXTENSION_KEYS = {
    "provider": str,
    "api_base": str,
    "timeout_s": int | float,
    "silence_s": int | float,
    "idle_minutes": int | float,
}
# What OpenAI's API knows and providers have in common. Whatever else comes is refused: litellm takes its own settings
# (hooks, caches, mocks) by the same way.
_PASSED_ON = frozenset(
    {
        "frequency_penalty",
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "parallel_tool_calls",
        "presence_penalty",
        "reasoning_effort",
        "response_format",
        "seed",
        "stop",
        "stream",
        "stream_options",
        "temperature",
        "tool_choice",
        "tools",
        "top_p",
        "user",
    }
)


@dataclass(frozen=True)
class Call:
    """What to ask of litellm; `key` is there to be kept out of every answer.

    The answer is to be whole within `timeout_s`; what litellm calls a timeout is how long its provider may be silent.
    """

    arguments: dict[str, Any] = field(repr=False)
    key: str = field(repr=False)
    provider: str = ""
    timeout_s: float = DEFAULT_TIMEOUT_S
    stream: bool = False
    idle_minutes: float | None = None


def read_call(authorization: str, body: object) -> Call:
    """The call that a request asks for; RequestError when it is not one."""
    scheme, _, key = authorization.partition(" ")
    if scheme != "Bearer" or not key:
        raise RequestError("the request brought no key: Authorization: Bearer is missing", "no_key", 401)
    if not isinstance(body, dict):
        raise RequestError("the request's body is not a JSON object", "bad_request")
    extension = _extension(body)
    unknown = sorted(set(body) - _PASSED_ON - {_EXTENSION, "model"})
    if unknown:
        raise RequestError(f"the request holds {', '.join(unknown)}, which is not passed on", "unknown_parameter")
    if not isinstance(body.get("model"), str) or not isinstance(body.get("messages"), list):
        raise RequestError("the request lacks model or messages", "bad_request")
    return Call(
        arguments=_arguments(body, extension, key),
        key=key,
        provider=extension["provider"],
        timeout_s=_timeout(extension),
        stream=bool(body.get("stream")),
        idle_minutes=extension.get("idle_minutes"),
    )


def _extension(body: dict[str, Any]) -> dict[str, Any]:
    extension = body.get(_EXTENSION)
    if not isinstance(extension, dict) or not extension.get("provider"):
        raise RequestError("the request lacks picoclaw.provider", "bad_request")
    for name, value in extension.items():
        if name not in _EXTENSION_KEYS or (value is not None and not isinstance(value, _EXTENSION_KEYS[name])):
            raise RequestError(f"picoclaw.{name} is unknown or of another type than expected", "bad_request")
    return extension


def _arguments(body: dict[str, Any], extension: dict[str, Any], key: str) -> dict[str, Any]:
    provider: str = extension["provider"]
    arguments = {name: body[name] for name in _PASSED_ON & set(body)}
    arguments |= {
        "model": model_name(provider, body["model"]),
        "messages": adapted(provider, body["messages"]),
        "api_key": key,
        "timeout": extension.get("silence_s") or _timeout(extension),
        # The gateway decides what is worth another attempt.
        "max_retries": 0,
    }
    if extension.get("api_base"):
        arguments["api_base"] = address(provider, extension["api_base"])
    return arguments


def _timeout(extension: dict[str, Any]) -> float:
    return float(extension.get("timeout_s") or DEFAULT_TIMEOUT_S)


def model_name(provider: str, model: str) -> str:
    """Litellm's `provider/model`; a model that already begins with the provider's name is left as it is.

    Except that OpenRouter has models of its own name, such as `openrouter/auto`.
    """
    begins = model.startswith(f"{provider}/")
    own = provider == "openrouter" and model.count("/") == 1
    return model if begins and not own else f"{provider}/{model}"


def address(provider: str, api_base: str) -> str:
    """`api_base` as litellm wants it: to Anthropic's it appends `/v1/messages` itself."""
    base = api_base.rstrip("/")
    return base.removesuffix("/v1") if provider == "anthropic" else base
