"""What the lab's two file systems are made of, as mmdebstrap wants it said."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from tests.lab import mirrors
from tests.lab.paths import FILES

_VERSION = 1
"""Raise it when the way these file systems are made changes, so that cached ones are not used any more."""

BASE_SUITE = "trixie"
CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
FETCHED_PACKAGES = "var/cache/picoclaw-lab"
_LOCAL_CAS = "/usr/local/share/ca-certificates"

# What a Mikrus VPS has from the start.
_HOST_PACKAGES = [
    "apt-utils",
    "ca-certificates",
    "curl",
    "dbus",
    "hostname",
    "iproute2",
    "iptables",
    "iputils-ping",
    "kmod",
    "less",
    "nano",
    "nftables",
    "openssh-server",
    "procps",
    "sudo",
    "systemd-sysv",
]

# Fetched into the lab host's apt archive but not installed, so that each deploy installs Docker without a download.
DOCKER_PACKAGES = {"bookworm": ["docker.io"], "trixie": ["docker.io", "docker-cli"]}


@dataclass(frozen=True)
class Recipe:
    """A file system: what it is called, how it is made, and all that makes it different from another."""

    kind: str
    title: str
    suite: str
    sources: list[str]
    options: list[str]
    ingredients: list[Path]
    suffix: str = ""

    @property
    def fingerprint(self) -> str:
        """A short digest that changes whenever the outcome might."""
        # Without where this repository lies: two checkouts would make, and remove, each other's outcome in turn.
        options = [option.replace(str(FILES), "FILES") for option in self.options]
        digest = hashlib.sha256(json.dumps([_VERSION, self.suite, self.sources, options]).encode())
        for path in self.ingredients:
            digest.update(path.read_bytes())
        return digest.hexdigest()[:12]


def host(suite: str) -> Recipe:
    """Returns the recipe of a lab host's pristine root directory."""
    return Recipe(
        kind=f"host-{suite}",
        title=f"Making a {suite} root file system (cached from now on)",
        suite=suite,
        sources=mirrors.apt_lines(suite),
        options=[
            "--variant=apt",
            f"--include={','.join(_HOST_PACKAGES)}",
            *_slimming(),
            *_settings_and_trust(),
            f'--customize-hook="{FILES}/fetch-packages" "$1" {" ".join(DOCKER_PACKAGES[suite])}',
        ],
        ingredients=[FILES / "fetch-packages", *_trusted_files()],
    )


def base() -> Recipe:
    """Returns the recipe of the tar file that becomes Docker's `debian:trixie-slim`."""
    pip_conf = mirrors.pip_conf(mirrors.pip_settings(), CA_BUNDLE)
    return Recipe(
        kind=f"base-{BASE_SUITE}",
        title="Making Docker's base image (cached from now on)",
        suite=BASE_SUITE,
        sources=mirrors.apt_lines(BASE_SUITE),
        options=[
            "--variant=minbase",
            "--include=ca-certificates",
            *_slimming(),
            *_settings_and_trust(),
            *(f'--aptopt=Dir::Cache::{cache} "";' for cache in ("pkgcache", "srcpkgcache")),
            f'--customize-hook=cp "{FILES}/apt-docker.conf" "$1/etc/apt/apt.conf.d/docker"',
            f"--customize-hook=cat > \"$1/etc/pip.conf\" << 'END'\n{pip_conf}END\n",
        ],
        ingredients=[FILES / "apt-docker.conf", *_trusted_files()],
        suffix=".tar",
    )


def _slimming() -> list[str]:
    """What the official Debian images leave out: documentation and translations. It halves the files to copy."""
    rules = (FILES / "dpkg-slim.cfg").read_text(encoding="utf-8").splitlines()
    return [f"--dpkgopt={rule}" for rule in rules]


def _settings_and_trust() -> list[str]:
    """What makes this machine's mirrors acceptable: some settings of apt, and the certificates that it trusts."""
    copies = [f'--customize-hook=cp "{path}" "$1{path.parent}/"' for path in _trusted_files()]
    update = '--customize-hook=chroot "$1" update-ca-certificates'
    # The bundle comes last, because it may hold more than update-ca-certificates can rebuild.
    return [*(f"--aptopt={line}" for line in mirrors.apt_settings()), *copies, update, copies[-1]]


def _trusted_files() -> list[Path]:
    return [*sorted(Path(_LOCAL_CAS).glob("*.crt")), Path(CA_BUNDLE)]
