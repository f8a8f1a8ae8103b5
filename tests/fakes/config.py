"""Reads `fakes.json`: which host names to serve, on which address, with which certificate."""

from pathlib import Path

import msgspec

from tests.fakes.errors import ConfigError

FILE_NAME = "fakes.json"


class HostConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Where one host name is served. Without certificate and key it is plain HTTP; port 0 is any free one."""

    address: str
    port: int = 443
    cert: str | None = None
    key: str | None = None


class FakesConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of `fakes.json`; `control` is the path of the Unix socket of the control API."""

    hosts: dict[str, HostConfig]
    control: str


def read_config(lab: Path) -> FakesConfig:
    """Reads `fakes.json` of the lab directory; raises ConfigError."""
    path = lab / FILE_NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=FakesConfig)
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist: raise the lab first, or give its directory with --lab") from None
    except (msgspec.MsgspecError, OSError) as error:
        raise ConfigError(f"{path} cannot be used: {error}") from error
