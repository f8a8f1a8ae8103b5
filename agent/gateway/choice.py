"""`/model`: which of the configured models is asked first, remembered until it is changed back."""

from __future__ import annotations

import logging

from agent.gateway.commands import argument_of
from agent.llm.models import Models
from agent.messages import say
from agent.store.mailbox import Inbound
from agent.store.settings import Settings

log = logging.getLogger("llm")

SETTING = "model"
_DEFAULT = ("default", "domyślny", "domyslny", "reset")


class ModelChoice:
    """The owner's choice, never a model that config.json does not name."""

    def __init__(self, models: Models, settings: Settings) -> None:
        """What was chosen in an earlier run holds, where config.json still has it."""
        self._models = models
        self._settings = settings
        chosen = settings.get(SETTING)
        if chosen in models.names:
            models.first = models.names.index(chosen)

    def answer(self, message: Inbound, language: str) -> str:
        """The answer to `/model`, with or without a number or a part of a name after it."""
        wanted = argument_of(message.text)
        if not wanted:
            return self._listed(language)
        found = self._found(wanted.lower())
        if len(found) != 1:
            said = "model_unknown" if not found else "model_ambiguous"
            return say(said, language, wanted=wanted[:100]) + "\n\n" + self._listed(language)
        self._choose(found[0])
        return say("model_chosen", language, name=self._models.names[found[0]])

    def _found(self, wanted: str) -> list[int]:
        names = [name.lower() for name in self._models.names]
        if wanted in _DEFAULT:
            return [0]
        if wanted.isdecimal():
            return [place for place in range(len(names)) if str(place + 1) == wanted]
        if wanted in names:
            return [names.index(wanted)]
        return [place for place, name in enumerate(names) if wanted in name]

    def _choose(self, place: int) -> None:
        name = self._models.names[place]
        self._settings.put(SETTING, None if place == 0 else name)
        self._models.first = place
        log.info("the owner has chosen %s", name)

    def _listed(self, language: str) -> str:
        names, first, now = self._models.names, self._models.first, self._models.next
        lines = [say("models", language)]
        for place, name in enumerate(names):
            marks = [
                say(mark, language)
                for mark, holds in (
                    ("model_first", place == first),
                    ("model_default", place == 0 and first != 0),
                    ("model_stands_in", place == now != first),
                )
                if holds
            ]
            lines.append(f"{place + 1}. `{name}`{''.join(f' ← {mark}' for mark in marks)}")
        return "\n".join([*lines, "", say("models_hint" if len(names) > 1 else "models_one", language)])
