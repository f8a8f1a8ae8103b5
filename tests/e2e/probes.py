"""What leaves the gateway's network, tried with real packets, and what of it arrives in the lab's internet."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.lab import Lab
from tests.stack import Stack

# All at once, as the agent's own uid. Prints {name: outcome}, an outcome being `reached` or why it was not.
_SOCKETS = r"""
import errno, json, selectors, socket, struct, sys, time
QUERY = struct.pack("!6H", 7, 0x100, 1, 0, 0, 0) + b"\x03api\x08telegram\x03org\x00" + struct.pack("!HH", 1, 1)
outcomes, selector = {}, selectors.DefaultSelector()
for name, (kind, address, port) in json.load(sys.stdin).items():
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    endpoint = socket.socket(family, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
    endpoint.setblocking(False)
    code = endpoint.connect_ex(socket.getaddrinfo(address, port)[0][4])
    if kind == "udp" and not code:
        endpoint.send(QUERY)
    outcomes[name] = errno.errorcode.get(code, "silence")
    if code in (0, errno.EINPROGRESS):
        outcomes[name] = "silence"
        selector.register(endpoint, selectors.EVENT_READ if kind == "udp" else selectors.EVENT_WRITE, name)
deadline = time.monotonic() + float(sys.argv[1])
while selector.get_map() and (left := deadline - time.monotonic()) > 0:
    for key, _ in selector.select(left):
        selector.unregister(key.fileobj)
        code = key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        outcomes[key.data] = errno.errorcode[code] if code else "reached"
print(json.dumps(outcomes))
"""
_WITNESS = """
table ip witness
delete table ip witness
table ip witness {
    set packets { type ipv4_addr . inet_proto; flags dynamic; size 4096; }
    set ports { type ipv4_addr . inet_proto . inet_service; flags dynamic; size 4096; }
    chain arriving {
        type filter hook prerouting priority -500; policy accept;
        iifname "lab" update @packets { ip daddr . ip protocol }
        iifname "lab" meta l4proto { tcp, udp } update @ports { ip daddr . ip protocol . th dport }
    }
}
"""

Target = tuple[str, str, int]
"""`tcp` or `udp`, address, port."""


def sockets(stack: Stack, targets: Mapping[str, Target], seconds: float = 1.5) -> dict[str, str]:
    """Try them from inside the gateway; `reached`, `silence`, or the name of an errno, by the target's name."""
    done = stack.lab.ssh(
        f"docker exec -i picoclaw /usr/bin/python3 -S -c '{_SOCKETS}' {seconds}", stdin=json.dumps(targets), check=True
    )
    outcomes: dict[str, str] = json.loads(done.stdout)
    return outcomes


@dataclass(frozen=True)
class Packets:
    """Sends packets that the gateway's seccomp profile would not let it make, from its network namespace."""

    lab: Lab

    def ping(self, address: str) -> bool:
        """Whether an echo is answered."""
        return self._inside(f"ping -c 1 -W 1 {address}").returncode == 0

    def raw(self, address: str, protocol: int) -> None:
        """Send one packet of this protocol."""
        self._perl(f"socket($s, 2, 3, {protocol})", "x" * 12, address, 0)

    def fragments(self, address: str, port: int) -> None:
        """Send one datagram that does not fit into a packet."""
        self._perl("socket($s, 2, 2, 17)", "x" * 4000, address, port)

    def _perl(self, make: str, payload: str, address: str, port: int) -> None:
        # A refusal may come back as an error of `send`; what counts is what arrives.
        script = (
            f"use Socket; {make} or die; send($s, '{payload}', 0, pack_sockaddr_in({port}, inet_aton('{address}')))"
        )
        assert self._inside(f'perl -e "{script.replace("$", chr(92) + "$")}"').returncode == 0

    def _inside(self, command: str) -> subprocess.CompletedProcess[str]:
        pid = "$(docker inspect --format '{{.State.Pid}}' picoclaw)"
        return self.lab.ssh(f"nsenter --net --target {pid} {command}")


class Witness:
    """Counts what arrives in the `internet` namespace, whatever it is."""

    def __init__(self, lab: Lab) -> None:
        self._namespace = lab.places.internet_namespace

    def start(self) -> None:
        """Forget what has arrived so far."""
        self._nft("-f", "-", stdin=_WITNESS)

    def stop(self) -> None:
        """Leave the namespace as it was."""
        self._nft("delete", "table", "ip", "witness")

    def ports(self) -> set[Target]:
        """What TCP and UDP was sent to."""
        return {(str(proto), str(address), int(port)) for address, proto, port in self._elements("ports")}

    def protocols(self, address: str) -> set[str]:
        """By which protocols this address was sent to."""
        return {str(protocol) for seen, protocol in self._elements("packets") if seen == address}

    def _elements(self, name: str) -> Iterator[list[Any]]:
        listed = json.loads(self._nft("--json", "list", "set", "ip", "witness", name))
        for part in listed["nftables"]:
            for element in part.get("set", {}).get("elem", []):
                # A set that counts its elements puts each into an object of its own.
                yield element.get("elem", {}).get("val", element)["concat"]

    def _nft(self, *words: str, stdin: str = "") -> str:
        command = ["ip", "netns", "exec", self._namespace, "nft", *words]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, check=True).stdout


@contextmanager
def witness(lab: Lab) -> Iterator[Witness]:
    """A witness for a while."""
    watching = Witness(lab)
    watching.start()
    try:
        yield watching
    finally:
        watching.stop()
