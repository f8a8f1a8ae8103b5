"""Which keys a provider accepts and which models it has."""

from tests.fakes import defaults
from tests.fakes.wire import LlmSettings


class Account:
    """Keys and models of one host."""

    def __init__(self, keys: tuple[str, ...], models: tuple[str, ...]) -> None:
        """What `reset` goes back to."""
        self._defaults = (keys, models)
        self.reset()

    def reset(self) -> None:
        """Undoes `change`."""
        keys, models = self._defaults
        self.keys = set(keys)
        self.models = list(models)

    def change(self, settings: LlmSettings) -> None:
        """Replaces what is given."""
        if settings.keys is not None:
            self.keys = set(settings.keys)
        if settings.models is not None:
            self.models = list(settings.models)


def default_accounts() -> dict[str, Account]:
    """By host."""
    return {
        defaults.OPENROUTER_HOST: Account((defaults.OPENROUTER_KEY,), defaults.OPENROUTER_MODELS),
        defaults.OPENAI_HOST: Account((defaults.OPENAI_KEY,), defaults.OPENAI_MODELS),
    }
