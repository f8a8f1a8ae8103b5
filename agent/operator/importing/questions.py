"""Who is asked where a file leaves something open: the operator, or nobody with `--yes`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import click

from agent.errors import ConfigError
from agent.gateway.printable import one_line
from agent.operator.words import say


class Questions(Protocol):
    """Answers; the codes are those of agent.operator.words, without `ask_`."""

    def agree(self, question: str, **values: object) -> bool:
        """Yes or no."""

    def choose(self, question: str, among: Sequence[str], **values: object) -> str:
        """One of these."""

    def text(self, question: str, *, secret: bool = False, **values: object) -> str:
        """A text, empty for none."""


class Asking:
    """Asks in the terminal."""

    def __init__(self, language: str) -> None:
        """In that language."""
        self._language = language

    def agree(self, question: str, **values: object) -> bool:
        """No is what Enter means: nothing is granted by chance."""
        return click.confirm(self._worded(question, values), default=False)

    def choose(self, question: str, among: Sequence[str], **values: object) -> str:
        """Asks until it is one of them."""
        return str(click.prompt(self._worded(question, values), type=click.Choice(list(map(one_line, among)))))

    def text(self, question: str, *, secret: bool = False, **values: object) -> str:
        """Hides a secret while it is typed."""
        answer = click.prompt(self._worded(question, values), default="", hide_input=secret, show_default=False)
        return str(answer).strip()

    def _worded(self, question: str, values: dict[str, object]) -> str:
        return one_line(say(f"ask_{question}", self._language, **values))


class Unasked:
    """Takes what is not open, and says of anything else that it must be decided."""

    def __init__(self, language: str) -> None:
        """In that language."""
        self._language = language

    def agree(self, question: str, **values: object) -> bool:
        """Never agrees by itself."""
        raise self._open(question, values)

    def choose(self, question: str, among: Sequence[str], **values: object) -> str:
        """Never chooses by itself."""
        raise self._open(question, {**values, "among": ", ".join(among)})

    def text(self, question: str, *, secret: bool = False, **values: object) -> str:  # noqa: ARG002 - the protocol's
        """Knows none."""
        raise self._open(question, values)

    def _open(self, question: str, values: dict[str, object]) -> ConfigError:
        worded = one_line(say(f"ask_{question}", self._language, **values))
        return ConfigError(say("import_open", self._language, question=worded))
