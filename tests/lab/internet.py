"""What the process behind the `internet` namespace serves, as `up` writes it down for `tests.lab.serve`."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Relay:
    """Connections to `address`:`port` in the lab go to `host`:`port` for real."""

    address: str
    port: int
    host: str


@dataclass(frozen=True)
class Internet:
    """What the process serves, as written by `up`."""

    namespace: str
    resolvers: tuple[str, ...]
    names: dict[str, str]
    relays: tuple[Relay, ...]

    def save(self, path: Path) -> None:
        """Writes it for the process to read."""
        path.write_text(json.dumps(asdict(self), indent=2), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Internet":
        """Reads what `save` wrote."""
        content = json.loads(path.read_text(encoding="utf-8"))
        relays = tuple(Relay(**relay) for relay in content.pop("relays"))
        return cls(relays=relays, resolvers=tuple(content.pop("resolvers")), **content)
