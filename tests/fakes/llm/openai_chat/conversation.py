"""What the types cannot say about messages: something is asked, and every tool call has exactly one result."""

from typing import Any

from tests.fakes.llm.images import from_data_url
from tests.fakes.llm.openai_chat.problems import InvalidRequestError
from tests.fakes.wire import Conversation, Image

_WITHOUT_CALL = (
    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
)
_UNANSWERED = (
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
    "The following tool_call_ids did not have response messages: {}"
)


def check_messages(messages: list[dict[str, Any]]) -> None:
    """Raises InvalidRequestError."""
    if not messages:
        raise _empty_array("messages")
    waiting: list[str] = []
    results_allowed = False
    for place, message in enumerate(messages):
        if message["role"] == "tool":
            _answer(message, place, waiting, results_allowed=results_allowed)
            continue
        _all_answered(waiting, place)
        waiting = _calls(message, place)
        results_allowed = bool(waiting)
        _check_content(message, place)
    _all_answered(waiting, len(messages))


def _answer(message: dict[str, Any], place: int, waiting: list[str], *, results_allowed: bool) -> None:
    if not results_allowed:
        raise _invalid(_WITHOUT_CALL, f"messages.[{place}].role")
    if message["tool_call_id"] not in waiting:
        identifier = message["tool_call_id"]
        text = f"Invalid parameter: 'tool_call_id' of '{identifier}' not found in 'tool_calls' of previous message."
        raise _invalid(text, f"messages.[{place}].tool_call_id")
    waiting.remove(message["tool_call_id"])


def _all_answered(waiting: list[str], place: int) -> None:
    if waiting:
        raise _invalid(_UNANSWERED.format(", ".join(waiting)), f"messages.[{place}].role")


def _calls(message: dict[str, Any], place: int) -> list[str]:
    if message["role"] != "assistant" or "tool_calls" not in message:
        return []
    calls = message["tool_calls"]
    if not calls:
        raise _empty_array(f"messages[{place}].tool_calls")
    identifiers = [call["id"] for call in calls]
    for identifier in identifiers:
        if not identifier or len(identifier) > 40:
            text = (
                f"Invalid 'messages[{place}].tool_calls[0].id': string too long or empty. Expected 1 to 40 characters."
            )
            raise _invalid(text, f"messages[{place}].tool_calls[0].id", "string_above_max_length")
        if identifiers.count(identifier) > 1:
            raise _invalid(f"Duplicate value for 'tool_call_id' of '{identifier}' in message[{place}]", None)
    return identifiers


def _check_content(message: dict[str, Any], place: int) -> None:
    if message["role"] == "assistant" and message.get("tool_calls"):
        return
    if message.get("content") is None and message.get("refusal") is None:
        text = "Invalid value for 'content': expected a string, got null."
        raise _invalid(text, f"messages.[{place}].content")
    if message.get("content") == []:
        raise _empty_array(f"messages[{place}].content")


def _empty_array(path: str) -> InvalidRequestError:
    text = f"Invalid '{path}': empty array. Expected an array with minimum length 1, but got an empty array instead."
    return InvalidRequestError(text, path, "empty_array")


def _invalid(text: str, param: str | None, code: str | None = None) -> InvalidRequestError:
    return InvalidRequestError(text, param, code, "upstream")


def understood(body: dict[str, Any]) -> Conversation:
    """The checked request as the brain sees it."""
    messages: list[dict[str, Any]] = body["messages"]
    asked = next((message for message in reversed(messages) if message["role"] == "user"), None)
    results: list[str] = []
    for message in reversed(messages):
        if message["role"] != "tool":
            break
        results.insert(0, plain_text(message["content"]))
    return Conversation(
        user_text=plain_text(asked["content"]) if asked else "",
        tool_output="\n".join(results) if results else None,
        tools=[tool["function"]["name"] for tool in body.get("tools", []) if tool["type"] == "function"],
        system="\n".join(plain_text(one["content"]) for one in messages if one["role"] in ("system", "developer")),
        images=[_image(part["image_url"]["url"]) for part in _parts(messages) if part["type"] == "image_url"],
    )


def _parts(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [part for message in messages if isinstance(message.get("content"), list) for part in message["content"]]


def _image(url: str) -> Image:
    inline = from_data_url(url)
    return Image(url=url) if inline is None else Image(media_type=inline[0], data=inline[1] or b"")


def plain_text(content: Any) -> str:
    """The text of a content that is text or a list of parts."""
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content or [] if part.get("type") == "text")
