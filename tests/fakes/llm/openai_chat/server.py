"""A provider's API over HTTP: key, model, request, answer; each request is recorded as it came."""

import asyncio
import json
import time
from typing import Any, Literal

from aiohttp import web

from tests.fakes.llm.accounts import Account
from tests.fakes.llm.brain import Brain
from tests.fakes.llm.openai_chat.completion import Completion
from tests.fakes.llm.openai_chat.conversation import check_messages, understood
from tests.fakes.llm.openai_chat.problems import InvalidRequestError
from tests.fakes.llm.openai_chat.providers import Provider
from tests.fakes.llm.openai_chat.schema import check_schema
from tests.fakes.llm.openai_chat.stream import send_stream
from tests.fakes.llm.openai_chat.tools import check_tools
from tests.fakes.web import fall_silent, json_response, new_application, reset_connection
from tests.fakes.wire import HttpError, LlmRequest, Reply


class _RefusedError(Exception):
    def __init__(self, status: int, body: Any, problem: str) -> None:
        super().__init__(problem)
        self.status = status
        self.body = body


class ChatServer:
    """One host that speaks chat completions."""

    def __init__(self, host: str, provider: Provider, account: Account, brain: Brain) -> None:
        """Answers as the provider, with what the brain says."""
        self._host = host
        self._provider = provider
        self._account = account
        self._brain = brain

    def application(self) -> web.Application:
        """To be served under the provider's host name."""
        # the schema takes a moment to build: not in the middle of a measured request
        check_schema({"model": "any", "messages": []})
        check_schema({"model": "any", "messages": [], "stream": True})
        application = new_application()
        application.router.add_post(f"{self._provider.prefix}/chat/completions", self._completions)
        application.router.add_get(f"{self._provider.prefix}/models", self._models)
        return application

    async def _models(self, request: web.Request) -> web.Response:
        try:
            self._check_key(request)
        except _RefusedError as refusal:
            return json_response(refusal.body, refusal.status)
        models = [self._provider.model(name) for name in self._account.models]
        return json_response({"object": "list", "data": models})

    async def _completions(self, request: web.Request) -> web.StreamResponse:
        record = LlmRequest(
            host=self._host,
            path=request.path,
            time=time.time(),
            authorization=self._authorization(request),
            body=await _body(request),
        )
        self._brain.requests.append(record)
        began = time.perf_counter()
        try:
            response = await self._answer(request, record.body)
        except _RefusedError as refusal:
            record.problem = str(refusal)
            response = json_response(refusal.body, refusal.status)
        finally:
            record.seconds = time.perf_counter() - began
        record.status = response.status
        return response

    async def _answer(self, request: web.Request, body: Any) -> web.StreamResponse:
        self._check_key(request)
        self._check_request(body)
        reply = self._brain.answer(understood(body))
        if reply.delay:
            await asyncio.sleep(reply.delay)
        return await self._play(request, body, reply)

    async def _play(self, request: web.Request, body: dict[str, Any], reply: Reply) -> web.StreamResponse:
        if reply.connection == "reset":
            await reset_connection(request)
        if reply.connection == "silence":
            await fall_silent()
        if reply.error is not None:
            return self._failure(reply.error)
        if reply.garbage is not None:
            kind = "text/event-stream" if body.get("stream") else "application/json"
            return web.Response(text=reply.garbage, content_type=kind)
        completion = Completion(body, reply, self._provider)
        if body.get("stream"):
            return await send_stream(request, completion)
        return json_response(completion.whole())

    def _failure(self, error: HttpError) -> web.Response:
        body = self._provider.failure(error.status, error.message) if error.body is None else error.body
        if isinstance(body, str):
            return web.Response(text=body, status=error.status, headers=error.headers)
        return json_response(body, error.status, error.headers)

    def _check_request(self, body: Any) -> None:
        model = body.get("model") if isinstance(body, dict) else None
        try:
            plain = self._provider.plain(body)
            check_schema(plain)
            if model not in self._account.models:
                status, answer = self._provider.unknown_model(str(model))
                raise _RefusedError(status, answer, f"unknown model {model}")
            check_messages(plain["messages"])
            check_tools(plain)
        except InvalidRequestError as problem:
            raise _RefusedError(400, self._provider.invalid(problem, str(model)), problem.message) from None

    def _check_key(self, request: web.Request) -> None:
        if self._authorization(request) != "ok":
            body = self._provider.unauthorized(_key(request))
            raise _RefusedError(401, body, "no or wrong key")

    def _authorization(self, request: web.Request) -> Literal["ok", "bad", "missing"]:
        key = _key(request)
        if key is None:
            return "missing"
        return "ok" if key in self._account.keys else "bad"


def _key(request: web.Request) -> str | None:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" and key.strip() else None


async def _body(request: web.Request) -> Any:
    try:
        return json.loads(await request.read())
    except ValueError:
        return None
