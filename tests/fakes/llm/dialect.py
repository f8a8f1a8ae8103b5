"""What a provider's way of speaking has to supply, so that one server and one brain can play all of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web

from tests.fakes.llm.accounts import Account
from tests.fakes.wire import Conversation, HttpError, Reply

Headers = Mapping[str, str]


@dataclass(frozen=True)
class Refusal:
    """An error as it goes over the wire; a body that is text is sent as it is."""

    status: int
    body: Any
    headers: Headers | None = None


class RefusedError(Exception):
    """The request is not accepted; the message says why, for the record."""

    def __init__(self, refusal: Refusal, problem: str) -> None:
        """`problem` must not hold a key."""
        super().__init__(problem)
        self.refusal = refusal


@dataclass(frozen=True)
class Question:
    """A request to a model; the body is None when it was no JSON."""

    http: web.Request
    body: Any
    account: Account


class Answer(Protocol):
    """A reply to one question, whole or as the events of a stream."""

    @property
    def headers(self) -> Headers:
        """What the provider sends beside the body."""

    def whole(self) -> Any:
        """The body of an answer in one piece."""

    def opening(self) -> bytes:
        """What a stream sends at once, before the model has said anything."""

    def chunks(self) -> Iterable[bytes]:
        """The events of a stream, each encoded, without those that finish it."""

    def closing(self) -> Iterable[bytes]:
        """The events that finish a stream."""

    def broken(self, message: str) -> bytes:
        """The event of a provider that fails in the middle of a stream."""


class Dialect(Protocol):
    """A provider's API."""

    @property
    def paths(self) -> Sequence[str]:
        """Where completions are asked for."""

    @property
    def models_path(self) -> str:
        """Where the list of models is."""

    def key(self, request: web.Request) -> str | None:
        """The key that was sent, None when there was none."""

    def unauthorized(self, key: str | None) -> Refusal:
        """The answer to a wrong key, or to none."""

    def check(self, question: Question) -> None:
        """Raises RefusedError for whatever the real API would refuse."""

    def understood(self, body: Any) -> Conversation:
        """A checked request as the brain sees it."""

    def streams(self, question: Question) -> bool:
        """Whether the answer is to come in pieces."""

    def answer(self, question: Question, reply: Reply) -> Answer:
        """The reply in the provider's form."""

    def failure(self, error: HttpError) -> Refusal:
        """What a test ordered, in the provider's form; an own body or headers of the error are added by the server."""

    def models(self, names: Sequence[str]) -> Any:
        """The list of models."""
