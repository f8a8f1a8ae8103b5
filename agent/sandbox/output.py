"""What a child writes, kept within a ceiling."""

from agent.sandbox.protocol import OUTPUT_HEAD, OUTPUT_TAIL

_CONTINUATION = 0x80


class HeadTail:
    """The first and the last bytes of a stream of any length."""

    __slots__ = ("_head", "_tail", "_total")

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self._total = 0

    def feed(self, data: bytes) -> bool:
        """Take more of the stream; always True, for a stream may be of any length."""
        self._total += len(data)
        room = OUTPUT_HEAD - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        del self._tail[:-OUTPUT_TAIL]
        return True

    def render(self) -> tuple[str, int]:
        """The stream as text, and how many of its bytes were left out in the middle."""
        omitted = self._total - len(self._head) - len(self._tail)
        if not omitted:
            return (self._head + self._tail).decode("utf-8", "replace"), 0
        head, tail = _whole_end(bytes(self._head)), _whole_start(bytes(self._tail))
        omitted = self._total - len(head) - len(tail)
        note = f"\n[... {omitted} bytes omitted ...]\n"
        return head.decode("utf-8", "replace") + note + tail.decode("utf-8", "replace"), omitted


class Capped:
    """A stream that must not be longer than `ceiling`."""

    __slots__ = ("_ceiling", "data")

    def __init__(self, ceiling: int) -> None:
        self._ceiling = ceiling
        self.data = bytearray()

    def feed(self, data: bytes) -> bool:
        """Take more of the stream; False when that is too much."""
        self.data += data
        return len(self.data) <= self._ceiling


def _is_continuation(byte: int) -> bool:
    return byte & 0xC0 == _CONTINUATION


def _whole_end(data: bytes) -> bytes:
    """`data` without the character that was cut at its end."""
    for back in range(1, min(4, len(data)) + 1):
        lead = data[-back]
        if not _is_continuation(lead):
            length = 1 if lead < 0xC0 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
            return data if length <= back else data[:-back]
    return data


def _whole_start(data: bytes) -> bytes:
    """`data` without the character that was cut at its start."""
    start = 0
    while start < min(3, len(data)) and _is_continuation(data[start]):
        start += 1
    return data[start:]
