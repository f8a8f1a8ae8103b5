"""From the parameters of a request to the text and entities of a message."""

from tests.fakes.telegram.errors import bad_request
from tests.fakes.telegram.formatting.automatic import with_automatic
from tests.fakes.telegram.formatting.given import given_entities
from tests.fakes.telegram.formatting.html import parse_html
from tests.fakes.telegram.formatting.markdown import parse_markdown
from tests.fakes.telegram.formatting.markdown_v2 import parse_markdown_v2
from tests.fakes.telegram.formatting.text import Entity, Formatted, MarkupError, is_blank, utf16_length
from tests.fakes.telegram.params import Params

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
_MOST_ENTITIES = 100
_MOST_BYTES = 1 << 15
_PARSERS = {"html": parse_html, "markdownv2": parse_markdown_v2, "markdown": parse_markdown}


def message_text(params: Params) -> Formatted:
    """`text` as it stands in the request; its length is checked later, by `checked_text`.

    Raises:
        ApiError: no text, broken markup, an unknown parse_mode or malformed entities.
    """
    if not params.text("text"):
        raise bad_request("Message text is empty")
    return _formatted(params, "text", "entities")


def checked_text(formatted: Formatted) -> Formatted:
    """The text as it will be shown; raises ApiError when nothing is left of it or it is too long."""
    if is_blank(formatted.text):
        raise bad_request("Text must be non-empty")
    shown = with_automatic(formatted.trimmed())
    # the server's own check counts code points and leaves the rest to the cores behind it: the stricter count is safe
    if utf16_length(shown.text) > LONGEST_TEXT:
        raise bad_request("Message is too long")
    # those after a hundred are forgotten without a word
    return Formatted(shown.text, shown.entities[:_MOST_ENTITIES])


def caption(params: Params) -> Formatted:
    """`caption`, which may be empty."""
    shown = with_automatic(_formatted(params, "caption", "caption_entities").trimmed())
    if utf16_length(shown.text) > LONGEST_CAPTION:
        raise bad_request("Message caption is too long")
    return shown


def _formatted(params: Params, name: str, entities: str) -> Formatted:
    text, mode = params.text(name), params.text("parse_mode").lower()
    if len(text.encode("utf-8", "surrogatepass")) > _MOST_BYTES:
        raise bad_request("Text is too long")
    if not text or mode in ("", "none"):
        return Formatted(text, _given_entities(params, entities, text))
    if mode not in _PARSERS:
        raise bad_request("Unsupported parse_mode")
    try:
        return _PARSERS[mode](text)
    except MarkupError as error:
        raise bad_request(f"Can't parse entities: {error}") from None


def _given_entities(params: Params, name: str, text: str) -> list[Entity]:
    given = params.json(name, "entities") if params.text(name).startswith("[") else None
    return given_entities(given, text) if isinstance(given, list) else []
