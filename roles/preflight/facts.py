"""What preflight reads from a host, in two round trips: who we are there, and what machine it is."""

from __future__ import annotations

from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from roles.common.commands import script
from roles.common.names import CONFIG_FILE, DAEMON_HARDENED
from roles.common.words import sentence
from roles.preflight.machine import SCRIPT, Machine, parse


class Elevation(FactBase[list[str]]):
    """The login's name, and how it becomes root: `root`, `sudo`, `password` (sudo asks for one) or `none`."""

    @staticmethod
    def default() -> list[str]:
        """It did not say."""
        return ["unknown", "none"]

    def command(self) -> StringCommand:
        """Asked without sudo, whatever sudo is set to."""
        return script(
            """
            id -un
            if [ "$(id -u)" = 0 ]; then echo root
            elif ! command -v sudo >/dev/null; then echo none
            elif sudo -n true 2>/dev/null; then echo sudo
            else echo password
            fi
            """
        )

    def process(self, output: list[str]) -> list[str]:
        """Name, way."""
        return output[-2:]


class MachineFact(FactBase[Machine]):
    """What machine it is."""

    @staticmethod
    def default() -> Machine:
        """Nothing is known."""
        return Machine()

    def command(self) -> StringCommand:
        """See machine.py."""
        return script(SCRIPT, config_file=CONFIG_FILE, daemon_hardened=DAEMON_HARDENED)

    def process(self, output: list[str]) -> Machine:
        """See machine.py."""
        try:
            return parse(output)
        except ValueError as error:
            raise FactProcessError(sentence("machine_not_understood", answer=error)) from error
