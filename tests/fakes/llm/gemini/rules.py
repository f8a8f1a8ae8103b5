"""What the form of a request cannot say: turns, the pairing of calls and responses, signatures of thought, pictures."""

from collections.abc import Sequence
from typing import Any

from tests.fakes.llm.gemini.signatures import is_signature
from tests.fakes.llm.images import media_type

Part = dict[str, Any]

_DATA = ("text", "inline_data", "file_data", "function_call", "function_response")
_PICTURES = ("image/png", "image/jpeg", "image/webp", "image/heic", "image/heif")
_OTHER_MEDIA = ("application/pdf", "text/plain", "audio/wav", "audio/mp3", "audio/ogg", "video/mp4")
_CALL_ORDER = (
    "Please ensure that function call turn comes immediately after a user turn or after a function response turn."
)
_RESPONSE_ORDER = "Please ensure that function response turn comes immediately after a function call turn."
_COUNT = (
    "Please ensure that the number of function response parts is equal to the number of function call parts of the "
    "function call turn."
)
_END = "Please ensure that multiturn requests end with a user turn or a function response."
_UNSIGNED = (
    "Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, "
    "and missing thought_signature may lead to degraded model performance. Additional data, function call "
    "`default_api:{}` , position {}. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more "
    "details."
)
_NO_PICTURE = (
    "Unable to process input image. Please retry or report in "
    "https://developers.generativeai.google/guide/troubleshooting"
)


class InvalidArgumentError(Exception):
    """A 400; the message is the whole sentence."""


def violation(path: str, reason: str) -> InvalidArgumentError:
    """A rule that a field breaks, as the service puts it."""
    return InvalidArgumentError(f"* GenerateContentRequest.{path}: {reason}\n")


def check_contents(request: dict[str, Any], *, signed: bool) -> None:
    """Raises InvalidArgumentError; `signed`: the model wants its signatures of thought back."""
    contents: list[Part] = request.get("contents", [])
    if not contents:
        raise violation("contents", "contents is not specified")
    for place, content in enumerate(contents):
        _check_content(content, f"contents[{place}]")
    for place, part in enumerate(request.get("system_instruction", {}).get("parts", [])):
        if not part.get("text"):
            raise violation(f"system_instruction.parts[{place}].data", _missing("data"))
    _check_turns(contents)
    if signed:
        _check_signatures(contents)


def names_of(content: Part, kind: str) -> list[str]:
    """The functions that are called, or that respond."""
    return [part[kind].get("name", "") for part in content.get("parts", []) if kind in part]


def _check_content(content: Part, path: str) -> None:
    if content.get("role", "user") not in ("user", "model", "function"):
        raise InvalidArgumentError("Please use a valid role: user, model.")
    if not content.get("parts"):
        raise violation(f"{path}.parts", "contents.parts must not be empty.")
    for place, part in enumerate(content["parts"]):
        _check_part(part, f"{path}.parts[{place}]")


def _check_part(part: Part, path: str) -> None:
    set_fields = [name for name in _DATA if name in part]
    if not set_fields or (part.get("text") == "" and "thought_signature" not in part):
        raise violation(f"{path}.data", _missing("data"))
    for kind in ("function_call", "function_response"):
        if kind in part and not part[kind].get("name"):
            raise violation(f"{path}.{kind}.name", "Name cannot be empty.")
    if "inline_data" in part:
        _check_blob(part["inline_data"])
    if "file_data" in part and not part["file_data"].get("file_uri", "").startswith(("https://", "gs://")):
        raise InvalidArgumentError("Invalid or unsupported file uri: " + part["file_data"].get("file_uri", ""))


def _check_blob(blob: Part) -> None:
    declared = blob.get("mime_type", "")
    if declared not in _PICTURES + _OTHER_MEDIA:
        raise InvalidArgumentError(f"Unsupported MIME type: {declared}")
    if declared in _PICTURES[:3] and media_type(blob.get("data", b"")) is None:
        raise InvalidArgumentError(_NO_PICTURE)


def _check_turns(contents: Sequence[Part]) -> None:
    before: Part | None = None
    for content in contents:
        calls, responses = names_of(content, "function_call"), names_of(content, "function_response")
        called = [] if before is None else names_of(before, "function_call")
        if responses and (not called or content.get("role") == "model"):
            raise InvalidArgumentError(_RESPONSE_ORDER)
        if sorted(called) != sorted(responses):
            raise InvalidArgumentError(_COUNT)
        if calls and (before is None or before.get("role", "user") == "model" or content.get("role") != "model"):
            raise InvalidArgumentError(_CALL_ORDER)
        before = content
    if before is not None and before.get("role") == "model":
        raise InvalidArgumentError(_COUNT if names_of(before, "function_call") else _END)


def _check_signatures(contents: Sequence[Part]) -> None:
    """Of the steps since the user spoke last, the first call has to be signed."""
    spoken = [place for place, content in enumerate(contents) if _is_speech(content)]
    newest = spoken[-1] if spoken else 0
    for place, content in enumerate(contents):
        first = next((part for part in content["parts"] if "function_call" in part), None)
        if place > newest and first is not None and not is_signature(first.get("thought_signature")):
            raise InvalidArgumentError(_UNSIGNED.format(first["function_call"]["name"], place + 1))


def _is_speech(content: Part) -> bool:
    return content.get("role", "user") == "user" and not names_of(content, "function_response")


def _missing(name: str) -> str:
    return f"required oneof field '{name}' must have one initialized field"
