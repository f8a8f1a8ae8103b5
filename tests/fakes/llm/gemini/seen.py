"""A checked request as the brain sees it."""

import json
from typing import Any

from tests.fakes.wire import Conversation, Image

Part = dict[str, Any]


def understood(request: dict[str, Any]) -> Conversation:
    """The newest words of the user, and what the functions gave back if that is newer."""
    contents: list[Part] = request["contents"]
    users = [content["parts"] for content in contents if content.get("role") != "model"]
    spoken = [text for parts in users if (text := _text(parts))]
    results = [_result(part["function_response"]) for part in users[-1] if "function_response" in part]
    tools = [tool.get("function_declarations", []) for tool in request.get("tools", [])]
    return Conversation(
        user_text=spoken[-1] if spoken else "",
        tool_output="\n".join(results) if results and not _text(users[-1]) else None,
        tools=[function["name"] for functions in tools for function in functions],
        system=_text(request.get("system_instruction", {}).get("parts", [])),
        images=[image for parts in users for part in parts for image in _images(part)],
    )


def _text(parts: list[Part]) -> str:
    return "\n".join(part["text"] for part in parts if part.get("text"))


def _result(response: Part) -> str:
    """The text of a response: clients wrap it as they like, mostly in one field."""
    value = response.get("response", {})
    only = next(iter(value.values()), "") if len(value) == 1 else value
    return only if isinstance(only, str) else json.dumps(only, ensure_ascii=False)


def _images(part: Part) -> list[Image]:
    if "inline_data" in part and part["inline_data"]["mime_type"].startswith("image/"):
        return [Image(media_type=part["inline_data"]["mime_type"], data=part["inline_data"]["data"])]
    if "file_data" in part:
        return [Image(media_type=part["file_data"].get("mime_type", ""), url=part["file_data"]["file_uri"])]
    return []
