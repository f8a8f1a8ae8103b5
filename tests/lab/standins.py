"""The two processes that live in the `internet` namespace: the network's own, and the stand-ins for real services."""

import json
import os
import select
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.lab.addresses import SITES, Subnet
from tests.lab.authority import Authority, write_private
from tests.lab.commands import tail
from tests.lab.errors import LabError
from tests.lab.internet import Internet, Relay
from tests.lab.mirrors import Endpoint
from tests.lab.paths import REPOSITORY, Places
from tests.lab.processes import ProcessId

_PATIENCE_S = 120  # seconds; an emulated machine needs most of them


def write_internet(places: Places, subnet: Subnet, endpoints: list[Endpoint]) -> Internet:
    """Writes what the internet process serves."""
    mirrors = subnet.mirrors(endpoint.host for endpoint in endpoints)
    internet = Internet(
        namespace=places.internet_namespace,
        resolvers=(subnet.resolver, subnet.gateway),
        names=mirrors | subnet.services() | SITES,
        relays=tuple(Relay(mirrors[endpoint.host], endpoint.port, endpoint.host) for endpoint in endpoints),
    )
    internet.save(places.internet)
    return internet


def write_fakes(places: Places, subnet: Subnet) -> None:
    """Makes the lab's certificate authority and, signed by it, a certificate for every stand-in."""
    authority = Authority.create(places.name)
    authority.save(places.ca)
    folder = places.dir / "certificates"
    folder.mkdir(exist_ok=True)
    hosts = {}
    for host, address in (subnet.services() | SITES).items():
        certificate, key = authority.issue(host)
        (folder / f"{host}.pem").write_bytes(certificate)
        write_private(folder / f"{host}.key", key)
        hosts[host] = {
            "address": address,
            "cert": str(folder / f"{host}.pem"),
            "key": str(folder / f"{host}.key"),
        }
    places.fakes.write_text(json.dumps({"hosts": hosts, "control": str(places.control)}, indent=2), encoding="utf-8")


def start_internet(places: Places) -> ProcessId:
    """Starts the process behind DNS, mirrors and probe targets, and waits until it serves.

    Raises:
        LabError: it ended instead.
    """
    reading, writing = os.pipe()
    log = places.dir / "internet.log"
    arguments = ["-m", "tests.lab.serve", "--lab", str(places.dir), "--ready-fd", str(writing)]
    process = _start([sys.executable, *arguments], log, pass_fds=(writing,))
    os.close(writing)
    ready = bool(select.select([reading], [], [], _PATIENCE_S)[0]) and os.read(reading, 1)
    os.close(reading)
    if not ready:
        raise LabError(f"The lab's internet process did not start: {tail(log)}")
    return process


def start_fakes(places: Places) -> ProcessId:
    """Starts the stand-ins and waits until their control socket answers.

    Raises:
        LabError: they ended instead, or the time is up.
    """
    places.control.unlink(missing_ok=True)
    log = places.dir / "fakes.log"
    arguments = ["-m", "tests.fakes", "--lab", str(places.dir)]
    process = _start(["ip", "netns", "exec", places.internet_namespace, sys.executable, *arguments], log)
    deadline = time.monotonic() + _PATIENCE_S
    while not _answers_ping(places.control):
        if not process.alive or time.monotonic() > deadline:
            process.end()
            raise LabError(f"The stand-ins (tests.fakes) did not start: {tail(log)}")
        time.sleep(0.05)
    return process


def _start(command: list[str], log: Path, pass_fds: tuple[int, ...] = ()) -> ProcessId:
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=pass_fds,
            start_new_session=True,
        )
    return ProcessId.let_go(process)


def _answers_ping(control: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(2)
            connection.connect(str(control))
            connection.sendall(b"GET /ping HTTP/1.1\r\nHost: control\r\nConnection: close\r\n\r\n")
            return connection.recv(64).split(b" ")[1:2] == [b"200"]
    except OSError:
        return False
