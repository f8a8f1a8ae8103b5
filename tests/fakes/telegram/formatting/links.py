"""What a link in a message becomes: a link, a mention of a user, or nothing at all."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

_SCHEMES = ("http", "https", "ftp", "tg", "ton", "tonsite")
_DOMAIN = re.compile(r"(?:[\w-]+\.)+[\w-]{2,}(?::\d+)?(?:[/?#]\S*)?", re.IGNORECASE)


def link_entity(url: str) -> tuple[str, dict[str, Any]] | None:
    """Type and fields of the entity; None for an address that the service drops without a word."""
    url = url.strip()
    if url.startswith("tg://user?"):
        user_id = parse_qs(urlsplit(url).query).get("id", [""])[0]
        return ("text_mention", {"user": _unknown_user(int(user_id))}) if user_id.isdigit() else None
    if " " in url or not url:
        return None
    scheme = url.split("://", 1)[0].lower() if "://" in url else ""
    if scheme in _SCHEMES and len(url) > len(scheme) + 3:
        return "text_link", {"url": _with_path(url)}
    return ("text_link", {"url": _with_path(f"http://{url}")}) if not scheme and _DOMAIN.fullmatch(url) else None


def _unknown_user(user_id: int) -> dict[str, Any]:
    return {"id": user_id, "is_bot": False, "first_name": str(user_id)}


def _with_path(url: str) -> str:
    parts = urlsplit(url)
    return url if parts.path or parts.query or parts.fragment or not parts.netloc else f"{url}/"
