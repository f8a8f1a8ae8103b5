"""The owner's config.json on this machine: found, its references resolved, checked. Its text is secret."""

from __future__ import annotations

import os
from pathlib import Path

from pyinfra.api.exceptions import DeployError

from agent import config
from roles.common.names import REPOSITORY


def local_config(given: str | None) -> str | None:
    """The text that goes to the host, or None when there is no file here and the host's own is kept.

    Args:
        given: a path (data `picoclaw_config`), or None for config.json beside deploy.py.

    Raises:
        DeployError: the file given does not exist or cannot be read.
        agent.errors.ConfigError: it is not valid; the message names the key, never a value that is secret.
    """
    path = Path(given).expanduser() if given else REPOSITORY / "config.json"
    if not given and not path.exists():
        return None
    text = config.resolve_references(read_text(path, "picoclaw_config"), os.environ)
    config.parse(text)
    return text


def read_text(path: Path, key: str) -> str:
    """Read a file that the data key `key` names, or say in one sentence why not."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise DeployError(f"{key}: {path} cannot be read ({reason}): correct the path or the file") from None
