"""What is read from a host about the firewall."""

from __future__ import annotations

from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from roles.common.commands import script
from roles.common.names import FIREWALL_RECORD, NFT_TABLE, RESOLVERS_SEEN
from roles.common.words import sentence
from roles.network.firewall import UNITS, Loaded, parse


class Firewall(FactBase[Loaded]):
    """The live table beside the record made when it was loaded, and the state of the units that load it."""

    @staticmethod
    def default() -> Loaded:
        """Nothing is loaded."""
        return Loaded()

    def requires_command(self, *_args: object, **_kwargs: object) -> str:
        """Many hosts have no nft before the deploy."""
        return "nft"

    def command(self) -> StringCommand:
        """One line each: table, hash of the loaded file, table as it was loaded, a resolver, a unit's properties."""
        return script(
            """
            echo "now $(nft --json list table inet "$table" 2>/dev/null)"
            cat -- "$record" 2>/dev/null
            sed 's/^/resolver /' "$seen" 2>/dev/null
            for unit; do
                echo "unit $unit" $(systemctl show --property=ActiveState,UnitFileState,NeedDaemonReload -- "$unit")
            done
            """,
            table=NFT_TABLE,
            record=FIREWALL_RECORD,
            seen=RESOLVERS_SEEN,
            units=UNITS,
        )

    def process(self, output: list[str]) -> Loaded:
        """See firewall.py."""
        try:
            return parse(output)
        except (ValueError, KeyError) as error:
            raise FactProcessError(sentence("not_understood", who="nft", answer=repr(error))) from error
