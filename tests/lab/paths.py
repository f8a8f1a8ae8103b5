"""Where a lab keeps its things: state and caches outside the repository, by the XDG rules."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from tests.lab.errors import LabError

REPOSITORY = Path(__file__).resolve().parents[2]
FILES = Path(__file__).resolve().parent / "files"


def _base(variable: str, default: str) -> Path:
    return Path(os.environ.get(variable) or Path.home() / default) / "picoclaw-lab"


def cache_dir() -> Path:
    """Returns the folder of what is slow to make and the same for every lab."""
    path = _base("XDG_CACHE_HOME", ".cache")
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def state_dirs() -> list[Path]:
    """Returns the folders of all labs there are."""
    root = _base("XDG_STATE_HOME", ".local/state")
    return sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []


@dataclass(frozen=True)
class Places:
    """The files of one lab, by name; `name` is also its host name and the name of its network namespace."""

    name: str

    def __post_init__(self) -> None:
        """Refuses a name that could not be a host name."""
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", self.name):
            raise LabError(
                f"{self.name!r} is no name for a lab: use lower-case letters, digits and dashes, at most 40."
            )

    @property
    def dir(self) -> Path:
        """The lab's folder; it exists as long as the lab does."""
        return _base("XDG_STATE_HOME", ".local/state") / self.name

    @property
    def root(self) -> Path:
        """The lab host's root file system."""
        return self.dir / "root"

    @property
    def state(self) -> Path:
        """What `up` did, so that `down` can undo it."""
        return self.dir / "state.json"

    @property
    def hosts(self) -> Path:
        """What the deploy's inventory reads."""
        return self.dir / "hosts.json"

    @property
    def config(self) -> Path:
        """The config.json that the deploy ships: the stand-ins' token and key, and their owner."""
        return self.dir / "config.json"

    @property
    def fakes(self) -> Path:
        """What the stand-ins' process reads."""
        return self.dir / "fakes.json"

    @property
    def internet(self) -> Path:
        """What the `internet` namespace's process reads."""
        return self.dir / "internet.json"

    @property
    def control(self) -> Path:
        """The stand-ins' control socket."""
        return self.dir / "control.sock"

    @property
    def ca(self) -> Path:
        """The lab's own certificate authority, as PEM."""
        return self.dir / "ca.pem"

    @property
    def ssh_key(self) -> Path:
        """The private key that the lab host's root lets in."""
        return self.dir / "id_ed25519"

    @property
    def host_key(self) -> Path:
        """The lab host's own private key."""
        return self.dir / "ssh_host_ed25519_key"

    @property
    def known_hosts(self) -> Path:
        """The lab host's public key, as a client wants it."""
        return self.dir / "known_hosts"

    @property
    def ssh_config(self) -> Path:
        """With which `ssh -F FILE NAME` reaches the lab host."""
        return self.dir / "ssh_config"

    @property
    def ssh_connection(self) -> Path:
        """The socket of the one connection that all SSH clients share: a login takes ten times longer."""
        return self.dir / "ssh.sock"

    @property
    def console(self) -> Path:
        """What the lab host printed while booting."""
        return self.dir / "console.log"

    @property
    def internet_namespace(self) -> str:
        """The network namespace of everything outside."""
        return f"{self.name}-internet"
