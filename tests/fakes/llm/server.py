"""A provider's API over HTTP: key, request, answer; each request is recorded as it came."""

import asyncio
import json
import time
from typing import Any, Literal

from aiohttp import web

from tests.fakes.llm.accounts import Account
from tests.fakes.llm.brain import Brain
from tests.fakes.llm.dialect import Dialect, Question, Refusal, RefusedError
from tests.fakes.llm.stream import send_stream
from tests.fakes.web import fall_silent, json_response, new_application, reset_connection
from tests.fakes.wire import HttpError, LlmRequest, Reply


class ModelServer:
    """One host that speaks a dialect."""

    def __init__(self, host: str, dialect: Dialect, account: Account, brain: Brain) -> None:
        """Answers as the provider, with what the brain says."""
        self._host = host
        self._dialect = dialect
        self._account = account
        self._brain = brain

    def application(self) -> web.Application:
        """To be served under the provider's host name."""
        application = new_application()
        for path in self._dialect.paths:
            application.router.add_post(path, self._complete)
        application.router.add_get(self._dialect.models_path, self._models)
        return application

    async def _models(self, request: web.Request) -> web.Response:
        try:
            self._check_key(request)
        except RefusedError as error:
            return _response(error.refusal)
        return json_response(self._dialect.models(self._account.models))

    async def _complete(self, request: web.Request) -> web.StreamResponse:
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
            response = await self._answer(Question(request, record.body, self._account), record)
        except RefusedError as error:
            record.problem = str(error)
            response = _response(error.refusal)
        finally:
            record.seconds = time.perf_counter() - began
        record.status = response.status
        return response

    async def _answer(self, question: Question, record: LlmRequest) -> web.StreamResponse:
        self._check_key(question.http)
        self._dialect.check(question)
        record.seen = self._dialect.understood(question.body)
        reply = self._brain.answer(record.seen)
        if reply.delay:
            await asyncio.sleep(reply.delay)
        return await self._play(question, reply)

    async def _play(self, question: Question, reply: Reply) -> web.StreamResponse:
        if reply.connection == "reset":
            await reset_connection(question.http)
        if reply.connection == "silence":
            await fall_silent()
        if reply.error is not None:
            return self._failure(reply.error)
        streams = self._dialect.streams(question)
        if reply.garbage is not None and reply.cut_after is None:
            return web.Response(text=reply.garbage, content_type="text/event-stream" if streams else "application/json")
        answer = self._dialect.answer(question, reply)
        if streams:
            return await send_stream(question.http, answer, reply)
        return json_response(answer.whole(), headers=dict(answer.headers))

    def _failure(self, error: HttpError) -> web.Response:
        usual = self._dialect.failure(error)
        headers = dict(usual.headers or {}) | error.headers
        return _response(Refusal(usual.status, usual.body if error.body is None else error.body, headers))

    def _check_key(self, request: web.Request) -> None:
        if self._authorization(request) != "ok":
            raise RefusedError(self._dialect.unauthorized(self._dialect.key(request)), "no or wrong key")

    def _authorization(self, request: web.Request) -> Literal["ok", "bad", "missing"]:
        key = self._dialect.key(request)
        if key is None:
            return "missing"
        return "ok" if key in self._account.keys else "bad"


def _response(refusal: Refusal) -> web.Response:
    headers = dict(refusal.headers or {})
    if isinstance(refusal.body, str):
        return web.Response(text=refusal.body, status=refusal.status, headers=headers)
    return json_response(refusal.body, refusal.status, headers)


async def _body(request: web.Request) -> Any:
    try:
        return json.loads(await request.read())
    except ValueError:
        return None
