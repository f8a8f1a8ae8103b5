"""A gateway whose event loop hangs, as PID 1 of its container, comes back by itself."""

from __future__ import annotations

import shlex

from tests.stack import Stack

# Run in the container's image, with the product's own parts; only the time is shortened.
_HANGS = """
import asyncio, time
from agent.gateway import watchdog
from agent.store.database import connect
from agent.store.settings import Settings
watchdog.HUNG_S = 2.0
async def main():
    asyncio.create_task(watchdog.run(watchdog.Patience({}, Settings(connect(":memory:"))), lambda: False))
    await asyncio.sleep(0.1)
    time.sleep(60)
asyncio.run(main())
"""


def test_pid_1_that_hangs_ends_and_docker_starts_it_again(stack: Stack) -> None:
    gateway = stack.inspect()
    image, policy = gateway["Config"]["Image"], gateway["HostConfig"]["RestartPolicy"]["Name"]
    run = (
        f"docker run -d --name hangs --restart {policy} --network none --read-only --user 1000:1000 "
        f"--cap-drop ALL --security-opt no-new-privileges --entrypoint /usr/bin/python3 {image} -SsPOO -c "
    )
    stack.lab.ssh("docker rm -f hangs >/dev/null 2>&1; true")
    try:
        stack.lab.ssh(f"{run} {shlex.quote(_HANGS)}", check=True)
        stack.wait_for(lambda: stack.inspect("hangs")["RestartCount"] >= 1, 30, lambda: stack.logs("hangs"))
        assert "Timeout (0:00:02)!" in stack.logs("hangs")
    finally:
        stack.lab.ssh("docker rm -f hangs")
