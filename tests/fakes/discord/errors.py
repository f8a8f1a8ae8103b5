"""Refusals in the service's own words and numbers, https://discord.com/developers/docs/topics/opcodes-and-status-codes."""

from typing import Any


class ApiError(Exception):
    """An answer that is a refusal."""

    def __init__(self, status: int, code: int, message: str, **more: Any) -> None:
        """The HTTP status, the JSON error code and its message."""
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"message": message, "code": code, **more}


def unauthorized() -> ApiError:
    """The token is not known."""
    return ApiError(401, 0, "401: Unauthorized")


def unknown_channel() -> ApiError:
    """No such channel."""
    return ApiError(404, 10003, "Unknown Channel")


def unknown_message() -> ApiError:
    """No such message."""
    return ApiError(404, 10008, "Unknown Message")


def missing_access() -> ApiError:
    """The bot may not see that channel."""
    return ApiError(403, 50001, "Missing Access")


def invalid_form(field: str, code: str, message: str) -> ApiError:
    """A value that is not of the form that is wanted."""
    errors: dict[str, Any] = {"_errors": [{"code": code, "message": message}]}
    for name in reversed(field.split(".")):
        errors = {name: errors}
    return ApiError(400, 50035, "Invalid Form Body", errors=errors)
