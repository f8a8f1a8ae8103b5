"""What a container is connected to, and which namespaces it has of its own."""

from __future__ import annotations

from tests.compliance.checking import Expect, configured, effective, tried
from tests.compliance.kernel import everywhere
from tests.compliance.live import GATEWAY, LLM, SANDBOX, Container, Live
from tests.compliance.words import Words

_NETWORK, _BRIDGE = "picoclaw-net", "br-picoclaw"
_NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "uts")
_NETWORKS = {GATEWAY: {_NETWORK}, SANDBOX: {"none"}, LLM: {"none"}}
# The kernel puts these, down, into every network namespace once their module is loaded on the host.
_FALLBACK_TUNNELS = frozenset((
    "erspan0", "gre0", "gretap0", "ip6_vti0", "ip6gre0", "ip6tnl0", "ip_vti0", "sit0", "tunl0",
))  # fmt: skip
_INTERFACES = {GATEWAY: {"lo", "eth0"}, SANDBOX: {"lo"}, LLM: {"lo"}}


@configured("network", "It is on its one network alone", "Jest tylko w swojej jednej sieci")
def test_it_is_on_one_network(container: Container, expect: Expect) -> None:
    wanted = _NETWORKS[container.name]
    expect(
        {"NetworkMode": next(iter(wanted)), "Networks": wanted},
        {"NetworkMode": container.host_config["NetworkMode"], "Networks": container.networks},
    )


@configured("network", "The gateway is alone on its bridge", "Bramka jest sama na swoim moście")
def test_gateway_is_alone_on_its_bridge(live: Live, expect: Expect) -> None:
    network = live.network
    expect(
        {"driver": "bridge", "bridge": _BRIDGE, "IPv6": False, "members": {GATEWAY}},
        {
            "driver": network.get("Driver"),
            "bridge": (network.get("Options") or {}).get("com.docker.network.bridge.name"),
            "IPv6": network.get("EnableIPv6"),
            "members": {member["Name"] for member in (network.get("Containers") or {}).values()},
        },
    )


@configured("network", "Nothing is published", "Nic nie jest wystawione")
def test_nothing_is_published(container: Container, expect: Expect) -> None:
    ports = container.inspect["NetworkSettings"]["Ports"] or {}
    expect(
        {"PortBindings": set(), "Ports": set(), "PublishAllPorts": False},
        {
            "PortBindings": set(container.host_config["PortBindings"] or {}),
            "Ports": {port for port, where in ports.items() if where},
            "PublishAllPorts": container.host_config["PublishAllPorts"],
        },
    )


@effective(
    "network", "Every process sees these interfaces and no other", "Każdy proces widzi te interfejsy i żadne inne"
)
def test_interfaces(container: Container, expect: Expect) -> None:
    expect(
        _INTERFACES[container.name], everywhere(container.processes, lambda p: set(p.interfaces) - _FALLBACK_TUNNELS)
    )


@tried("network", "Without a network it reaches nothing", "Bez sieci niczego nie dosięga")
def test_nothing_is_reached(offline: Container, expect: Expect) -> None:
    outside = {target: answer for target, answer in offline.probe["connect"].items() if not target.startswith("127.")}
    reached = {t: a for t, a in outside.items() if a not in ("ENETUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL")}
    count = len(outside)
    expect.that(
        not reached and count > 10,
        Words(f"{count} addresses: no route", f"{count} adresów: brak trasy"),
        reached or Words(f"no route: {', '.join(outside)}", f"brak trasy: {', '.join(outside)}"),
    )


@configured("namespaces", "It shares no namespace with the host", "Nie dzieli z hostem żadnej przestrzeni nazw")
def test_namespaces_are_configured(container: Container, expect: Expect) -> None:
    names = ("PidMode", "IpcMode", "UTSMode", "UsernsMode", "CgroupnsMode")
    seen = {name: container.host_config.get(name, "") for name in names}
    expect({"PidMode": "", "IpcMode": "private", "UTSMode": "", "UsernsMode": "", "CgroupnsMode": "private"}, seen)


@effective(
    "namespaces",
    "Every process has its own, unlike the host's and other containers'",
    "Każdy proces ma własne, inne niż host i inne kontenery",
)
def test_namespaces_are_its_own(live: Live, container: Container, expect: Expect) -> None:
    others = {"the host": live.first.namespaces}
    others |= {name: found for name, found in live.neighbours.items() if name != container.name}

    def shared(namespaces: dict[str, str]) -> set[str]:
        return {
            f"{name} ({other})"
            for name in _NAMESPACES
            for other, found in others.items()
            if namespaces.get(name) is None or found.get(name) == namespaces[name]
        }

    expect(set(), everywhere(container.processes, lambda p: shared(p.namespaces)))


@effective("namespaces", "A process that came by docker exec has the same", "Proces z docker exec ma te same")
def test_an_executed_process_is_inside_as_well(container: Container, expect: Expect) -> None:
    executed = [process for process in container.processes if process.number_inside == container.probe["pid"]]
    wanted = {name: container.first.namespaces[name] for name in _NAMESPACES}
    expect(wanted, {name: process.namespaces.get(name) for process in executed for name in _NAMESPACES})


@effective("namespaces", "User namespace of its own", "Własna przestrzeń użytkowników")
def test_user_namespace(live: Live, container: Container, expect: Expect) -> None:
    if container.first.namespaces["user"] == live.first.namespaces["user"]:
        expect.cannot(
            "Docker on this host runs without userns-remap: a setting of the whole daemon, which would change every "
            "other stack; uid 1000 without capabilities stands in for it",
            "Docker na tym hoście działa bez userns-remap: to ustawienie całego demona, zmieniłoby wszystkie inne "
            "usługi; zastępuje je uid 1000 bez uprawnień",
        )
    expect(False, container.first.namespaces["user"] == live.first.namespaces["user"])


@tried("namespaces", "It sees no process but its own", "Nie widzi procesów innych niż własne")
def test_only_own_processes_are_visible(container: Container, expect: Expect) -> None:
    # Some may have come and gone between the two looks; but the host has far more than a container may.
    inside, visible = {process.number_inside for process in container.processes}, container.probe["visible"]
    first = container.name if container.first.number_inside == 1 else Words("the host's", "hosta")
    expect.that(
        first == container.name and container.probe["pid"] in visible and len(visible) <= len(inside) + 8,
        {"process 1": container.name, "visible": f"≈ {len(inside)}"},
        {"process 1": first, "visible": len(visible)},
    )
