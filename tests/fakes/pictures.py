"""Pictures that every provider takes: red ones, as PNG."""

import base64
import struct
import zlib


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def picture(width: int, height: int) -> bytes:
    """A red one of that size in pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\x00" + b"\xff\x00\x00" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


PICTURE = picture(1, 1)
PICTURE_BASE64 = base64.b64encode(PICTURE).decode()
PICTURE_URL = f"data:image/png;base64,{PICTURE_BASE64}"
