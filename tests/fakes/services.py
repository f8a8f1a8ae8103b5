"""Which host name is served by what. Another service joins by a line in `SERVICES`."""

from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from tests.fakes import defaults
from tests.fakes.llm.accounts import Account, default_accounts
from tests.fakes.llm.brain import Brain
from tests.fakes.llm.openai_chat.providers import PROVIDERS
from tests.fakes.llm.openai_chat.server import ChatServer
from tests.fakes.telegram.server import TelegramServer
from tests.fakes.telegram.world import World


@dataclass
class State:
    """What all services know; each host's server works on its own part."""

    telegram: World = field(default_factory=World)
    brain: Brain = field(default_factory=Brain)
    accounts: dict[str, Account] = field(default_factory=default_accounts)

    def reset(self) -> None:
        """Back to the defaults."""
        self.telegram.reset()
        self.brain.reset()
        for account in self.accounts.values():
            account.reset()


def _telegram(_host: str, state: State) -> web.Application:
    return TelegramServer(state.telegram).application()


def _chat_completions(host: str, state: State) -> web.Application:
    return ChatServer(host, PROVIDERS[host], state.accounts[host], state.brain).application()


SERVICES: dict[str, Callable[[str, State], web.Application]] = {
    defaults.TELEGRAM_HOST: _telegram,
    defaults.OPENROUTER_HOST: _chat_completions,
    defaults.OPENAI_HOST: _chat_completions,
}
