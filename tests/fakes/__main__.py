"""`python -m tests.fakes --lab DIR`: serves the hosts of DIR/fakes.json until SIGTERM or SIGINT."""

import argparse
import asyncio
import signal
import ssl
import sys
from pathlib import Path

from tests.fakes.config import FakesConfig, read_config
from tests.fakes.errors import FakesError
from tests.fakes.standins import StandIns
from tests.fakes.web import log_to_stderr


def main(arguments: list[str] | None = None) -> int:
    """Serves until it is told to end."""
    parser = argparse.ArgumentParser(prog="python -m tests.fakes", description=__doc__)
    parser.add_argument("--lab", type=Path, required=True, help="the lab's directory, with fakes.json in it")
    try:
        asyncio.run(_serve(read_config(parser.parse_args(arguments).lab)))
    except (FakesError, OSError, ssl.SSLError) as error:
        print(f"The stand-ins cannot start: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(config: FakesConfig) -> None:
    finish = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, finish.set)
    async with StandIns(config.hosts, Path(config.control), log_to_stderr) as fakes:
        if fakes.left_out:
            log_to_stderr(f"no stand-in yet for {', '.join(fakes.left_out)}")
        log_to_stderr(f"ready; control socket {config.control}")
        await finish.wait()
    log_to_stderr("ended")


if __name__ == "__main__":
    sys.exit(main())
