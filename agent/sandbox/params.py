"""Reading a request's parameters, and refusing one in words that its sender can act on."""


class RefusedError(Exception):
    """The request cannot be carried out; `code` is for programs, the text for the model."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def text(params: dict[str, object], name: str, default: str | None = None) -> str:
    """The string parameter `name`; required unless there is a default."""
    value = params.get(name, default)
    if not isinstance(value, str):
        raise RefusedError("bad_request", f"`{name}` must be a string, not {_kind(value)}.")
    return value


def path(params: dict[str, object], default: str | None = None) -> str:
    """The parameter `path`, as the kernel can take it."""
    value = text(params, "path", default)
    if not value or "\0" in value or not _encodable(value):
        raise RefusedError("bad_request", "`path` must be a non-empty string of valid characters without NUL.")
    return value


def content(params: dict[str, object], name: str) -> bytes:
    """The string parameter `name` as UTF-8."""
    value = text(params, name)
    if not _encodable(value):
        raise RefusedError("bad_request", f"`{name}` holds half a surrogate pair, which UTF-8 cannot.")
    return value.encode()


def positive(params: dict[str, object], name: str, default: int) -> int:
    """The integer parameter `name`, 1 or more."""
    return at_least(params, name, default, 1)


def at_least(params: dict[str, object], name: str, default: int, least: int) -> int:
    """The integer parameter `name`, `least` or more."""
    value = params.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise RefusedError("bad_request", f"`{name}` must be an integer of at least {least}, not {value!r}.")
    return value


def seconds(params: dict[str, object], name: str, at_most: float) -> float:
    """The parameter `name` as a span of time."""
    value = params.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= at_most:
        raise RefusedError("bad_request", f"`{name}` must be a number of seconds above 0 and at most {at_most:g}.")
    return float(value)


def _encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _kind(value: object) -> str:
    return "missing" if value is None else type(value).__name__
