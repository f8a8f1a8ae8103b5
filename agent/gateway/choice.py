"""/model: which of config.json's models is asked first. The owner's choice outlasts a restart."""

from __future__ import annotations

from agent import config
from agent.llm.models import Models
from agent.llm.tables import name_of
from agent.messages import say
from agent.store.mailbox import Inbound, Mailbox

_MARK = "model"


class ModelChoice:
    """Lists the configured models, and asks one of them first.

    Args:
        llm: as configured.
        models: who asks them.
        mailbox: remembers the choice, by the model's name: config.json may list others by then.
    """

    def __init__(self, llm: config.LLM, models: Models, mailbox: Mailbox) -> None:
        self._models = models
        self._mailbox = mailbox
        self.names = [name_of(model) for model in llm.models]
        chosen = mailbox.marks(_MARK).get(_MARK)
        if chosen in self.names:
            models.prefer(self.names.index(chosen))

    def answer(self, message: Inbound, language: str) -> str:
        """What `/model`, `/model 2`, `/model part of a name` or `/model default` comes to."""
        wanted = message.text.strip().partition(" ")[2].strip()
        if not wanted:
            return self._listed(language)
        place = self._place(wanted)
        if place is None:
            return say("model_unknown", language, wanted=wanted[:60])
        self._models.prefer(place)
        self._mailbox.remember(_MARK, self.names[place])
        return say("model_chosen", language, model=f"`{self.names[place]}`")

    def _place(self, wanted: str) -> int | None:
        if wanted.lower() == "default":
            return 0
        if wanted.isascii() and wanted.isdigit():
            return int(wanted) - 1 if 1 <= int(wanted[:6]) <= len(self.names) else None
        found = [place for place, name in enumerate(self.names) if wanted.lower() in name.lower()]
        return found[0] if len(found) == 1 else None

    def _listed(self, language: str) -> str:
        lines = [f"{place}. `{name}`" for place, name in enumerate(self.names, start=1)]
        lines[self._models.first] += f" ← {say('models_in_use', language)}"
        how = [say("models_how", language)] if len(lines) > 1 else []
        return "\n".join([say("models", language), *lines, *how])
