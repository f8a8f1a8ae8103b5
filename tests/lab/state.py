"""What `up` has done, kept on disk so that a later `down` can undo it, even after a crash."""

import json
from dataclasses import asdict, dataclass, field

from tests.lab.addresses import Subnet
from tests.lab.paths import Places
from tests.lab.processes import ProcessId


@dataclass
class State:
    """One lab: its choices, and its processes as far as they have come."""

    os: str
    number: int
    processes: dict[str, ProcessId] = field(default_factory=dict)
    complete: bool = False

    @property
    def subnet(self) -> Subnet:
        """The lab's addresses."""
        return Subnet(self.number)

    def save(self, places: Places) -> None:
        """Writes it whole or not at all."""
        draft = places.state.with_suffix(".tmp")
        draft.write_text(json.dumps(asdict(self), indent=2), encoding="utf-8")
        draft.rename(places.state)

    @classmethod
    def load(cls, places: Places) -> "State | None":
        """Reads the state of a lab; None when there is no such lab."""
        if not places.state.exists():
            return None
        content = json.loads(places.state.read_text(encoding="utf-8"))
        processes = {name: ProcessId(**process) for name, process in content["processes"].items()}
        return cls(content["os"], content["number"], processes, content["complete"])
