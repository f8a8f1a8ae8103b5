"""Chat completions as a dialect: what is checked in which order, and how errors are put."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from tests.fakes.llm.dialect import Question, Refusal, RefusedError
from tests.fakes.llm.openai_chat import caching
from tests.fakes.llm.openai_chat.completion import Completion
from tests.fakes.llm.openai_chat.conversation import check_messages, understood
from tests.fakes.llm.openai_chat.images import check_images
from tests.fakes.llm.openai_chat.problems import InvalidRequestError
from tests.fakes.llm.openai_chat.providers import Provider
from tests.fakes.llm.openai_chat.schema import check_schema
from tests.fakes.llm.openai_chat.tools import check_tools
from tests.fakes.wire import Conversation, HttpError, Reply


class ChatCompletions:
    """One provider that speaks chat completions."""

    def __init__(self, provider: Provider) -> None:
        """Speaks as the provider does."""
        self._provider = provider
        self.paths = (f"{provider.prefix}/chat/completions",)
        self.models_path = f"{provider.prefix}/models"
        # the schema takes a moment to build: not in the middle of a measured request
        check_schema({"model": "any", "messages": []})
        check_schema({"model": "any", "messages": [], "stream": True})

    def key(self, request: web.Request) -> str | None:
        """A bearer token."""
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        return key.strip() if scheme.lower() == "bearer" and key.strip() else None

    def unauthorized(self, key: str | None) -> Refusal:
        """401."""
        return Refusal(401, self._provider.unauthorized(key))

    def check(self, question: Question) -> None:
        """Form first, then the model, then what the form cannot say."""
        body = question.body
        model = body.get("model") if isinstance(body, dict) else None
        try:
            plain = self._provider.plain(body)
            check_schema(plain)
            if model not in question.account.models:
                raise RefusedError(self._provider.unknown_model(str(model)), f"unknown model {model}")
            check_messages(plain["messages"])
            check_images(plain["messages"])
            check_tools(plain)
            if caching.applies(model):
                caching.check(body)
        except InvalidRequestError as problem:
            raise RefusedError(Refusal(400, self._provider.invalid(problem, str(model))), problem.message) from None

    def understood(self, body: Any) -> Conversation:
        """See conversation.py."""
        return understood(body)

    def streams(self, question: Question) -> bool:
        """As the body says."""
        return question.body.get("stream") is True

    def answer(self, question: Question, reply: Reply) -> Completion:
        """A completion."""
        return Completion(question.body, reply, self._provider, cache=caching.use(question, reply))

    def failure(self, error: HttpError) -> Refusal:
        """The provider's, with the header that says when to come back."""
        refusal = self._provider.failure(error)
        return Refusal(refusal.status, refusal.body, _retry_after(error))

    def models(self, names: Sequence[str]) -> Any:
        """A list object."""
        return {"object": "list", "data": [self._provider.model(name) for name in names]}


def _retry_after(error: HttpError) -> Mapping[str, str]:
    return {} if error.retry_after is None else {"Retry-After": f"{error.retry_after:g}"}
