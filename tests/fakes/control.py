"""The control API: JSON over HTTP on a Unix socket, through which tests drive the stand-ins. `client.py` speaks it.

    GET  /ping                                      the hosts, by name, and where they are served
    POST /reset                                     everything back to the defaults
    POST /network                  NetworkSetting   a host falls silent, resets, refuses, or is itself again
    POST /telegram/user_message    UserMessage      -> Sent
    POST /telegram/user_edit       UserEdit         -> Sent
    POST /telegram/renumber                         the next updates have lower numbers, as after a week of silence
    GET  /telegram/chat/ID         ?after=          -> [Message], both sides
    GET  /telegram/chat/ID/wait    ?after=&timeout=&containing=    -> the bot's messages as soon as there are any
    GET  /telegram/calls           ?method=&since=  -> [Call]
    GET  /telegram/calls/wait      ?method=&since=&timeout=        -> as soon as there are any
    GET  /telegram/commands                         -> what setMyCommands has set
    POST /telegram/settings        TelegramSettings
    POST /telegram/fail            TelegramFault
    POST /discord/user_message     DiscordMessage   -> {"id"}
    POST /discord/user_edit        DiscordEdit      a user changes a message, or deletes it
    POST /discord/user_command     DiscordCommand   -> {"id"}; a user chooses a command of the menu
    GET  /discord/chat/CHANNEL     ?after=          -> [DiscordSeen]; `dm` is the owner's private channel
    GET  /discord/status                            -> DiscordStatus
    POST /discord/settings         DiscordSettings
    POST /discord/fail             DiscordFault     of the REST API
    POST /discord/gateway          DiscordOrder     what befalls the open connections
    POST /slack/user_message       SlackMessage     -> SlackSent
    POST /slack/user_edit          SlackEdit        a user changes a message, or deletes it
    POST /slack/user_command       SlackCommand     -> {"trigger_id"}; a user uses the slash command
    GET  /slack/chat/CHANNEL       ?after=          -> [SlackSeen]; `dm` is the owner's private channel
    GET  /slack/status                              -> SlackStatus
    GET  /slack/calls              ?method=&since=  -> [SlackCall]
    POST /slack/settings           SlackSettings
    POST /slack/fail               SlackFault       of the Web API
    POST /slack/socket             SlackOrder       what befalls the open websockets
    POST /llm/script               [Reply]          appended: one for each of the next requests
    POST /llm/rules                [Rule]           in place of the built-in habit of running commands
    POST /llm/reset                                 script, rules, records, keys and models
    POST /llm/settings             {host: LlmSettings}
    GET  /llm/requests                              -> [LlmRequest]

A refusal is 400 with the reason as text. The types are those of `wire`.
"""

import socket
from collections.abc import Sequence
from pathlib import Path

from aiohttp import web

from tests.fakes.discord.control import DiscordControl
from tests.fakes.forms import body_of
from tests.fakes.llm.control import LlmControl
from tests.fakes.services import State
from tests.fakes.slack.control import SlackControl
from tests.fakes.telegram.control import TelegramControl
from tests.fakes.web import HostServer, json_response
from tests.fakes.wire import NetworkSetting


class Control:
    """Serves the control API for these hosts."""

    def __init__(self, state: State, hosts: Sequence[HostServer]) -> None:
        """Nothing is served before `start`."""
        self._state = state
        self._hosts = hosts
        self._runner = web.AppRunner(
            self._application(), access_log=None, handler_cancellation=True, shutdown_timeout=0.05
        )

    async def start(self, path: Path) -> None:
        """Begins to serve; a socket that an ended process left behind is replaced."""
        await self._runner.setup()
        await web.SockSite(self._runner, _listening(path)).start()

    async def stop(self) -> None:
        """Ends serving."""
        await self._runner.cleanup()

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=128 * 1024 * 1024)
        router = application.router
        router.add_get("/ping", self._ping)
        router.add_post("/reset", self._reset)
        router.add_post("/network", self._network)
        TelegramControl(self._state.telegram).add_routes(router)
        DiscordControl(self._state.discord).add_routes(router)
        SlackControl(self._state.slack).add_routes(router)
        LlmControl(self._state.brain, self._state.accounts).add_routes(router)
        return application

    async def _ping(self, _request: web.Request) -> web.Response:
        return json_response({host.name: host.url for host in self._hosts})

    async def _reset(self, _request: web.Request) -> web.Response:
        self._state.reset()
        for host in self._hosts:
            await host.set_mode("ok")
        return json_response({})

    async def _network(self, request: web.Request) -> web.Response:
        setting = await body_of(request, NetworkSetting)
        chosen = [host for host in self._hosts if setting.host in ("*", host.name)]
        if not chosen:
            names = ", ".join(host.name for host in self._hosts)
            raise web.HTTPBadRequest(text=f"{setting.host} is not served; these are: {names}")
        for host in chosen:
            await host.set_mode(setting.mode)
        return json_response({})


def _listening(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(path))
    path.chmod(0o600)
    return listening
