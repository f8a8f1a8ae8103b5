"""The owner's config.json: found, its references resolved, checked. Its text is secret."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from pyinfra.api.exceptions import DeployError
from pyinfra.context import host

from agent import config
from agent.config import Config
from agent.config.references import read_document
from agent.errors import ConfigError
from agent.operator import secrets
from agent.operator.words import told
from roles.common import settings
from roles.common.names import CONFIG_FILE, REPOSITORY
from roles.common.words import language, sentence
from roles.storage.facts import KEPT_ON_HOST, HostConfig


@dataclass(frozen=True)
class OwnersConfig:
    """What the owner wants.

    Attributes:
        text: what goes to the host; None when there is no file here and the host's own is kept.
        config: what it says; of the host's own file without its secrets and channels.
    """

    text: str | None = field(repr=False)
    config: Config = field(repr=False)


def owners_config() -> OwnersConfig:
    """Read it once for all roles: the file on this machine, or else the one on the host in hand.

    Raises:
        DeployError: a file that is named cannot be read, or the host's is not valid.
        agent.errors.ConfigError: the one here is not valid; the message names the key, never a value that is secret.
    """
    text = local_config(settings.optional_text("picoclaw_config"))
    if text is not None:
        return OwnersConfig(text, config.parse(text))
    return OwnersConfig(None, parse_hosts_own(host.get_fact(HostConfig)))


def parse_hosts_own(text: str) -> Config:
    """What the host's file says, but for its channels: their tokens did not come here and are the gateway's to check.

    Raises:
        DeployError: it is not valid; names the key.
    """
    try:
        document = read_document(text)
        channel = {"type": "discord", "bot_token": KEPT_ON_HOST}
        return config.parse(json.dumps({**document, "channels": [], "channel": channel}))
    except ConfigError as error:
        problem = told(error, language())
        raise DeployError(sentence("config_on_host", file=CONFIG_FILE, problem=problem)) from None


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
    text = secrets.resolve(read_text(path, "picoclaw_config"), os.environ)
    config.parse(text)
    return text


def read_text(path: Path, key: str) -> str:
    """Read a file that the data key `key` names, or say in one sentence why not."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else sentence("not_utf8")
        raise DeployError(sentence("file_unreadable", key=key, path=path, reason=reason)) from None
