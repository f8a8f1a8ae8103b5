"""Refusals of the Bot API, in the service's own words."""

from typing import Any


class ApiError(Exception):
    """An answer that is not ok; `description` is complete, prefix included."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        """`parameters` are the service's `ResponseParameters` (`retry_after`, ...)."""
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def as_body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return body


def bad_request(reason: str) -> ApiError:
    """400 with the reason's first letter made small, as the service does unless the reason is a code in capitals."""
    if len(reason) > 1 and not (reason[1] == "_" or reason[1].isupper()):
        reason = reason[0].lower() + reason[1:]
    return ApiError(400, f"Bad Request: {reason}")


def too_many_requests(seconds: int) -> ApiError:
    """429; the service sends the same number as a header."""
    return ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def conflict(reason: str) -> ApiError:
    """409: somebody else takes the updates."""
    return ApiError(409, f"Conflict: {reason}")
