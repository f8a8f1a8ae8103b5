"""The control API's part for models."""

from collections.abc import Mapping

from aiohttp import web

from tests.fakes.errors import FakesError
from tests.fakes.forms import body_of
from tests.fakes.llm.accounts import Account
from tests.fakes.llm.brain import Brain
from tests.fakes.web import json_response
from tests.fakes.wire import LlmSettings, Reply, Rule


class LlmControl:
    """Lets a test say what the models answer, and see what they were asked."""

    def __init__(self, brain: Brain, accounts: Mapping[str, Account]) -> None:
        """Controls the brain, and the accounts by host."""
        self._brain = brain
        self._accounts = accounts

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """See the README of the control API in `tests.fakes.control`."""
        router.add_post("/llm/script", self._script)
        router.add_post("/llm/rules", self._rules)
        router.add_post("/llm/reset", self._reset)
        router.add_get("/llm/requests", self._requests)
        router.add_post("/llm/settings", self._settings)

    async def _script(self, request: web.Request) -> web.Response:
        self._brain.script(await body_of(request, list[Reply]))
        return json_response({"scripted": self._brain.scripted})

    async def _rules(self, request: web.Request) -> web.Response:
        rules = await body_of(request, list[Rule])
        try:
            self._brain.set_rules(rules)
        except FakesError as error:
            raise web.HTTPBadRequest(text=str(error)) from None
        return json_response({})

    async def _reset(self, _request: web.Request) -> web.Response:
        self._brain.reset()
        for account in self._accounts.values():
            account.reset()
        return json_response({})

    async def _requests(self, _request: web.Request) -> web.Response:
        return json_response(list(self._brain.requests))

    async def _settings(self, request: web.Request) -> web.Response:
        for host, settings in (await body_of(request, dict[str, LlmSettings])).items():
            if host not in self._accounts:
                raise web.HTTPBadRequest(text=f"{host} is no host of a model: {', '.join(self._accounts)}")
            self._accounts[host].change(settings)
        return json_response({})
