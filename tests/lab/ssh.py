"""Keys and client settings with which the lab host is reached, and with which it is known."""

import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.lab.authority import write_private
from tests.lab.commands import succeeds
from tests.lab.errors import LabError
from tests.lab.paths import Places

_CONFIG = """\
Host {name}
    HostName {address}
    User root
    IdentityFile {key}
    IdentitiesOnly yes
    UserKnownHostsFile {known_hosts}
    StrictHostKeyChecking yes
    ConnectTimeout 10
    LogLevel ERROR
    ControlMaster auto
    ControlPath {shared}
    ControlPersist 600
    ServerAliveInterval 5
"""


def make_keys(places: Places, address: str) -> None:
    """Writes the client's and the host's key pair, `known_hosts` and `ssh_config` into the lab's folder."""
    _make_key(places.ssh_key)
    host_key = _make_key(places.host_key)
    places.known_hosts.write_text(f"{address},{places.name} {host_key}\n", encoding="utf-8")
    config = _CONFIG.format(
        name=places.name,
        address=address,
        key=places.ssh_key,
        known_hosts=places.known_hosts,
        shared=places.ssh_connection,
    )
    places.ssh_config.write_text(config, encoding="utf-8")


def command(places: Places, *words: str) -> list[str]:
    """Returns the command line of an SSH client that runs `words` on the lab host, or a shell when there are none."""
    return ["ssh", "-F", str(places.ssh_config), places.name, *(["--", *words] if words else [])]


def run(places: Places, script: str, *, stdin: str | None = None, timeout: float) -> subprocess.CompletedProcess[str]:
    """Runs a shell script on the lab host and returns how it ended."""
    words: Sequence[str] = command(places, script)
    return subprocess.run(
        words, input=stdin if stdin is not None else "", capture_output=True, text=True, timeout=timeout, check=False
    )


def hang_up(places: Places) -> None:
    """Ends the connection that all commands share; to be called before its host goes, which would leave it hanging."""
    if places.ssh_connection.exists():
        succeeds("ssh", "-F", places.ssh_config, "-O", "exit", places.name)


def wait_for(address: str, alive: Callable[[], bool], seconds: float = 90) -> None:
    """Waits until sshd greets.

    Raises:
        LabError: the host died meanwhile, or the time is up.
    """
    deadline = time.monotonic() + seconds
    while not answers(address):
        if not alive():
            raise LabError("The lab host ended while it was booting")
        if time.monotonic() > deadline:
            raise LabError(f"The lab host's sshd at {address} did not answer within {seconds:.0f} s")
        time.sleep(0.2)


def answers(address: str) -> bool:
    """Tells whether an SSH server greets at an address."""
    try:
        with socket.create_connection((address, 22), timeout=2) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def _make_key(path: Path) -> str:
    key = ed25519.Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    write_private(path, private)
    path.with_suffix(".pub").write_bytes(public + b"\n")
    return public.decode()
