"""A minimal event loop: descriptors, each with what to call when it is ready."""

import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

READABLE = select.EPOLLIN
WRITABLE = select.EPOLLOUT
# Disarmed by the first event, until armed again.
READABLE_ONCE = select.EPOLLIN | select.EPOLLONESHOT


class Poll:
    """epoll with a callback for each descriptor. `selectors` would cost 1 MB."""

    __slots__ = ("_callbacks", "_epoll")

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._callbacks: dict[int, Callable[[], None]] = {}

    def watch(self, fd: int, callback: "Callable[[], None]", events: int = READABLE) -> None:
        """Call `callback` whenever `fd` is ready for one of `events`, or hung up."""
        self._epoll.register(fd, events)
        self._callbacks[fd] = callback

    def change(self, fd: int, events: int) -> None:
        """Wait for other `events` on a watched descriptor; this also arms READABLE_ONCE again."""
        self._epoll.modify(fd, events)

    def unwatch(self, fd: int) -> None:
        """Forget `fd`; to be called before it is closed."""
        del self._callbacks[fd]
        self._epoll.unregister(fd)

    def turn(self, timeout: float | None) -> None:
        """Wait until something is ready or `timeout` seconds have passed, and call each ready callback once."""
        # Rounded up by epoll to whole milliseconds, so that a deadline is never met too early.
        for fd, _ in self._epoll.poll(timeout):
            callback = self._callbacks.get(fd)
            if callback is not None:
                callback()
