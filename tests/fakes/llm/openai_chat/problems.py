"""Why a request is refused, before a provider gives it its own form."""

from typing import Literal

Origin = Literal["schema", "upstream"]


class InvalidRequestError(Exception):
    """A 400; `param` and `code` are OpenAI's. `origin`: who notices, a router's schema or the model's own API."""

    def __init__(self, message: str, param: str | None, code: str | None, origin: Origin = "schema") -> None:
        """The message is the whole sentence."""
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code
        self.origin = origin
