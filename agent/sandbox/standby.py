"""What the sandbox does instead of serving when it must not serve: says why, and waits to be made anew."""

from agent.sandbox import libc
from agent.sandbox.health import HealthSocket
from agent.sandbox.poll import Poll


def stand_by(problem: str) -> None:
    """Answer the health check with the problem until told to stop: a restart loop would help nobody."""
    signals = libc.signal_fd((libc.SIGTERM, libc.SIGINT))
    health = HealthSocket(lambda: problem)
    told: list[object] = []
    poll = Poll()
    poll.watch(signals, lambda: told.extend(libc.read_signals(signals)))
    poll.watch(health.fileno(), health.answer)
    while not told:
        poll.turn(None)
