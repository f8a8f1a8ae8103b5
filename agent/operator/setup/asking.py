"""How `picoclaw init` comes to an answer: it was given, or is typed, or stays. One that cannot be is said at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import click

from agent.errors import ConfigError
from agent.gateway.printable import printable
from agent.operator import files
from agent.operator.guide import SECRETS
from agent.operator.words import say

Wrong = Callable[[Any], str | None]
"""What is wrong with an answer, as a sentence; None when nothing is."""


def _nothing(_answer: object) -> None:
    return None


@dataclass(frozen=True)
class Asking:
    """The operator.

    Attributes:
        given: answers from flags, the environment or a file of secrets, by name.
        yes: ask nothing; what is not given keeps its present value.
    """

    given: Mapping[str, Any]
    language: str
    yes: bool = False

    def say(self, sentence: str, /, **values: object) -> None:
        """Print that sentence of the catalogue."""
        self.tell(say(sentence, self.language, **values))

    def tell(self, text: str) -> None:
        """Print it."""
        click.echo(printable(text))

    def explain(self, sentence: str, /, **values: object) -> None:
        """Print what only a person who is asked needs."""
        if not self.yes:
            self.say(sentence, **values)

    def agree(self, sentence: str, /, *, default: bool, **values: object) -> bool:
        """Yes or no; `default` where nobody is asked."""
        question = printable(say(sentence, self.language, **values))
        return default if self.yes else click.confirm(question, default=default)

    def text(
        self,
        name: str,
        default: str | None,
        *,
        kind: click.ParamType[Any] | None = None,
        empty: bool = False,
        wrong: Wrong = _nothing,
    ) -> str:
        """An answer that is no secret.

        Args:
            name: of the question.
            default: what Enter stands for.
            kind: which answers click lets pass.
            empty: whether nothing is an answer.
            wrong: judges it.

        Raises:
            ConfigError: nobody can be asked, and it is lacking, or wrong.
        """
        given = self.given.get(name)
        if given is not None or self.yes:
            answer = str(given) if given is not None else default or ""
            if not answer and not empty:
                raise self._lacking(name)
            if self._good(answer, wrong):
                return answer
        label = say(f"init_{name}", self.language)
        while True:
            fallback = "" if empty and not default else default
            answer = str(click.prompt(label, default=fallback, type=kind)).strip()
            if self._good(answer, wrong):
                return answer
            default = None if answer == default else default

    def secret(self, name: str, present: Any, *, wrong: Wrong, again: bool = False) -> Any:  # noqa: ANN401 - a text or a command
        """A secret, or a reference to one, typed unseen.

        Args:
            name: of it.
            present: what it is now; Enter keeps that.
            wrong: judges it.
            again: what was given beforehand has been refused.

        Raises:
            ConfigError: as of `text`.
        """
        given = None if again else self.given.get(name)
        if given or self.yes:
            answer = given or present
            if not answer:
                raise self._lacking(name)
            if self._good(answer, wrong):
                return answer
            present = None if answer == present else present
        while True:
            answer = self._typed(say(f"init_{name}", self.language), present)
            if self._good(answer, wrong):
                return answer
            present = None if answer == present else present

    def _typed(self, label: str, present: Any) -> Any:  # noqa: ANN401 - as of `secret`
        if not present:
            return str(click.prompt(label, hide_input=True)).strip()
        shown = json.dumps(present) if isinstance(present, dict) else files.masked(present)
        answer = click.prompt(f"{label} [{shown}]", hide_input=True, default="", show_default=False)
        return str(answer).strip() or present

    def _good(self, answer: object, wrong: Wrong) -> bool:
        """Whether nothing is wrong with it; else that is said, or where nobody can be asked anew, raised."""
        sentence = wrong(answer)
        if sentence is None:
            return True
        if self.yes:
            raise ConfigError(sentence)
        self.tell(sentence)
        return False

    def _lacking(self, name: str) -> ConfigError:
        flag = f"PICOCLAW_{name.upper()}" if name in SECRETS else f"--{name.replace('_', '-')}"
        return ConfigError(say("init_lacks", self.language, flag=flag))
