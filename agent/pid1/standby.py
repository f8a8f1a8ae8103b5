"""What a main process does instead of serving when it must not serve: says why, and waits to be made anew."""

from agent.pid1 import libc
from agent.pid1.health import HealthSocket
from agent.pid1.poll import Poll

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def stand_by(problem: str, also: "Callable[[Poll], object]" = lambda _: None) -> None:
    """Answer the health check with the problem until told to stop: a restart loop would help nobody.

    Args:
        problem: why it does not serve.
        also: registers whatever else is to be answered meanwhile.
    """
    signals = libc.signal_fd((libc.SIGTERM, libc.SIGINT))
    health = HealthSocket(lambda: problem)
    told: list[object] = []
    poll = Poll()
    poll.watch(signals, lambda: told.extend(libc.read_signals(signals)))
    poll.watch(health.fileno(), health.answer)
    kept = also(poll)
    while not told:
        poll.turn(None)
    del kept
