"""parse_mode HTML."""

import re
from dataclasses import dataclass, field

from tests.fakes.telegram.formatting.links import link_entity
from tests.fakes.telegram.formatting.text import Entity, Formatted, MarkupError, Output, Reader

_SIMPLE_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
}
_TAGS = {*_SIMPLE_TAGS, "a", "pre", "code", "blockquote", "tg-emoji", "tg-time"}
_REFERENCES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#x(?P<hex>[0-9a-fA-F]*)|#(?P<decimal>[0-9]*)|(?P<name>[A-Za-z]*));?")
_TAG_NAME = re.compile(r"[^\s>]*")
_ATTRIBUTE_NAME = re.compile(r"""[^\s=>/"']*""")
_NAME_TOKEN = re.compile(r"[A-Za-z0-9.-]*")
_BLANKS = re.compile(r"\s*")


@dataclass
class _Tag:
    name: str
    offset: int
    mark: int
    attributes: dict[str, str] = field(default_factory=dict)


def parse_html(text: str) -> Formatted:
    """Raises MarkupError."""
    return _HtmlParser(text).parse()


class _HtmlParser(Reader):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._output = Output()
        self._open: list[_Tag] = []

    def parse(self) -> Formatted:
        while character := self.peek():
            if character == "<":
                self._tag()
            elif character == "&":
                self._output.add(self._reference())
            else:
                self._plain()
        if self._open:
            raise MarkupError(f'Can\'t find end tag corresponding to start tag "{self._open[-1].name}"')
        return self._output.finish()

    def _plain(self) -> None:
        found = re.compile(r"[^<&]+").match(self.text, self.position)
        if found:
            self._output.add(found[0])
            self.position = found.end()

    def _reference(self) -> str:
        """The character that a reference stands for; what is no known reference is itself."""
        found = _REFERENCE.match(self.text, self.position)
        character = _referenced(found) if found else ""
        self.position = found.end() if found and character else self.position + 1
        return character or "&"

    def _tag(self) -> None:
        begin = self.position
        self.position += 1
        if self.peek() == "/":
            self.position += 1
            self._end_tag(begin)
        else:
            self._start_tag(begin)

    def _start_tag(self, begin: int) -> None:
        name = self._match(_TAG_NAME).lower()
        if not self.peek():
            raise self._error("Unclosed start tag at byte offset {}", begin)
        if name not in _TAGS:
            raise self._error(f'Unsupported start tag "{name}" at byte offset {{}}', begin)
        tag = _Tag(name, self._output.offset, self._output.mark())
        self._attributes(tag, begin)
        if name == "span" and tag.attributes.get("class") != "tg-spoiler":
            raise self._error('Tag "span" must have class "tg-spoiler" at byte offset {}', begin)
        self._open.append(tag)

    def _attributes(self, tag: _Tag, begin: int) -> None:
        while True:
            self._match(_BLANKS)
            if self.peek() == ">":
                self.position += 1
                return
            name = self._match(_ATTRIBUTE_NAME)
            if not name:
                raise self._error(f'Empty attribute name in the tag "{tag.name}" at byte offset {{}}', begin)
            self._match(_BLANKS)
            if not self.peek():
                raise self._error(f'Unclosed start tag "{tag.name}" at byte offset {{}}', begin)
            tag.attributes[name] = self._value(tag, begin) if self.peek() == "=" else ""

    def _value(self, tag: _Tag, begin: int) -> str:
        self.position += 1
        self._match(_BLANKS)
        quote = self.peek()
        if not quote:
            raise self._error(f'Unclosed start tag "{tag.name}" at byte offset {{}}', begin)
        value = self._quoted(quote) if quote in "\"'" else self._name_token()
        if not self.peek():
            raise self._error("Unclosed start tag at byte offset {}", begin)
        return value

    def _quoted(self, quote: str) -> str:
        self.position += 1
        value = ""
        while (character := self.peek()) and character != quote:
            if character == "&":
                value += self._reference()
            else:
                value += character
                self.position += 1
        self.position += 1
        return value

    def _name_token(self) -> str:
        begin = self.position
        value = self._match(_NAME_TOKEN).lower()
        if not (self.peek().isspace() or self.peek() == ">"):
            raise self._error("Unexpected end of name token at byte offset {}", begin)
        return value

    def _end_tag(self, begin: int) -> None:
        if not self._open:
            raise self._error("Unexpected end tag at byte offset {}", begin)
        name = self._match(_TAG_NAME).lower()
        self._match(_BLANKS)
        if self.peek() != ">":
            raise self._error("Unclosed end tag at byte offset {}", begin)
        self.position += 1
        tag = self._open.pop()
        if name not in ("", tag.name):
            reason = f'Unmatched end tag at byte offset {{}}, expected "</{tag.name}>", found "</{name}>"'
            raise self._error(reason, begin)
        self._close(tag)

    def _close(self, tag: _Tag) -> None:
        output = self._output
        if tag.name in _SIMPLE_TAGS:
            output.close(_SIMPLE_TAGS[tag.name], tag.offset)
        elif tag.name == "a":
            link = link_entity(tag.attributes.get("href", "") or output.since(tag.mark))
            if link is not None:
                output.close(link[0], tag.offset, link[1])
        elif tag.name == "blockquote":
            output.close("expandable_blockquote" if "expandable" in tag.attributes else "blockquote", tag.offset)
        elif tag.name == "tg-emoji":
            self._close_emoji(tag)
        elif tag.name in ("pre", "code"):
            self._close_code(tag)

    def _close_emoji(self, tag: _Tag) -> None:
        identifier = tag.attributes.get("emoji-id", "")
        if not identifier.isdigit() or int(identifier) == 0:
            raise MarkupError("Invalid custom emoji identifier specified")
        self._output.close("custom_emoji", tag.offset, {"custom_emoji_id": identifier})

    def _close_code(self, tag: _Tag) -> None:
        """`<pre><code class="language-x">`, in either order, is one block that knows its language."""
        entities = self._output.entities
        language = tag.attributes.get("class", "").removeprefix("language-") if tag.name == "code" else ""
        inner = entities[-1] if entities else None
        if inner and (inner.offset, inner.offset + inner.length) == (tag.offset, self._output.offset):
            if tag.name == "pre" and inner.type == "code" and inner.extra:
                entities[-1] = Entity("pre", inner.offset, inner.length, inner.extra)
                return
            if tag.name == "code" and inner.type == "pre" and language:
                entities[-1] = Entity("pre", inner.offset, inner.length, {"language": language})
                return
        self._output.close(tag.name, tag.offset, {"language": language} if language else None)

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.position)
        if found is None:
            return ""
        self.position = found.end()
        return found[0]

    def _error(self, reason: str, position: int) -> MarkupError:
        return MarkupError(reason.format(self.bytes_at(position)))


def _referenced(found: re.Match[str]) -> str:
    if found["name"] is not None:
        return _REFERENCES.get(found["name"], "")
    digits, base = (found["hex"], 16) if found["hex"] is not None else (found["decimal"], 10)
    code = int(digits, base) if digits and len(found[0]) <= 11 else 0
    return chr(code) if 0 < code < 0x10FFFF and not 0xD800 <= code <= 0xDFFF else ""
