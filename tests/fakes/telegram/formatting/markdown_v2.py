"""parse_mode MarkdownV2."""

from dataclasses import dataclass

from tests.fakes.telegram.formatting.links import link_entity
from tests.fakes.telegram.formatting.text import Formatted, MarkupError, Output, Reader

_RESERVED = "_*[]()~`>#+-=|{}.!\n"
_ENDS = {
    "Bold": "*",
    "Italic": "_",
    "Underline": "__",
    "Strikethrough": "~",
    "Spoiler": "||",
    "Code": "`",
    "Pre": "```",
    "PreCode": "```",
    "TextUrl": "]",
    "CustomEmoji": "]",
}
_SIMPLE = {
    "Bold": "bold",
    "Italic": "italic",
    "Underline": "underline",
    "Strikethrough": "strikethrough",
    "Spoiler": "spoiler",
    "Code": "code",
    "Pre": "pre",
    "PreCode": "pre",
}
_CODE = ("Code", "Pre", "PreCode")


@dataclass
class _Open:
    kind: str
    position: int
    offset: int
    mark: int
    language: str = ""


def parse_markdown_v2(text: str) -> Formatted:
    """Raises MarkupError."""
    return _MarkdownV2Parser(text).parse()


class _MarkdownV2Parser(Reader):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._output = Output()
        self._open: list[_Open] = []
        self._in_quote = False
        self._line_start = True

    def parse(self) -> Formatted:
        while self.peek():
            self._step()
        self._end_of_text()
        if self._open:
            raise self._unclosed(self._open[-1])
        return self._output.finish()

    def _step(self) -> None:
        character = self.peek()
        if self._escaped():
            self._add(self.peek(1), 2)
        elif character not in self._reserved():
            self._add(character)
        elif self._ends_entity(character):
            self._end(character)
        else:
            self._begin(character)

    def _add(self, text: str, width: int = 1) -> None:
        self._output.add(text)
        self.position += width
        if text != "\r":
            self._line_start = text == "\n"

    def _escaped(self) -> bool:
        following = self.peek(1)
        return self.peek() == "\\" and bool(following) and 1 <= ord(following) <= 126

    def _reserved(self) -> str:
        return "`" if self._open and self._open[-1].kind in _CODE else _RESERVED

    def _ends_entity(self, character: str) -> bool:
        if not self._open:
            return False
        if self._in_quote and character == "\n" and self.peek(1) != ">":
            return True
        kind = self._open[-1].kind
        if kind == "Italic":
            return character == "_" and self.peek(1) != "_"
        return kind in _ENDS and self.sees(_ENDS[kind])

    def _begin(self, character: str) -> None:
        if character == "\n":
            self._add(character)
        elif character == ">" and self._line_start:
            self._begin_quote()
        elif character == "`":
            self._begin_code()
        elif self.sees("||"):
            self._push("Spoiler", 2)
        elif self.sees("!["):
            self._push("CustomEmoji", 2)
        elif self.sees("__"):
            self._push("Underline", 2)
        elif character in "_*~[":
            self._push({"_": "Italic", "*": "Bold", "~": "Strikethrough", "[": "TextUrl"}[character], 1)
        else:
            raise MarkupError(f"Character '{character}' is reserved and must be escaped with the preceding '\\'")

    def _push(self, kind: str, width: int, language: str = "") -> None:
        self._open.append(_Open(kind, self.position, self._output.offset, self._output.mark(), language))
        self.position += width

    def _begin_quote(self) -> None:
        if self._in_quote:
            self.position += 1
        else:
            self._in_quote = True
            self._push("BlockQuote", 1)

    def _begin_code(self) -> None:
        if not self.sees("```"):
            self._push("Code", 1)
            return
        end = self.position + 3
        while end < len(self.text) and not self.text[end].isspace() and self.text[end] != "`":
            end += 1
        language = self.text[self.position + 3 : end]
        if not language or self.text[end : end + 1] in ("", "`"):
            language, end = "", self.position + 3
        self._push("PreCode" if language else "Pre", end - self.position, language)
        self._skip_line_break()

    def _skip_line_break(self) -> None:
        pair = self.text[self.position : self.position + 2]
        if pair in ("\r\n", "\n\r"):
            self.position += 2
        elif pair[:1] in ("\n", "\r"):
            self.position += 1

    def _end(self, character: str) -> None:
        entity = self._open[-1]
        if character == "\n":
            self._end_quote()
            return
        self._open.pop()
        self.position += len(_ENDS[entity.kind])
        if entity.kind == "TextUrl":
            self._end_link(entity)
        elif entity.kind == "CustomEmoji":
            self._end_emoji(entity)
        else:
            extra = {"language": entity.language} if entity.language else None
            self._output.close(_SIMPLE[entity.kind], entity.offset, extra)

    def _end_quote(self) -> None:
        expandable = self._pop_fold_mark()
        entity = self._open[-1]
        if entity.kind != "BlockQuote":
            raise self._unclosed(entity)
        self._open.pop()
        self._in_quote = False
        self._add("\n")
        self._output.close("expandable_blockquote" if expandable else "blockquote", entity.offset)

    def _pop_fold_mark(self) -> bool:
        """A quote whose last line ends with `||` can be folded."""
        if self._open[-1].kind == "Spoiler" and self._open[-1].position == self.position - 2 and len(self._open) > 1:
            self._open.pop()
            return True
        return False

    def _end_of_text(self) -> None:
        if not self._in_quote:
            return
        expandable = self._pop_fold_mark()
        if self._open[-1].kind == "BlockQuote":
            entity = self._open.pop()
            self._output.close("expandable_blockquote" if expandable else "blockquote", entity.offset)

    def _end_link(self, entity: _Open) -> None:
        url = self._url() if self.peek() == "(" else self._output.since(entity.mark)
        link = link_entity(url)
        if link is not None:
            self._output.close(link[0], entity.offset, link[1])

    def _end_emoji(self, entity: _Open) -> None:
        if self.peek() != "(":
            raise MarkupError("The entity must contain a tg://emoji or tg://time URL")
        identifier = self._url().removeprefix("tg://emoji?id=")
        if not identifier.isdigit():
            raise MarkupError("Invalid tg://emoji or tg://time URL specified")
        self._output.close("custom_emoji", entity.offset, {"custom_emoji_id": identifier})

    def _url(self) -> str:
        self.position += 1
        begin, url = self.position, ""
        while (character := self.peek()) and character != ")":
            step = 2 if self._escaped() else 1
            url += self.peek(step - 1)
            self.position += step
        if not self.peek():
            raise MarkupError(f"Can't find end of a URL at byte offset {self.bytes_at(begin)}")
        self.position += 1
        return url

    def _unclosed(self, entity: _Open) -> MarkupError:
        return MarkupError(f"Can't find end of {entity.kind} entity at byte offset {self.bytes_at(entity.position)}")
