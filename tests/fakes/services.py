"""Which host name is served by what. Another service joins by a line in `SERVICES`."""

from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from tests.fakes import defaults
from tests.fakes.discord.cdn import files_site
from tests.fakes.discord.gateway.server import gateway
from tests.fakes.discord.rest.server import DiscordServer
from tests.fakes.discord.world import World as DiscordWorld
from tests.fakes.llm.accounts import Account, default_accounts
from tests.fakes.llm.anthropic_messages.dialect import AnthropicMessages
from tests.fakes.llm.brain import Brain
from tests.fakes.llm.dialect import Dialect
from tests.fakes.llm.gemini.dialect import Gemini
from tests.fakes.llm.openai_chat.dialect import ChatCompletions
from tests.fakes.llm.openai_chat.providers import PROVIDERS
from tests.fakes.llm.server import ModelServer
from tests.fakes.site import site
from tests.fakes.slack.files import FileHost
from tests.fakes.slack.server import Slack
from tests.fakes.telegram.server import TelegramServer
from tests.fakes.telegram.world import World


@dataclass
class State:
    """What all services know; each host's server works on its own part."""

    telegram: World = field(default_factory=World)
    discord: DiscordWorld = field(default_factory=DiscordWorld)
    slack: Slack = field(default_factory=Slack)
    brain: Brain = field(default_factory=Brain)
    accounts: dict[str, Account] = field(default_factory=default_accounts)

    def reset(self) -> None:
        """Back to the defaults."""
        self.telegram.reset()
        self.discord.reset()
        self.slack.reset()
        self.brain.reset()
        for account in self.accounts.values():
            account.reset()


def _telegram(_host: str, state: State) -> web.Application:
    return TelegramServer(state.telegram).application()


def _model(dialect: Callable[[str], Dialect]) -> Callable[[str, State], web.Application]:
    def application(host: str, state: State) -> web.Application:
        return ModelServer(host, dialect(host), state.accounts[host], state.brain).application()

    return application


def _chat_completions(host: str) -> ChatCompletions:
    return ChatCompletions(PROVIDERS[host])


SERVICES: dict[str, Callable[[str, State], web.Application]] = {
    defaults.TELEGRAM_HOST: _telegram,
    defaults.DISCORD_HOST: lambda _host, state: DiscordServer(state.discord).application(),
    defaults.DISCORD_GATEWAY_HOST: lambda _host, state: gateway(state.discord),
    defaults.DISCORD_CDN_HOST: lambda _host, state: files_site(state.discord, resizes=False),
    defaults.DISCORD_MEDIA_HOST: lambda _host, state: files_site(state.discord, resizes=True),
    defaults.SLACK_HOST: lambda _host, state: state.slack.application(),
    defaults.SLACK_SOCKET_HOST: lambda _host, state: state.slack.sockets.application(),
    defaults.SLACK_FILES_HOST: lambda _host, state: FileHost(state.slack.world).application(),
    defaults.OPENROUTER_HOST: _model(_chat_completions),
    defaults.OPENAI_HOST: _model(_chat_completions),
    defaults.ANTHROPIC_HOST: _model(lambda _host: AnthropicMessages()),
    defaults.GEMINI_HOST: _model(lambda _host: Gemini()),
    defaults.SITE_HOST: lambda host, _state: site(host),
    defaults.OTHER_SITE_HOST: lambda host, _state: site(host),
}
