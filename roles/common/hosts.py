"""One host's trouble is its own: it is said in one sentence, and the other hosts go on."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pyinfra import logger
from pyinfra.api.exceptions import DeployError
from pyinfra.context import ctx_host, state

from agent.errors import ConfigError, PicoClawError
from agent.operator.words import told
from roles.common.words import language


def go_on_when_nobody_can_be_asked() -> None:
    """Take pyinfra's «Press enter to execute» as answered where no terminal is: else it ends in a traceback."""
    if not sys.stdin.isatty():
        sys.stdin = io.StringIO("\n" * 10)


@contextmanager
def each_host_on_its_own() -> Iterator[None]:
    """Leave out a host for which the deploy cannot be prepared, and say why, a line for each reason.

    An exception that leaves deploy.py would end the run for every host, and anything but pyinfra's own with a
    traceback.
    """
    try:
        yield
    except (DeployError, PicoClawError) as error:
        host = ctx_host.get()  # type: ignore[no-untyped-call]
        said = told(error, language()) if isinstance(error, ConfigError) else str(error)
        for line in said.splitlines():
            host.log_styled(line, fg="red", log_func=logger.error)
        state.fail_hosts({host})  # type: ignore[no-untyped-call]
