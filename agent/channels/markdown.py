"""What several channels do to a model's Markdown: tables that a phone can show, and messages of a bounded length."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*([^\s`]*)")
_RULE = re.compile(r" {0,3}\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_CODE = re.compile(r"`([^`]+)`")
_STRONG = re.compile(r"\*\*([^*`]+)\*\*")
_BREAK = re.compile(r" *<br */?> *", re.IGNORECASE)
# Each row has as many cells as the head: what is larger than any table that a person reads stays as it is.
MOST_CELLS = 5000
_LONGEST_RULE = 2000
# A block of code shows no links, and is ended by its own fence.
_UNFIT = re.compile(r"\]\(|```|~~~|<https?:")


def with_tables(markdown: str, width: int) -> str:
    """Tables as blocks of code with aligned columns, or as lists where a line would be longer than `width`."""
    if "|" not in markdown:
        return markdown
    lines, found, fence = markdown.split("\n"), [], ""
    place = 0
    while place < len(lines):
        line = lines[place]
        fence = _fence_after(fence, line)
        end = 0 if fence or "|" not in line else _table_end(lines, place)
        if end:
            readable = line.count("|") * (end - place) <= MOST_CELLS
            table = (line, *lines[place + 2 : end])
            found += _shown([_cells(row) for row in table], width) if readable else lines[place:end]
            place = end
        else:
            found.append(line)
            place += 1
    return "\n".join(found)


def split(markdown: str, limit: int) -> list[str]:
    """Parts of at most `limit`, cut between paragraphs, else lines, else words.

    A block of code that is cut is closed, and opened again in the next part.

    Args:
        markdown: an answer.
        limit: of a part, in characters.
    """
    parts: list[str] = []
    current, fence = "", ""
    for piece in _pieces(markdown, limit // 2):
        opened = _fence_after(fence, piece)
        closing = f"\n{_closing(opened)}" if opened else ""
        if current.strip() and len(current + piece + closing) > limit:
            parts.append(_closed(current, fence))
            current = f"{fence}\n" if fence else ""
            current += piece.removeprefix("\n") if fence else piece.lstrip("\n")
        else:
            current += piece
        fence = opened
    if current.strip():
        parts.append(_closed(current, fence))
    return parts


def _pieces(markdown: str, most: int) -> Iterator[str]:
    """Paragraphs outside of code, lines inside, and what is longer than `most` cut at words; together the whole."""
    fence, paragraph = "", ""
    for line in markdown.splitlines(keepends=True):
        after = _fence_after(fence, line)
        if fence or after:
            if paragraph:
                yield from _short(paragraph, most)
                paragraph = ""
            yield from _short(line, most)
        else:
            paragraph += line
            if not line.strip():
                yield from _short(paragraph, most)
                paragraph = ""
        fence = after
    if paragraph:
        yield from _short(paragraph, most)


def _short(piece: str, most: int) -> Iterator[str]:
    while len(piece) > most:
        cut = max(piece.rfind("\n", 0, most), piece.rfind(" ", 0, most)) + 1 or most
        yield piece[:cut]
        piece = piece[cut:]
    yield piece


def _fence_after(fence: str, text: str) -> str:
    """The line with which the block of code that is open after `text` began; empty outside of one."""
    for line in text.splitlines():
        if _FENCE.match(line) is None:
            continue
        if not fence:
            fence = line.strip()
        elif line.strip().startswith(_closing(fence)) and not line.strip().strip(fence[0]):
            fence = ""
    return fence


def _closing(fence: str) -> str:
    found = _FENCE.match(fence)
    return found[1] if found is not None else ""


def _closed(text: str, fence: str) -> str:
    text = text.rstrip() if not fence else text.removesuffix("\n")
    return f"{text}\n{_closing(fence)}" if fence else text.lstrip("\n")


def _table_end(lines: list[str], place: int) -> int:
    """Where the table ends whose head is at `place`; 0 when there is none."""
    rule = lines[place + 1] if place + 1 < len(lines) else ""
    if "-" not in rule or len(rule) > _LONGEST_RULE or not _RULE.match(rule):
        return 0
    if len(_cells(lines[place])) != len(_cells(lines[place + 1])):
        return 0
    end = place + 2
    while end < len(lines) and "|" in lines[end]:
        end += 1
    return end


def _cells(row: str) -> list[str]:
    inside = row.strip().removeprefix("|").removesuffix("|")
    return [_BREAK.sub(" ", cell.replace("\\|", "|")).strip() for cell in _split_cells(inside)]


def _split_cells(row: str) -> list[str]:
    cells, code = [""], False
    for place, letter in enumerate(row):
        if letter == "`":
            code = not code
        if letter == "|" and not code and (place == 0 or row[place - 1] != "\\"):
            cells.append("")
        else:
            cells[-1] += letter
    return cells


def _shown(rows: list[list[str]], width: int) -> list[str]:
    columns = max(map(len, rows))
    rows = [row + [""] * (columns - len(row)) for row in rows]
    plain = [[_plain(cell) for cell in row] for row in rows]
    widths = [max(map(_wide, column)) for column in zip(*plain, strict=True)]
    if sum(widths) + 2 * (columns - 1) <= width and not any(_UNFIT.search(cell) for row in rows for cell in row):
        lines = ["  ".join(map(_padded, row, widths)).rstrip() for row in plain]
        rule = "  ".join("-" * wide for wide in widths)
        return ["```", lines[0], rule, *lines[1:], "```"]
    if len(rows) == 1:
        return ["- " + ", ".join(filter(None, rows[0]))]
    return [line for row in rows[1:] for line in _as_list(rows[0], row)]


def _as_list(head: list[str], row: list[str]) -> list[str]:
    """A row as an item of a list, each cell with what its column is about."""
    named = [f"{name}: {cell}" if name else cell for name, cell in zip(head[1:], row[1:], strict=True) if cell]
    first = [f"{head[0]}:" if head[0] else "", f"**{row[0]}**" if row[0] else ""]
    return [" ".join(["-", *filter(None, first)]), *(f"  - {one}" for one in named)]


def _plain(cell: str) -> str:
    """A cell for a block of code, where marks are letters."""
    return _STRONG.sub(r"\1", _CODE.sub(r"\1", cell)) if "`" not in _CODE.sub("", cell) else cell


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - _wide(cell))


def _wide(text: str) -> int:
    """How many columns of fixed width a text takes."""
    return sum(0 if unicodedata.combining(one) else 1 + (unicodedata.east_asian_width(one) in "WF") for one in text)
