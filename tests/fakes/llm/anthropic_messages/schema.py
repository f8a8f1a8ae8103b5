"""Reads a request body by its form; what does not fit is refused in the words of the API, which are pydantic's."""

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tests.fakes.llm.anthropic_messages.params import LIST, TEXT, Request

_NO_JSON = "The request body is not valid JSON: unexpected character: line 1 column 1 (char 0)"
_SYSTEM_ROLE = (
    'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not "system" as an '
    "input message role."
)


class InvalidRequestError(Exception):
    """A 400; the message is the whole sentence."""


def read_request(body: Any) -> Request:
    """Raises InvalidRequestError for the first thing that the API's reference does not know."""
    if not isinstance(body, dict):
        raise InvalidRequestError(_NO_JSON)
    try:
        return Request.model_validate(body)
    except ValidationError as error:
        raise InvalidRequestError(_sentence(error.errors(include_url=False)[0])) from None


def _sentence(error: ErrorDetails) -> str:
    if error["type"] == "literal_error" and error["loc"][-1] == "role" and error["input"] == "system":
        return _SYSTEM_ROLE
    path = ".".join(str(place) for place in error["loc"] if place not in (TEXT, LIST))
    message = error["msg"]
    if error["type"] == "union_tag_invalid" and error["ctx"]["expected_tags"] == f"'{TEXT}', '{LIST}'":
        message = "Input should be a valid list"
    return f"{path}: {message}"
