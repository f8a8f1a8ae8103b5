"""Whether the pictures in the messages would be accepted."""

from typing import Any

from tests.fakes.llm.images import from_data_url, media_type
from tests.fakes.llm.openai_chat.problems import InvalidRequestError

_UNSUPPORTED = (
    "You uploaded an unsupported image. Please make sure your image has of one the following formats: "
    "['png', 'jpeg', 'gif', 'webp']."
)


def check_images(messages: list[dict[str, Any]]) -> None:
    """Raises InvalidRequestError."""
    for place, message in enumerate(messages):
        content = message.get("content")
        for number, part in enumerate(content if isinstance(content, list) else []):
            if part["type"] == "image_url":
                _check(message["role"], part["image_url"]["url"], f"messages[{place}].content[{number}]")


def _check(role: str, url: str, path: str) -> None:
    if role != "user":
        text = f"Invalid '{path}'. Image URLs are only allowed for messages with role 'user', but this message has "
        raise InvalidRequestError(f"{text}role '{role}'.", path, "invalid_value", "upstream")
    inline = from_data_url(url)
    if inline is None:
        if not url.startswith(("https://", "http://")):
            text = f"Invalid '{path}.image_url'. Expected a valid URL, but got a value with an invalid format."
            raise InvalidRequestError(text, f"{path}.image_url", "invalid_value", "upstream")
        return
    data = inline[1]
    if data is None:
        text = f"Invalid '{path}.image_url'. Expected a base64-encoded data URL with an image MIME type."
        raise InvalidRequestError(text, f"{path}.image_url", "invalid_value", "upstream")
    if media_type(data) is None:
        raise InvalidRequestError(_UNSUPPORTED, None, "invalid_image_format", "upstream")
