"""Where this machine gets its packages from, so that the lab gets them from there too.

No address of a mirror or registry stands in this repository: apt and pip are asked.
"""

import importlib
import platform
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from tests.lab.commands import run
from tests.lab.errors import LabError

_PORTS = {"http": 80, "https": 443}
_POCKETS = ("", "-updates", "-security")
_CARRIED_APT_SETTINGS = ("Acquire::Check-Valid-Until", "Acquire::Check-Date")
_CARRIED_PIP_SETTINGS = ("index-url", "extra-index-url", "timeout")


@dataclass(frozen=True, order=True)
class Endpoint:
    """A host and port that serves packages."""

    host: str
    port: int


def apt_lines(suite: str) -> list[str]:
    """Returns this machine's Debian sources as one-line entries for another suite; none where it is no Debian."""
    release = platform.freedesktop_os_release()
    if release.get("ID") != "debian":
        return []
    return translate_targets(_index_targets(), release.get("VERSION_CODENAME", ""), suite)


@cache
def _index_targets() -> str:
    return run("apt-get", "indextargets", "--format", "$(SITE) $(RELEASE) $(ORIGIN)", "Created-By: Packages")


def translate_targets(targets: str, codename: str, suite: str) -> list[str]:
    """Turns lines of `SITE RELEASE ORIGIN` of one Debian release into source lines of another.

    Third parties' repositories and pockets other than updates and security are left out. Apt knows the origin only of
    what it has fetched before.
    """
    lines: dict[str, None] = {}
    for target in targets.splitlines():
        site, release, origin = target.split(maxsplit=2)
        pocket = release.removeprefix(codename)
        if release.startswith(codename) and pocket in _POCKETS and origin in {"Debian", "$(ORIGIN)"}:
            lines[f"deb {site} {suite}{pocket} main"] = None
    return list(lines)


def apt_settings() -> list[str]:
    """Returns the lines of apt.conf without which this machine's mirrors might not be accepted."""
    dump = run("apt-config", "dump", *_CARRIED_APT_SETTINGS)
    return [line for line in dump.splitlines() if not line.endswith('"";')]


@cache
def pip_settings() -> dict[str, str]:
    """Returns this machine's settings of pip by their plain name; the environment wins over files."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False, cwd="/"
    )
    return parse_pip_config(done.stdout)


def parse_pip_config(listing: str) -> dict[str, str]:
    """Parses lines of `pip config list`, such as `global.index-url='https://...'`."""
    settings: dict[str, str] = {}
    for line in sorted(listing.splitlines(), key=lambda line: line.startswith(":env:")):
        key, _, value = line.partition("=")
        settings[key.rpartition(".")[2]] = value.strip("'\"")
    return settings


def pip_conf(settings: dict[str, str], bundle: str) -> str:
    """Returns a pip.conf for the lab: this machine's indexes, without what lies in files here."""
    lines = ["[global]", f"cert = {bundle}"]
    for key in _CARRIED_PIP_SETTINGS:
        remote = [word for word in settings.get(key, "").split() if not word.startswith(("file:", "/"))]
        if remote:
            lines.append(f"{key} = {' '.join(remote)}")
    return "\n".join(lines) + "\n"


def pip_urls(settings: dict[str, str]) -> list[str]:
    """Returns the addresses from which pip reads indexes and files, in files on this machine too."""
    configured = [*settings.get("index-url", "").split(), *settings.get("extra-index-url", "").split()]
    if "index-url" in settings:
        return configured
    try:
        default = importlib.import_module("pip._internal.models.index").PyPI
    except ImportError:
        raise LabError(f"{sys.executable} has no pip, so its package index is unknown; install pip there.") from None
    return [default.simple_url, f"https://{default.file_storage_domain}/", *configured]


def source_urls(root: Path) -> list[str]:
    """Returns the addresses in the apt sources of a root file system."""
    files = [root / "etc/apt/sources.list", *(root / "etc/apt/sources.list.d").glob("*")]
    words = [word for file in files if file.is_file() for word in file.read_text(encoding="utf-8").split()]
    return [word for word in words if urlsplit(word).scheme in _PORTS]


def endpoints(urls: Iterable[str]) -> list[Endpoint]:
    """Returns what the given addresses connect to, each once, in a stable order.

    A mirror's plain HTTP often redirects to HTTPS, so both standard ports of a host come together.
    """
    found = set()
    for url in urls:
        parts = urlsplit(url)
        if parts.hostname is None or parts.scheme not in _PORTS:
            continue
        if parts.port is None:
            found |= {Endpoint(parts.hostname, port) for port in _PORTS.values()}
        else:
            found.add(Endpoint(parts.hostname, parts.port))
    return sorted(found)
