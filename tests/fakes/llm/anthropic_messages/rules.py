"""What the form of a request cannot say about its messages: order, pairing of calls and results, and contents."""

from collections.abc import Iterator, Sequence

from tests.fakes.llm.anthropic_messages.params import (
    Base64Image,
    Block,
    ImageBlock,
    Message,
    Request,
    TextBlock,
    ToolResultBlock,
    ToolUseBlock,
    UrlSource,
)
from tests.fakes.llm.anthropic_messages.schema import InvalidRequestError
from tests.fakes.llm.images import from_base64, media_type

_LARGEST_IMAGE = 5 * 1024 * 1024
_UNANSWERED = (
    "messages.{}: `tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` block "
    "must have a corresponding `tool_result` block in the next message."
)
_WITHOUT_CALL = (
    "messages.{}.content.{}: unexpected `tool_use_id` found in `tool_result` blocks: {}. Each `tool_result` block must "
    "have a corresponding `tool_use` block in the previous message."
)
_NO_PREFILL = "This model does not support assistant message prefill. The conversation must end with a user message."
_TAKES_PREFILL = ("claude-3", "claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-5")


def check_messages(request: Request) -> None:
    """Raises InvalidRequestError."""
    messages = request.messages
    if not messages:
        raise InvalidRequestError("messages: at least one message is required")
    if messages[0].role != "user":
        raise InvalidRequestError('messages: first message must use the "user" role')
    if isinstance(request.system, list):
        _check_texts("system", request.system)
    for place, message in enumerate(messages):
        _check_content(message, place, last=place == len(messages) - 1)
        for number, block in enumerate(blocks(message)):
            _check_block(message.role, block, f"messages.{place}.content.{number}")
    _check_end(request)
    _check_pairs(messages)


def blocks(message: Message) -> Sequence[Block]:
    """The content as blocks."""
    if isinstance(message.content, str):
        return [TextBlock(type="text", text=message.content)] if message.content else []
    return message.content


def _check_content(message: Message, place: int, *, last: bool) -> None:
    if not message.content and not (last and message.role == "assistant"):
        text = "all messages must have non-empty content except for the optional final assistant message"
        raise InvalidRequestError(f"messages.{place}: {text}")
    content = blocks(message)
    for number, block in enumerate(content):
        if isinstance(block, TextBlock) and not block.text and block.cache_control:
            path = f"messages.{place}.content.{number}.text"
            raise InvalidRequestError(f"{path}: cache_control cannot be set for empty text blocks")
    _check_texts("messages", content)


def _check_texts(where: str, content: Sequence[Block]) -> None:
    for block in content:
        if not isinstance(block, TextBlock):
            continue
        if not block.text:
            raise InvalidRequestError(f"{where}: text content blocks must be non-empty")
        if not block.text.strip():
            raise InvalidRequestError(f"{where}: text content blocks must contain non-whitespace text")


def _check_block(role: str, block: Block, path: str) -> None:
    if isinstance(block, ToolUseBlock) and role != "assistant":
        raise InvalidRequestError(f"{path}: `tool_use` blocks can only be in `assistant` messages")
    if isinstance(block, ToolResultBlock):
        if role != "user":
            raise InvalidRequestError(f"{path}: `tool_result` blocks can only be in `user` messages")
        _check_result(block, path)
    if isinstance(block, ImageBlock):
        if role != "user":
            raise InvalidRequestError(f"{path}: `image` blocks can only be in `user` messages")
        _check_image(block, f"{path}.image.source")


def _check_result(block: ToolResultBlock, path: str) -> None:
    if isinstance(block.content, str):
        return
    _check_texts("messages", block.content)
    for number, part in enumerate(block.content):
        if isinstance(part, ImageBlock):
            if block.is_error:
                raise InvalidRequestError(f"{path}.tool_result: all content must be type `text` if `is_error` is true")
            _check_image(part, f"{path}.tool_result.content.{number}.image.source")


def _check_image(block: ImageBlock, path: str) -> None:
    source = block.source
    if isinstance(source, UrlSource):
        if not source.url.startswith("https://"):
            raise InvalidRequestError(f"{path}.url.url: Only HTTPS URLs are supported.")
        return
    _check_content_of(source, f"{path}.base64")


def _check_content_of(source: Base64Image, path: str) -> None:
    if len(source.data) > _LARGEST_IMAGE:
        text = f"image exceeds 5 MB maximum: {len(source.data)} bytes > {_LARGEST_IMAGE} bytes"
        raise InvalidRequestError(f"{path}: {text}")
    data = from_base64(source.data)
    if data is None:
        raise InvalidRequestError(f"{path}: invalid base64 data")
    kind = media_type(data)
    if kind is None:
        raise InvalidRequestError("Could not process image")
    if kind != source.media_type:
        text = f"The image was specified using the {source.media_type} media type, but the image appears to be a "
        raise InvalidRequestError(f"{path}: {text}{kind} image")


def _check_end(request: Request) -> None:
    last = request.messages[-1]
    if last.role != "assistant":
        return
    if not request.model.startswith(_TAKES_PREFILL):
        raise InvalidRequestError(_NO_PREFILL)
    content = blocks(last)
    if content and isinstance(content[-1], TextBlock) and content[-1].text != content[-1].text.rstrip():
        raise InvalidRequestError("messages: final assistant content cannot end with trailing whitespace")


def _check_pairs(messages: Sequence[Message]) -> None:
    waiting: list[str] = []
    seen: set[str] = set()
    for place, message in enumerate(messages):
        answered = list(_leading_results(message))
        missing = [identifier for identifier in waiting if identifier not in answered]
        if missing:
            raise InvalidRequestError(_UNANSWERED.format(place - 1, ", ".join(missing)))
        _check_results(message, place, waiting)
        waiting = _calls(message, place, seen)
    if waiting:
        raise InvalidRequestError(_UNANSWERED.format(len(messages) - 1, ", ".join(waiting)))


def _leading_results(message: Message) -> Iterator[str]:
    for block in blocks(message):
        if not isinstance(block, ToolResultBlock):
            return
        yield block.tool_use_id


def _check_results(message: Message, place: int, waiting: Sequence[str]) -> None:
    found: set[str] = set()
    for number, block in enumerate(blocks(message)):
        if not isinstance(block, ToolResultBlock):
            continue
        identifier = block.tool_use_id
        if identifier not in waiting:
            raise InvalidRequestError(_WITHOUT_CALL.format(place, number, identifier))
        if identifier in found:
            text = "each tool_use must have a single result. Found multiple `tool_result` blocks with id: "
            raise InvalidRequestError(f"messages.{place}.content.{number}: {text}{identifier}")
        found.add(identifier)


def _calls(message: Message, place: int, seen: set[str]) -> list[str]:
    identifiers = []
    for number, block in enumerate(blocks(message)):
        if isinstance(block, ToolUseBlock):
            if block.id in seen:
                raise InvalidRequestError(f"messages.{place}.content.{number}: `tool_use` ids must be unique")
            seen.add(block.id)
            identifiers.append(block.id)
    return identifiers
