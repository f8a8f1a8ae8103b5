"""The control API's part for Telegram."""

from aiohttp import web

from tests.fakes.forms import body_of, number, seconds
from tests.fakes.telegram.errors import ApiError
from tests.fakes.telegram.messages import StoredMessage
from tests.fakes.telegram.world import World
from tests.fakes.web import json_response
from tests.fakes.wire import Call, TelegramFault, TelegramSettings, UserEdit, UserMessage


class TelegramControl:
    """Lets a test be the users, and break things."""

    def __init__(self, world: World) -> None:
        """Controls this world."""
        self._world = world

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """See the README of the control API in `tests.fakes.control`."""
        router.add_post("/telegram/user_message", self._user_message)
        router.add_post("/telegram/user_edit", self._user_edit)
        router.add_post("/telegram/renumber", self._renumber)
        router.add_get("/telegram/chat/{chat_id}", self._chat)
        router.add_get("/telegram/chat/{chat_id}/wait", self._wait_for_reply)
        router.add_get("/telegram/calls", self._calls)
        router.add_get("/telegram/calls/wait", self._wait_for_call)
        router.add_get("/telegram/commands", self._commands)
        router.add_post("/telegram/settings", self._settings)
        router.add_post("/telegram/fail", self._fail)

    async def _user_message(self, request: web.Request) -> web.Response:
        order = await body_of(request, UserMessage)
        try:
            return json_response(self._world.user_writes(order))
        except ApiError as error:
            raise web.HTTPBadRequest(text=error.description) from None

    async def _user_edit(self, request: web.Request) -> web.Response:
        order = await body_of(request, UserEdit)
        try:
            return json_response(self._world.user_edits(order))
        except ApiError as error:
            raise web.HTTPBadRequest(text=error.description) from None

    async def _renumber(self, _request: web.Request) -> web.Response:
        self._world.updates.renumber()
        return json_response({})

    async def _chat(self, request: web.Request) -> web.Response:
        messages = self._world.messages(int(request.match_info["chat_id"]), number(request, "after"))
        return json_response([message.as_wire() for message in messages])

    async def _wait_for_reply(self, request: web.Request) -> web.Response:
        chat_id, after = int(request.match_info["chat_id"]), number(request, "after")
        wanted = request.query.get("containing", "")

        def replies() -> list[StoredMessage]:
            answers = [one for one in self._world.messages(chat_id, after) if one.sender is None and not one.deleted]
            return answers if any(wanted in answer.content.text for answer in answers) else []

        found = await self._world.changed.until(replies, seconds(request, "timeout"))
        return json_response([message.as_wire() for message in found or []])

    async def _calls(self, request: web.Request) -> web.Response:
        return json_response(self._matching_calls(request))

    async def _wait_for_call(self, request: web.Request) -> web.Response:
        wait = seconds(request, "timeout")
        return json_response(await self._world.changed.until(lambda: self._matching_calls(request), wait) or [])

    def _matching_calls(self, request: web.Request) -> list[Call]:
        method, since = request.query.get("method", "").lower(), seconds(request, "since")
        calls = self._world.calls
        return [call for call in calls if call.time >= since and method in ("", call.method.lower())]

    async def _commands(self, _request: web.Request) -> web.Response:
        commands = self._world.commands.items()
        return json_response([{"scope": scope, "language": lang, "commands": all_} for (scope, lang), all_ in commands])

    async def _settings(self, request: web.Request) -> web.Response:
        settings = await body_of(request, TelegramSettings)
        self._world.change(settings)
        return json_response({})

    async def _fail(self, request: web.Request) -> web.Response:
        self._world.faults.append(await body_of(request, TelegramFault))
        return json_response({})
