"""How much of the host a container may take, and how it comes back."""

from __future__ import annotations

from pathlib import PurePosixPath

from tests.compliance.checking import Expect, configured, effective, tried
from tests.compliance.kernel import everywhere, megabytes
from tests.compliance.live import GATEWAY, LLM, SANDBOX, Container, Live
from tests.compliance.words import NOT_SET, NOTHING, UNLIMITED, Words

_MEGABYTE = 1024 * 1024
_MEMORY = {GATEWAY: 128 * _MEGABYTE, SANDBOX: 128 * _MEGABYTE, LLM: 256 * _MEGABYTE}
_PIDS = 64
# Starts what Docker, when it starts, could not.
_STARTED_BY = "picoclaw-containers.service"
_LOG = 3 * 1024 * 1024
_UNITS = {"k": 1024, "m": 1024**2, "g": 1024**3}


@configured("limits", "The limits are configured", "Limity są ustawione")
def test_limits_are_configured(live: Live, container: Container, expect: Expect) -> None:
    config, memory = container.host_config, _MEMORY[container.name]
    # Without a limit for both together it may swap as much again. A kernel that does not count swap takes none.
    swap = memory if live.docker.get("SwapLimit", True) else config["MemorySwap"]
    wanted = {"Memory": megabytes(memory), "MemorySwap": megabytes(swap), "NanoCpus": 10**9, "PidsLimit": _PIDS}
    sizes = {name: megabytes(config[name]) for name in ("Memory", "MemorySwap")}
    numbers = {name: config[name] for name in ("NanoCpus", "PidsLimit", "CgroupParent")}
    expect({**wanted, "CgroupParent": ""}, {**sizes, **numbers})


@effective("limits", "The memory limit is in force", "Limit pamięci obowiązuje")
def test_memory_limit_is_in_force(container: Container, expect: Expect) -> None:
    expect(megabytes(_MEMORY[container.name]), megabytes(container.limits.memory))


@effective("limits", "No swap on top of it", "Żadnego swapu ponad to")
def test_no_swap_on_top(container: Container, expect: Expect) -> None:
    if not container.limits.swap_counted:
        expect.cannot(
            "this kernel does not count swap (no memory.memsw files, no memory.swap.max), so nobody can limit it",
            "to jądro nie liczy swapu (brak plików memory.memsw i memory.swap.max), więc nikt nie może go ograniczyć",
        )
    expect(megabytes(0), megabytes(container.limits.swap))


@effective("limits", "The processor limit is in force", "Limit procesora obowiązuje")
def test_cpu_limit_is_in_force(container: Container, expect: Expect) -> None:
    expect("1 CPU", UNLIMITED if container.limits.cpus is None else f"{container.limits.cpus:g} CPU")


@effective("limits", "The limit of processes is in force", "Limit procesów obowiązuje")
def test_pids_limit_is_in_force(container: Container, expect: Expect) -> None:
    expect(_PIDS, UNLIMITED if container.limits.pids is None else container.limits.pids)


@configured("no-core-dumps", "The size of a core dump is limited to 0", "Rozmiar zrzutu pamięci ograniczony do 0")
def test_core_dumps_are_configured(container: Container, expect: Expect) -> None:
    found = {limit["Name"]: f"{limit['Soft']}:{limit['Hard']}" for limit in container.host_config["Ulimits"] or []}
    expect({"core": "0:0"}, {"core": found.get("core")})


@effective("no-core-dumps", "It is so for every process", "Tak jest dla każdego procesu")
def test_core_dumps_are_limited(container: Container, expect: Expect) -> None:
    expect("0:0", everywhere(container.processes, lambda p: ":".join(p.limit("Max core file size"))))


@tried("no-core-dumps", "Raising the limit is refused", "Podniesienie limitu jest odrzucane")
def test_raising_the_limit_is_refused(container: Container, expect: Expect) -> None:
    expect.refused({"setrlimit": container.probe["core"]}, "EPERM")


@configured("logs", "Logs are rotated: at most 3 MB", "Logi są rotowane: najwyżej 3 MB")
def test_logs_are_rotated(container: Container, expect: Expect) -> None:
    log = container.host_config["LogConfig"]
    options = log["Config"] or {}
    total = _bytes(options.get("max-size", "")) * int(options.get("max-file", "1"))
    seen = {"driver": log["Type"], "max-size": options.get("max-size"), "max-file": options.get("max-file")}
    well = log["Type"] in ("json-file", "local") and 0 < total <= _LOG
    expect.that(well, {"driver": "json-file", "max-size × max-file": f"≤ {megabytes(_LOG)}"}, seen)


def _bytes(size: str) -> int:
    number = size.lower().rstrip("kmgb")
    return int(number) * _UNITS.get(size.lower().removeprefix(number)[:1], 1) if number.isdigit() else 0


@configured("restart", "Docker starts it again, and starts itself at boot", "Docker wznawia go i sam startuje z hostem")
def test_it_comes_back(live: Live, container: Container, expect: Expect) -> None:
    # Docker tries once when it starts, which may be in vain; the second unit tries again.
    expect(
        {"RestartPolicy": "always", "docker.service": "enabled", _STARTED_BY: "enabled"},
        {
            "RestartPolicy": container.host_config["RestartPolicy"]["Name"],
            "docker.service": live.facts["boot"],
            _STARTED_BY: live.facts["start"],
        },
    )


@configured("health", "A health check is configured", "Kontrola zdrowia jest ustawiona")
def test_health_is_configured(container: Container, expect: Expect) -> None:
    words = (container.config.get("Healthcheck") or {}).get("Test") or []
    well = bool(words) and words[0].startswith("CMD")
    # The last word tells enough: a module or a file.
    expect.that(well, Words("a command", "polecenie"), PurePosixPath(words[-1]).name if words else NOT_SET)


@effective("health", "Docker asks, and is answered", "Docker pyta i dostaje odpowiedź")
def test_health_is_asked(container: Container, expect: Expect) -> None:
    state = container.inspect["State"].get("Health")
    if state is not None and state["Status"] == "starting":
        expect.cannot(
            "the container has only just started, the first question is still to come: run this again in a minute",
            "kontener dopiero wystartował, pierwsze pytanie przed nim: uruchom to ponownie za minutę",
        )
    # Whether the answer is a good one is no matter of hardening: `docker ps` tells.
    seen = NOTHING if state is None else state["Status"]
    expect.that(bool(state and state["Log"]), Words("healthy or unhealthy", "healthy albo unhealthy"), seen)
