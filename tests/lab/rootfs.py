"""A lab host's root file system: the pristine one copied, and made this lab's own."""

import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from tests.lab.addresses import Subnet
from tests.lab.commands import run
from tests.lab.images import remove_tree
from tests.lab.paths import FILES, Places
from tests.lab.recipes import CA_BUNDLE

BASE_TAR = "/var/lib/picoclaw-lab/base.tar"
_PROGRAMS = "usr/local/lib/picoclaw-lab"

# Both fetch from the mirrors at a moment of their own choosing, and hold apt's locks meanwhile.
_MASKED_UNITS = ("apt-daily.timer", "apt-daily-upgrade.timer", "console-getty.service")


@dataclass(frozen=True)
class Rootfs:
    """The root file system of one lab host."""

    places: Places
    subnet: Subnet

    def create(self, pristine: Path) -> None:
        """Makes it anew from the pristine one."""
        remove_tree(self.places.root)
        run("cp", "--archive", "--reflink=auto", pristine, self.places.root)
        self._identity()
        self._names()
        self._access()
        self._units()
        self._trust()

    def _write(self, path: str, content: str) -> None:
        target = self.places.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        # resolv.conf may be a link to a file of this machine.
        target.unlink(missing_ok=True)
        target.write_text(content, encoding="utf-8")

    def _identity(self) -> None:
        self._write("etc/hostname", f"{self.places.name}\n")
        # Without an id systemd takes this for a first boot and switches units on and off by its presets.
        self._write("etc/machine-id", f"{uuid.uuid4().hex}\n")

    def _names(self) -> None:
        standins = "".join(f"{address} {host}\n" for host, address in self.subnet.services().items())
        self._write("etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {self.places.name}\n{standins}")
        self._write("etc/resolv.conf", f"nameserver {self.subnet.resolver}\n")

    def _access(self) -> None:
        public = self.places.ssh_key.with_suffix(".pub").read_text(encoding="utf-8")
        self._write("root/.ssh/authorized_keys", public)
        (self.places.root / "root/.ssh").chmod(0o700)
        folder = self.places.root / "etc/ssh"
        for key in folder.glob("ssh_host_*"):
            key.unlink()
        shutil.copy(self.places.host_key, folder)
        shutil.copy(self.places.host_key.with_suffix(".pub"), folder)

    def _units(self) -> None:
        programs = self.places.root / _PROGRAMS
        programs.mkdir(parents=True)
        for program in ("writable-cgroups", "import-base-image"):
            shutil.copy(FILES / program, programs)
        self._write(BASE_TAR.removeprefix("/"), "")
        units = self.places.root / "etc/systemd/system"
        drop_ins = units / "docker.service.d"
        drop_ins.mkdir()
        shutil.copy(FILES / "import-base-image.conf", drop_ins)
        shutil.copy(FILES / "writable-cgroups.service", units)
        run("systemctl", f"--root={self.places.root}", "enable", "writable-cgroups.service")
        run("systemctl", f"--root={self.places.root}", "mask", *_MASKED_UNITS)

    def _trust(self) -> None:
        certificate = self.places.ca.read_text(encoding="utf-8")
        self._write("usr/local/share/ca-certificates/picoclaw-lab.crt", certificate)
        # As update-ca-certificates would, which takes a second.
        with (self.places.root / CA_BUNDLE.removeprefix("/")).open("a", encoding="utf-8") as bundle:
            bundle.write(certificate)
