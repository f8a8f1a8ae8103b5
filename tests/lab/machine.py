"""What a machine must be and have to raise a lab."""

import os
import platform
import shutil
from pathlib import Path

from tests.lab.commands import run_logged
from tests.lab.errors import LabError
from tests.lab.images import locked
from tests.lab.paths import cache_dir
from tests.lab.progress import step

_PACKAGE_OF_COMMAND = {
    "ip": "iproute2",
    "mmdebstrap": "mmdebstrap",
    "nft": "nftables",
    "ssh": "openssh-client",
    "sysctl": "procps",
    "systemd-nspawn": "systemd-container",
}
_PACKAGE_OF_FILE = {
    "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
    "/etc/ssl/certs/ca-certificates.crt": "ca-certificates",
}


def prepare() -> None:
    """Checks the machine and installs what it lacks.

    Raises:
        LabError: it is no Debian or Ubuntu, the caller is not root, or apt-get failed.
    """
    if os.geteuid() != 0:
        raise LabError("The lab makes namespaces and mounts: run it as root.")
    release = platform.freedesktop_os_release()
    if not {release.get("ID"), *release.get("ID_LIKE", "").split()} & {"debian", "ubuntu"}:
        raise LabError(
            f"The lab needs Debian or Ubuntu with apt; this is {release.get('PRETTY_NAME', 'something else')}."
        )
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    with locked(cache_dir() / "apt.lock"):  # apt's own would refuse another lab that is being raised
        if packages := missing_packages():
            _install(packages)


def missing_packages() -> list[str]:
    """Returns the Debian packages that the lab needs and the machine has not."""
    commands = {package for command, package in _PACKAGE_OF_COMMAND.items() if shutil.which(command) is None}
    files = {package for file, package in _PACKAGE_OF_FILE.items() if not Path(file).exists()}
    return sorted(commands | files)


def _install(packages: list[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    log = cache_dir() / "apt.log"
    title = f"Installing {' '.join(packages)} on this machine"
    with step(title):
        run_logged(title, ["apt-get", "update"], log, environment)
        run_logged(title, ["apt-get", "install", "--yes", "--no-install-recommends", *packages], log, environment)
