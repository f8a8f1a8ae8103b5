"""Asking the running gateway how it is, from the container that it runs in."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException

from agent.errors import PicoClawError
from agent.gateway import healthcheck


def ask(path: str, patience_s: float) -> tuple[int, bytes]:
    """The status and body of its answer to GET; `path` is `/health`, `/ready`, `/status` or `/log`.

    Raises:
        PicoClawError: nothing answers there, or not in time.
    """
    connection = HTTPConnection(healthcheck.HOST, healthcheck.PORT, timeout=patience_s)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, HTTPException) as error:
        raise PicoClawError(
            f"no gateway answers on {healthcheck.HOST}:{healthcheck.PORT} ({error}); "
            f"run this where it runs: docker exec picoclaw picoclaw {'status' if path == '/status' else 'health'}"
        ) from None
    finally:
        connection.close()
