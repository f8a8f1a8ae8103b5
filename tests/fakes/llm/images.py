"""What a picture is, by its first bytes; a provider looks at them and not only at the declared type."""

import base64
import binascii

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)


def media_type(data: bytes) -> str | None:
    """PNG, JPEG, GIF or WebP; None for anything else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for signature, kind in _SIGNATURES if data.startswith(signature)), None)


def from_base64(text: str) -> bytes | None:
    """The content, None when it is no base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def from_data_url(url: str) -> tuple[str, bytes | None] | None:
    """Declared type and content of a `data:` address (content None: no base64); None for another address."""
    if not url.startswith("data:"):
        return None
    head, _, body = url.removeprefix("data:").partition(",")
    kind, _, encoding = head.partition(";")
    return kind, from_base64(body) if encoding == "base64" else None
