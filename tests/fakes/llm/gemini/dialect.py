"""generateContent as a dialect: form, model, rules; and what the brain sees of it."""

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from tests.fakes.llm.dialect import Question, Refusal, RefusedError
from tests.fakes.llm.gemini.answer import GeminiAnswer
from tests.fakes.llm.gemini.failures import failure, refusal, unauthorized, unreadable
from tests.fakes.llm.gemini.protojson import UnreadableError, read_message
from tests.fakes.llm.gemini.rules import InvalidArgumentError, check_contents
from tests.fakes.llm.gemini.seen import understood
from tests.fakes.llm.gemini.tools import check_generation, check_tools
from tests.fakes.wire import Conversation, HttpError, Reply

_REQUEST = "GenerateContentRequest"
_LARGEST_BODY = 20 * 1024 * 1024
_NO_JSON = "Invalid JSON payload received. Unexpected end of string."


class Gemini:
    """generativelanguage.googleapis.com."""

    paths = (
        r"/{version:v1|v1beta|v1alpha}/models/{model:[^/:]+}:{method:generateContent}",
        r"/{version:v1|v1beta|v1alpha}/models/{model:[^/:]+}:{method:streamGenerateContent}",
    )
    models_path = "/{version:v1|v1beta|v1alpha}/models"

    def key(self, request: web.Request) -> str | None:
        """A header of its own, or `key` in the query."""
        return request.headers.get("x-goog-api-key") or request.query.get("key") or None

    def unauthorized(self, key: str | None) -> Refusal:
        """403 without a key, 400 with a wrong one."""
        return unauthorized(key)

    def check(self, question: Question) -> None:
        """Form first, then the model, then what the form cannot say."""
        model = _model(question)
        try:
            request = _read(question)
            if model not in question.account.models:
                raise RefusedError(refusal(404, _unknown(model)), f"unknown model {model}")
            check_contents(request, signed=_signs(model))
            check_tools(request)
            check_generation(request, json_with_tools=_signs(model))
        except UnreadableError as error:
            raise RefusedError(unreadable(str(error), error.violations), str(error)) from None
        except InvalidArgumentError as error:
            raise RefusedError(refusal(400, str(error)), str(error)) from None

    def understood(self, body: Any) -> Conversation:
        """See seen.py."""
        return understood(read_message(body, _REQUEST))

    def streams(self, question: Question) -> bool:
        """As the method says; without `alt=sse` even a stream is one JSON list."""
        return question.http.match_info["method"] == "streamGenerateContent" and _is_sse(question)

    def answer(self, question: Question, reply: Reply) -> GeminiAnswer:
        """A response."""
        listed = question.http.match_info["method"] == "streamGenerateContent" and not _is_sse(question)
        model = _model(question)
        return GeminiAnswer(model, question.body, reply, signed=_signs(model), listed=listed)

    def failure(self, error: HttpError) -> Refusal:
        """With the details that belong to it."""
        return failure(error)

    def models(self, names: Sequence[str]) -> Any:
        """One page."""
        limits = {"inputTokenLimit": 1048576, "outputTokenLimit": 65536}
        methods = {"supportedGenerationMethods": ["generateContent", "countTokens"]}
        return {"models": [{"name": f"models/{name}", "version": "001"} | limits | methods for name in names]}


def _read(question: Question) -> dict[str, Any]:
    if (question.http.content_length or 0) > _LARGEST_BODY:
        raise InvalidArgumentError(f"Request payload size exceeds the limit: {_LARGEST_BODY} bytes.")
    if not isinstance(question.body, dict):
        raise InvalidArgumentError(_NO_JSON)
    return read_message(question.body, _REQUEST)


def _model(question: Question) -> str:
    return question.http.match_info["model"]


def _is_sse(question: Question) -> bool:
    return question.http.query.get("alt") == "sse"


def _signs(model: str) -> bool:
    return model.startswith("gemini-3")


def _unknown(model: str) -> str:
    text = "is not found for API version v1beta, or is not supported for generateContent."
    return f"models/{model} {text} Call ListModels to see the list of available models and their supported methods."
