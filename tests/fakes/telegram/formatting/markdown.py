"""parse_mode Markdown, the old one: no nesting, and only what opens an entity needs escaping."""

from tests.fakes.telegram.formatting.links import link_entity
from tests.fakes.telegram.formatting.text import Formatted, MarkupError, Output, Reader

_KINDS = {"_": "italic", "*": "bold", "`": "code"}


def parse_markdown(text: str) -> Formatted:
    """Raises MarkupError."""
    return _MarkdownParser(text).parse()


class _MarkdownParser(Reader):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._output = Output()

    def parse(self) -> Formatted:
        while character := self.peek():
            if character == "\\" and self.peek(1) and self.peek(1) in "_*`[":
                self._output.add(self.peek(1))
                self.position += 2
            elif self.sees("```"):
                self._block()
            elif character == "[":
                self._link()
            elif character in _KINDS:
                start = self._output.offset
                self._output.add(self._inside(self.position, 1, character))
                self._output.close(_KINDS[character], start)
            else:
                self._output.add(character)
                self.position += 1
        return self._output.finish()

    def _inside(self, begin: int, width: int, end: str) -> str:
        """What stands up to `end`, and moves behind it."""
        first = self.position + width
        last = self.text.find(end, first)
        if last < 0:
            raise MarkupError(f"Can't find end of the entity starting at byte offset {self.bytes_at(begin)}")
        self.position = last + len(end)
        return self.text[first:last]

    def _block(self) -> None:
        start = self._output.offset
        content = self._inside(self.position, 3, "```")
        first_line, line_break, rest = content.partition("\n")
        language = first_line if line_break and first_line and not any(c.isspace() for c in first_line) else ""
        self._output.add(rest if language or (line_break and not first_line) else content)
        self._output.close("pre", start, {"language": language} if language else None)

    def _link(self) -> None:
        start = self._output.offset
        label = self._inside(self.position, 1, "]")
        url = label
        if self.peek() == "(":
            end = self.text.find(")", self.position)
            end = len(self.text) if end < 0 else end
            url, self.position = self.text[self.position + 1 : end], end + 1
        self._output.add(label)
        link = link_entity(url)
        if link is not None:
            self._output.close(link[0], start, link[1])
