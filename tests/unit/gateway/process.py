"""The gateway as the container runs it, in a process of its own that reaches the stand-ins; `run` is what starts it.

Whatever `agent.gateway.__main__.main` puts together is what runs: given from outside is where things are (the state
file, config.json, the services, the sockets), and how long things take.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from tests.fakes import defaults


@contextlib.contextmanager
def run(folder: Path, config: Mapping[str, object], urls: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A gateway; run again in the same folder it is what Docker starts anew. Killed when the block ends.

    Args:
        folder: where its state is; `log` in it is what it prints.
        config: of config.json.
        urls: where each host is served, by its name.
    """
    (folder / "config.json").write_text(json.dumps(config))
    arguments = [sys.executable, "-m", __name__, str(folder), json.dumps(dict(urls))]
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(arguments, stdout=log, stderr=log, text=True, cwd=Path.cwd())
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def _hasty(folder: Path) -> None:
    """Tenths of seconds where it waits for tens of them, and nothing that other processes have as well."""
    from agent.channels.discord import gateway as discord_gateway
    from agent.channels.discord import rest as discord_rest
    from agent.channels.script import ScriptChannel
    from agent.channels.slack import socket as slack_socket
    from agent.channels.slack import web as slack_web
    from agent.channels.telegram import channel as telegram_channel
    from agent.channels.telegram import link as telegram_link
    from agent.channels.terminal import TerminalChannel
    from agent.gateway import app, health, watchdog
    from agent.sandbox.client import SandboxLink

    watchdog.LOOK_S, watchdog.DEAF_S = 0.1, 4.0
    telegram_channel.POLL_S, telegram_link.POLL_GRACE_S = 1, 0.3
    discord_gateway.ACK_S, discord_gateway.CONNECT_S, discord_rest.LOGIN_S = 0.6, 1.0, 1.0
    slack_socket.PING_S, slack_socket.HELLO_S, slack_web.CALL_S = 0.2, 1.0, 1.0
    vars(health).update(PORT=0)
    vars(app).update(
        TerminalChannel=partial(TerminalChannel, f"\0{folder}-chat"),
        ScriptChannel=partial(ScriptChannel, address=f"\0{folder}-tasks"),
        SandboxLink=partial(SandboxLink, folder / "sandbox.sock"),
    )


def _reach(urls: Mapping[str, str]) -> None:
    """The services where the stand-ins play them."""
    import yarl

    from agent import channels, config
    from agent.channels.base import Channel
    from agent.channels.discord.channel import DiscordChannel
    from agent.channels.discord.parts import DiscordWebSocket, Route
    from agent.channels.slack.channel import SlackChannel
    from agent.channels.telegram.channel import TelegramChannel

    def make(settings: config.Channel) -> Channel:
        if isinstance(settings, config.Telegram):
            return TelegramChannel(settings.bot_token, f"{urls[defaults.TELEGRAM_HOST]}/bot")
        if isinstance(settings, config.Discord):
            return DiscordChannel(settings.bot_token)
        return SlackChannel(settings.bot_token, settings.app_token, f"{urls[defaults.SLACK_HOST]}/api/")

    Route.BASE = f"{urls[defaults.DISCORD_HOST]}/api/v10"
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(urls[defaults.DISCORD_GATEWAY_HOST].replace("http", "ws"))
    channels.make = make


def _main(folder: Path, urls: Mapping[str, str]) -> None:
    from agent import config
    from agent.gateway import __main__ as gateway
    from agent.gateway.app import Gateway
    from agent.pid1 import selfcheck

    _hasty(folder)
    _reach(urls)
    config.load = partial(config.load, folder / "config.json")
    vars(selfcheck).update(seen=lambda _: "")  # a machine that runs tests is not confined
    vars(gateway).update(Gateway=partial(Gateway, state=folder / "state.db", table={}))
    gateway.main()


if __name__ == "__main__":
    _main(Path(sys.argv[1]), json.loads(sys.argv[2]))
