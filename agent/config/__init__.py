"""config.json: its shape, its checks, and messages that name the key.

Used twice: where the deploy runs (before anything is touched) and in the gateway (which alone can read the file).
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from agent.config.checks import problems
from agent.config.problem import Problem
from agent.config.references import read_document, refuse_command, replace_commands
from agent.config.shapes import LLM, Assistant, Channel, Config, Discord, Model, Price, Sandbox, Slack, Telegram
from agent.config.words import problem_of
from agent.errors import ConfigError

__all__ = [
    "DEFAULT_PATH",
    "LLM",
    "Assistant",
    "Channel",
    "Config",
    "Discord",
    "Model",
    "Price",
    "Sandbox",
    "Slack",
    "Telegram",
    "load",
    "parse",
]

DEFAULT_PATH = Path("/etc/picoclaw/config.json")


def load(path: Path = DEFAULT_PATH) -> Config:
    """Read and check the file at `path`; raise ConfigError in words a person can act on."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist: create config.json (see README) and deploy again") from None
    except PermissionError:
        raise ConfigError(
            f"{path} cannot be read by uid 1000: run the deploy again, it repairs owner and mode"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {type(error).__name__}; it must be a JSON file in UTF-8") from None
    return parse(text)


def parse(text: str) -> Config:
    """Check the text of a config.json; raise ConfigError naming the key, what was expected and what to do."""
    document = read_document(text)
    replace_commands(document, refuse_command)
    try:
        config = msgspec.convert(document, Config)
    except msgspec.ValidationError as error:
        raise _error(problem_of(str(error), document)) from None
    for problem in problems(config, list(config.placed_channels)):
        raise _error(problem)
    channels = [*config.channels, *([config.channel] if config.channel else [])]
    return msgspec.structs.replace(config, channels=channels, channel=None)


def _error(problem: Problem) -> ConfigError:
    return ConfigError(problem.said(), problem.said("pl"))
