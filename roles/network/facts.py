"""What is read from a host about the firewall."""

from __future__ import annotations

from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from roles.common.commands import script
from roles.common.names import FIREWALL_RECORD, FIREWALL_UNIT, NFT_TABLE
from roles.network.firewall import Loaded, parse


class Firewall(FactBase[Loaded]):
    """The live table beside the record made when it was loaded, and the state of the unit that loads it."""

    @staticmethod
    def default() -> Loaded:
        """Nothing is loaded."""
        return Loaded()

    def requires_command(self, *_args: object, **_kwargs: object) -> str:
        """Many hosts have no nft before the deploy."""
        return "nft"

    def command(self) -> StringCommand:
        """One line each: table, hash of the loaded file, table as it was loaded, properties of the unit."""
        return script(
            """
            echo "now $(nft --json list table inet "$table" 2>/dev/null)"
            cat -- "$record" 2>/dev/null
            systemctl show --property=ActiveState,UnitFileState,NeedDaemonReload -- "$unit" | sed 's/^/unit /'
            """,
            unit=FIREWALL_UNIT,
            table=NFT_TABLE,
            record=FIREWALL_RECORD,
        )

    def process(self, output: list[str]) -> Loaded:
        """See firewall.py."""
        try:
            return parse(output)
        except (ValueError, KeyError) as error:
            raise FactProcessError(f"nft answered what is not understood: {error!r}") from error
