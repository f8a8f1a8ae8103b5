"""The process of the container `picoclaw`."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Iterator

from agent import config
from agent.errors import ConfigError, PicoClawError
from agent.gateway import health, logs
from agent.gateway.app import Gateway
from agent.pid1 import selfcheck

log = logging.getLogger("gateway")


async def serve() -> None:
    """Run the gateway until SIGTERM."""
    main = asyncio.current_task()
    if main is not None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, main.cancel)
    logs.set_up()
    if weakness := selfcheck.seen("gateway"):
        await _stand_by(weakness)
        return
    try:
        settings = config.load()
        logs.set_up(settings.secrets())
        await Gateway(settings).run()
    except ConfigError as error:
        await _stand_by(str(error), error.polish)
    except PicoClawError as error:
        await _stand_by(str(error))
    except Exception as error:  # a traceback would pass by the log, and what it takes out
        for cause in _causes(error):
            log.error("the gateway ends, and Docker starts it anew", exc_info=cause)
        raise SystemExit(1) from None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """What has ended tasks that run together, one by one."""
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _causes(one)
    else:
        yield error


async def _stand_by(reason: str, polish: str = "") -> None:
    """Say what is wrong once and wait to be restarted, unhealthy: a restart loop would help nobody."""
    log.error("%s", reason)
    report = {"healthy": False, "ready": False, "problem": reason, "problem_pl": polish or reason}
    async with await health.serve(lambda: report) as server:
        await server.serve_forever()


def main() -> None:
    """Run until told to stop."""
    try:
        asyncio.run(serve())
    except asyncio.CancelledError:
        log.info("stopped")


if __name__ == "__main__":
    main()
