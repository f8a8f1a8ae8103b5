"""Which keys a provider accepts, which models it has, and what it has cached."""

from tests.fakes import defaults
from tests.fakes.llm.cache import PromptCache
from tests.fakes.wire import LlmSettings


class Account:
    """Keys, models and prompt cache of one host."""

    def __init__(self, keys: tuple[str, ...], models: tuple[str, ...]) -> None:
        """What `reset` goes back to."""
        self._defaults = (keys, models)
        self.cache = PromptCache()
        self.reset()

    def reset(self) -> None:
        """Undoes `change`."""
        keys, models = self._defaults
        self.keys = set(keys)
        self.models = list(models)
        self.cache.clear()

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
        defaults.ANTHROPIC_HOST: Account((defaults.ANTHROPIC_KEY,), defaults.ANTHROPIC_MODELS),
        defaults.GEMINI_HOST: Account((defaults.GEMINI_KEY,), defaults.GEMINI_MODELS),
    }
