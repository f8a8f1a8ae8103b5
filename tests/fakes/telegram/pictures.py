"""Width and height of a picture, so that what is no picture can be refused."""

import struct

from tests.fakes.telegram.errors import bad_request

_MOST_BYTES = 10 * 1024 * 1024
_START_OF_FRAME = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


def checked_size(content: bytes) -> tuple[int, int]:
    """Raises ApiError when the service would not take the bytes as a photo."""
    if len(content) > _MOST_BYTES:
        reason = f"File of size {len(content)} bytes is too big for a photo; the maximum size is {_MOST_BYTES} bytes"
        raise bad_request(reason)
    size = _png(content) or _jpeg(content)
    if size is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    width, height = size
    if not width or not height or width + height > 10_000 or max(size) > 20 * min(size):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return size


def _png(content: bytes) -> tuple[int, int] | None:
    if content[:8] != b"\x89PNG\r\n\x1a\n" or len(content) < 24:
        return None
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _jpeg(content: bytes) -> tuple[int, int] | None:
    if content[:2] != b"\xff\xd8":
        return None
    place = 2
    while place + 9 <= len(content) and content[place] == 0xFF:
        if content[place + 1] in _START_OF_FRAME:
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return width, height
        place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return None
