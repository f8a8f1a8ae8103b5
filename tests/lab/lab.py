"""A lab: a Mikrus-like host on this machine, and an internet of its own around it."""

import subprocess
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from tests.lab import images, inventory, machine, mirrors, network, nspawn, recipes, ssh, standins
from tests.lab.addresses import choose_subnet
from tests.lab.commands import tail
from tests.lab.errors import LabError
from tests.lab.paths import Places, cache_dir, state_dirs
from tests.lab.progress import say, step
from tests.lab.rootfs import Rootfs
from tests.lab.state import State

DEFAULT_NAME = "picoclaw-lab"
DEFAULT_OS = "bookworm"
SUPPORTED = tuple(recipes.DOCKER_PACKAGES)


@dataclass
class Lab:
    """A lab that is up; made by `Lab.up` or `Lab.open`, gone with `down`."""

    places: Places
    state: State

    @classmethod
    def up(cls, name: str = DEFAULT_NAME, os: str = DEFAULT_OS) -> "Lab":
        """Raises a lab, or returns the one of that name that is up already.

        What a crashed run left under that name is removed first.

        Raises:
            LabError: the machine is not fit, something failed, or the name is in use with another system.
        """
        if os not in SUPPORTED:
            raise LabError(f"{os!r} cannot be raised; the lab knows {' and '.join(SUPPORTED)}.")
        places = Places(name)
        machine.prepare()
        with _alone(name):
            lab = cls.find(name)
            if lab is not None and lab.running:
                lab._refuse_another(os)
                lab._start_missing_processes()
                say(f"{name} is already up ({os}, {lab.address}).")
                return lab
            _remove(places)
            return cls._raise(places, os)

    @classmethod
    def find(cls, name: str = DEFAULT_NAME) -> "Lab | None":
        """Returns the lab of that name, running or crashed; None when there is none."""
        places = Places(name)
        state = State.load(places)
        return cls(places, state) if state is not None else None

    @classmethod
    def open(cls, name: str = DEFAULT_NAME) -> "Lab":
        """Returns the running lab of that name.

        Raises:
            LabError: there is none.
        """
        lab = cls.find(name)
        if lab is None or not lab.running:
            raise LabError(f"The lab {name} is not up; raise it with `python -m tests.lab up --name {name}`.")
        return lab

    @property
    def name(self) -> str:
        """Its name, which is also the lab host's host name."""
        return self.places.name

    @property
    def state_dir(self) -> Path:
        """The folder with hosts.json, ca.pem, control.sock, ssh_config and the journals."""
        return self.places.dir

    @property
    def address(self) -> str:
        """Where the lab host's sshd listens."""
        return self.state.subnet.host

    @property
    def running(self) -> bool:
        """Whether it came up whole and its host has not ended since."""
        host = self.state.processes.get("host")
        return self.state.complete and host is not None and host.alive

    @property
    def host_pid(self) -> int:
        """The number, on this machine, of the process that is number 1 in the lab host."""
        pid = nspawn.init_of(self.state.processes["host"])
        if pid is None:
            raise LabError(f"The lab host {self.name} is not running.")
        return pid

    @property
    def refused_packets(self) -> int:
        """How many packets the lab host has sent to the machine of its own accord, all of them refused."""
        return network.refused_packets(self.places)

    def ssh(
        self, script: str, *, check: bool = False, stdin: str | None = None, timeout: float = 600
    ) -> subprocess.CompletedProcess[str]:
        """Runs a shell script as root on the lab host.

        Raises:
            LabError: `check` is set and it failed.
            subprocess.TimeoutExpired: it took longer than `timeout` seconds.
        """
        done = ssh.run(self.places, script, stdin=stdin, timeout=timeout)
        if check and done.returncode != 0:
            raise LabError(
                f"`{script}` failed on {self.name} ({done.returncode}): {(done.stderr or done.stdout).strip()}"
            )
        return done

    def reset(self) -> None:
        """Puts the lab host back to how it was right after `up`; keys, addresses and stand-ins stay."""
        with step(f"Putting {self.name} back to its pristine state"):
            self._end_host()
            self._boot(pristine=True)

    def reboot(self) -> None:
        """Shuts the lab host down in good order and starts it again, with its disk as it was."""
        with step(f"Rebooting {self.name}"):
            self.ssh("systemctl poweroff", timeout=30)
            self._await_end(seconds=60)
            self._end_host()
            self._boot(pristine=False)

    def down(self) -> None:
        """Removes the lab with all its traces but the caches."""
        remove(self.name)

    @classmethod
    def _raise(cls, places: Places, os: str) -> "Lab":
        # Images first: they take the longest, and need nothing removed when they fail.
        images.make(os)
        with images.locked(cache_dir() / "subnets.lock"):
            subnet = choose_subnet(places.name, network.taken_numbers() | _numbers_of_labs())
            places.dir.mkdir(parents=True, mode=0o700)
            lab = cls(places, State(os, subnet.number))
            lab.state.save(places)
        with step(f"Raising {places.name} ({os}, {lab.address})"):
            lab._make_surroundings()
            lab._start_missing_processes()
            lab._boot(pristine=True)
        lab.state.complete = True
        lab.state.save(places)
        return lab

    def _make_surroundings(self) -> None:
        subnet = self.state.subnet
        endpoints = mirrors.endpoints(
            [*mirrors.pip_urls(mirrors.pip_settings()), *mirrors.source_urls(images.make(self.state.os).host_root)]
        )
        internet = standins.write_internet(self.places, subnet, endpoints)
        standins.write_fakes(self.places, subnet)
        ssh.make_keys(self.places, subnet.host)
        inventory.write_hosts(self.places, subnet)
        network.create(self.places, subnet, {subnet.resolver, *internet.names.values()})

    def _start_missing_processes(self) -> None:
        for name, start in (("internet", standins.start_internet), ("fakes", standins.start_fakes)):
            process = self.state.processes.get(name)
            if process is None or not process.alive:
                self.state.processes[name] = start(self.places)
                self.state.save(self.places)

    def _boot(self, *, pristine: bool) -> None:
        made = images.make(self.state.os)
        if pristine:
            Rootfs(self.places, self.state.subnet).create(made.host_root)
        host = self.state.processes["host"] = nspawn.boot(self.places, made.base_tar)
        self.state.save(self.places)
        try:
            ssh.wait_for(self.address, lambda: host.alive)
        except LabError as error:
            raise LabError(f"{error}; its console said: {tail(self.places.console)}") from None

    def _end_host(self) -> None:
        ssh.hang_up(self.places)
        nspawn.end(self.places, self.state.processes.get("host"))

    def _await_end(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.running and time.monotonic() < deadline:
            time.sleep(0.2)

    def _refuse_another(self, os: str) -> None:
        if os != self.state.os:
            raise LabError(
                f"{self.name} is up with {self.state.os}; take it down first, or give the {os} lab another --name."
            )


def remove(name: str) -> bool:
    """Removes all traces of a lab but the caches, however much of it is there; tells whether there was one."""
    places = Places(name)
    with _alone(name):
        return _remove(places)


def _alone(name: str) -> AbstractContextManager[None]:
    return images.locked(cache_dir() / f"lab-{name}.lock")


def _remove(places: Places) -> bool:
    state = State.load(places)
    processes = dict(state.processes) if state is not None else {}
    ssh.hang_up(places)
    nspawn.end(places, processes.pop("host", None))
    for process in processes.values():
        process.end()
    network.remove(places)
    existed = places.dir.exists()
    images.remove_tree(places.dir)
    return existed


def names_of_labs() -> list[str]:
    """Returns the names of all labs there are, running or crashed."""
    return [folder.name for folder in state_dirs()]


def _numbers_of_labs() -> set[int]:
    states = [State.load(Places(name)) for name in names_of_labs()]
    return {state.number for state in states if state is not None}
