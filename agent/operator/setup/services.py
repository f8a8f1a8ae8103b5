"""Secrets, asked for until they have the form of one and their service takes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.config.references import REFERENCE
from agent.errors import ConfigError
from agent.operator import live, secrets
from agent.operator.setup import forms
from agent.operator.setup.asking import Asking
from agent.operator.words import say, told


@dataclass(frozen=True)
class Settling:
    """Asks for secrets.

    Attributes:
        environ: what references are resolved by.
        offline: ask no service; then references stay unresolved, too.
    """

    ask: Asking
    services: live.Services
    environ: Mapping[str, str]
    offline: bool

    def settle(
        self, section: dict[str, Any], names: Sequence[str], kind: str, good: Callable[[], live.Verdict]
    ) -> live.Verdict | None:
        """Ask for secrets until their service takes them, or the operator insists; None when it was not asked.

        Args:
            section: of config.json; they are put there.
            names: of the secrets.
            kind: the channel's, empty for a model.
            good: asks the service about those in the section.
        """
        again = False
        while True:
            for name in names:
                section[name] = self.ask.secret(name, section.get(name), wrong=self._wrong(name, kind), again=again)
            if self.offline:
                return None
            verdict = good()
            self.ask.say(verdict.said, **verdict.values)
            if verdict.good is not False:
                return verdict
            if self.ask.yes:
                raise ConfigError(say("init_refused", self.ask.language, key=", ".join(names)))
            if not self.ask.agree("init_again", default=True):
                return verdict
            again = True

    def plain(self, name: str, secret: object) -> str:
        """What a secret or a reference stands for; ConfigError, with that name, when that cannot be had."""
        return str(secrets.resolved({name: secret}, self.environ)[name])

    def _wrong(self, name: str, kind: str) -> Callable[[Any], str | None]:
        def wrong(secret: object) -> str | None:
            refers = not isinstance(secret, str) or REFERENCE.fullmatch(secret) is not None
            if refers and self.offline:
                return None
            try:
                plain = self.plain(name, secret)
            except ConfigError as error:
                return told(error, self.ask.language).removeprefix("config.json: ")
            return forms.secret(name, kind, plain, self.ask.language)

        return wrong
