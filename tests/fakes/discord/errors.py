"""Refusals of Discord's HTTP API: a status, a number of Discord's own, its words."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An answer that is not ok."""

    def __init__(self, status: int, code: int, message: str, errors: dict[str, Any] | None = None) -> None:
        """`errors` is the tree of fields with what is wrong with each."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def as_body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        body: dict[str, Any] = {"message": self.message, "code": self.code}
        return body if self.errors is None else body | {"errors": self.errors}


def unauthorized() -> ApiError:
    """No token, or one that is not the bot's."""
    return ApiError(401, 0, "401: Unauthorized")


def no_such_route() -> ApiError:
    """The address is none of the API's."""
    return ApiError(404, 0, "404: Not Found")


def unknown(what: str) -> ApiError:
    """A thing that is not there: `Channel`, `Message`, `User`, `Interaction`, ..."""
    codes = {"Channel": 10003, "Message": 10008, "User": 10013, "Webhook": 10015, "Interaction": 10062}
    codes["Application"] = 10002
    return ApiError(404, codes[what], f"Unknown {what}")


def form_error(field: str, code: str, message: str) -> ApiError:
    """A field that is not as it should be; `field` is a path such as `0.name`."""
    tree: dict[str, Any] = {"_errors": [{"code": code, "message": message}]}
    for name in reversed(field.split(".")):
        tree = {name: tree}
    return ApiError(400, 50035, "Invalid Form Body", tree)


def too_long(field: str, most: int) -> ApiError:
    """A text with too many code points."""
    return form_error(field, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")


def required(field: str) -> ApiError:
    """A field that is missing."""
    return form_error(field, "BASE_TYPE_REQUIRED", "This field is required")


def not_a_snowflake(field: str, value: object) -> ApiError:
    """An id that is none."""
    return form_error(field, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')


NO_BOT = (403, 40333, "internal network error")  # as Cloudflare says it to who is no browser and no bot
INVALID_RECIPIENT = (400, 50033, "Invalid Recipient(s)")
EMPTY_MESSAGE = (400, 50006, "Cannot send an empty message")
MISSING_ACCESS = (403, 50001, "Missing Access")
BLOCKED = (403, 50007, "Cannot send messages to this user")
NOT_THE_AUTHOR = (403, 50005, "Cannot edit a message authored by another user")
MISSING_PERMISSIONS = (403, 50013, "Missing Permissions")
TOO_LARGE = (413, 40005, "Request entity too large")
ALREADY_ACKNOWLEDGED = (400, 40060, "Interaction has already been acknowledged.")
INVALID_WEBHOOK_TOKEN = (401, 50027, "Invalid Webhook Token")
INVALID_JSON = (400, 50109, "The request body contains invalid JSON.")
