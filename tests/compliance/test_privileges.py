"""What the processes of a container may do: user, capabilities, privileges, system calls."""

from __future__ import annotations

from tests.compliance.checking import Expect, configured, effective, tried
from tests.compliance.kernel import Process, everywhere
from tests.compliance.live import GATEWAY, LLM, ROLES, SANDBOX, Container, Live
from tests.compliance.words import NOTHING, Words

_CAPABILITIES = ("CapBnd", "CapPrm", "CapEff", "CapInh", "CapAmb")
# Each is refused whatever else an allow-list holds: it looks into other processes, or opens the kernel wide.
_FORBIDDEN = frozenset((
    "ptrace", "process_vm_readv", "process_vm_writev", "bpf", "perf_event_open", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "keyctl", "add_key", "request_key", "userfaultfd", "mount", "umount", "umount2",
    "mount_setattr", "fsopen", "fsconfig", "fsmount", "fspick", "open_tree", "move_mount", "pivot_root", "swapon",
    "swapoff", "init_module", "finit_module", "delete_module", "create_module", "kexec_load", "kexec_file_load",
    "reboot", "unshare", "setns", "open_by_handle_at", "acct", "quotactl", "syslog", "settimeofday", "clock_settime",
    "sethostname", "setdomainname", "iopl", "ioperm", "chroot", "kcmp", "pidfd_getfd", "process_madvise",
    "lookup_dcookie", "nfsservctl", "vm86", "modify_ldt",
))  # fmt: skip
_DOCKERS_OWN = 361  # calls that Docker's default profile allows whatever their arguments are
# Of these the gateway and litellm, which run no command, need less than half.
_SHARE = {GATEWAY: 1 / 2, SANDBOX: 2 / 3, LLM: 1 / 2}
_ARCHITECTURES = {"SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"}
_FAMILIES = {1: "AF_UNIX", 2: "AF_INET", 10: "AF_INET6"}


@configured(
    "cap-drop", "All capabilities are dropped, none is added", "Wszystkie uprawnienia odebrane, żadne nie dodane"
)
def test_capabilities_are_dropped(container: Container, expect: Expect) -> None:
    host = container.host_config
    expect(
        {"CapDrop": ["ALL"], "CapAdd": [], "Privileged": False},
        {"CapDrop": host["CapDrop"] or [], "CapAdd": host["CapAdd"] or [], "Privileged": host["Privileged"]},
    )


@effective("cap-drop", "No process has or can get a capability", "Żaden proces nie ma i nie zdobędzie uprawnienia")
def test_no_process_has_a_capability(container: Container, expect: Expect) -> None:
    # CapEff of a non-root process is empty even with a full bounding set; the bounding set is what counts.
    none = dict.fromkeys(_CAPABILITIES, "0" * 16)
    expect(none, everywhere(container.processes, lambda p: {name: p.status[name] for name in _CAPABILITIES}))


@tried("cap-drop", "chown to root, mknod and chroot are refused", "chown na roota, mknod i chroot są odrzucane")
def test_privileged_calls_are_refused(container: Container, expect: Expect) -> None:
    expect.refused(container.probe["capabilities"], "EPERM", "EACCES")


@configured("no-new-privileges", "The option is set", "Opcja jest ustawiona")
def test_no_new_privileges_is_configured(container: Container, expect: Expect) -> None:
    expect.that(
        container.security_option("no-new-privileges") in ("", "true"),
        "no-new-privileges",
        [option for option in container.host_config["SecurityOpt"] or [] if not option.startswith("seccomp=")],
    )


@effective("no-new-privileges", "Every process carries the flag", "Każdy proces nosi tę flagę")
def test_no_process_can_gain_privileges(container: Container, expect: Expect) -> None:
    expect("NoNewPrivs: 1", everywhere(container.processes, lambda p: f"NoNewPrivs: {p.status['NoNewPrivs']}"))


@tried("no-new-privileges", "Switching it off has no effect", "Wyłączenie jej nic nie daje")
def test_the_flag_cannot_be_taken_back(container: Container, expect: Expect) -> None:
    expect("NoNewPrivs: 1", f"NoNewPrivs: {container.probe['no-new-privileges']}")


@configured("seccomp", "The profile is the stack's own", "Profil jest własny, z /opt/stacks/picoclaw/seccomp")
def test_profile_is_the_one_of_the_stack(container: Container, expect: Expect) -> None:
    file = f"/opt/stacks/picoclaw/seccomp/{ROLES[container.name]}.json"
    same = bool(container.loaded_profile) and container.loaded_profile == container.profile
    given = container.security_option("seccomp")
    expect.that(same, file, file if same else Words("another", "inny") if given else Words("Docker's", "Dockera"))


@configured("seccomp", "Everything that is not listed is refused", "Wszystko spoza listy jest odrzucane")
def test_profile_is_an_allow_list(container: Container, expect: Expect) -> None:
    profile = container.loaded_profile
    found = {entry["architecture"] for entry in profile.get("archMap", [])} or set(profile.get("architectures", []))
    expect(
        {"default": "SCMP_ACT_ERRNO", "architectures": _ARCHITECTURES, "clone3": "ENOSYS"},
        {
            "default": profile.get("defaultAction"),
            "architectures": found,
            "clone3": "ENOSYS" if any(_answers_enosys(entry) for entry in profile.get("syscalls", [])) else None,
        },
    )


def _answers_enosys(entry: dict[str, object]) -> bool:
    return entry["names"] == ["clone3"] and entry["action"] == "SCMP_ACT_ERRNO" and entry.get("errnoRet") == 38


@configured("seccomp", "Far fewer calls than Docker's default", "Znacznie mniej wywołań niż w profilu Dockera")
def test_profile_is_smaller_than_dockers(container: Container, expect: Expect) -> None:
    count = len(_allowed(container, whatever_the_arguments=True))
    most = int(_DOCKERS_OWN * _SHARE[container.name])
    expect.that(0 < count <= most, f"≤ {most} / {_DOCKERS_OWN}", count)


@configured("seccomp", "No forbidden call is on the list", "Na liście nie ma zakazanych wywołań")
def test_no_forbidden_call_is_allowed(container: Container, expect: Expect) -> None:
    allowed = _allowed(container)
    none = Words(f"none of {len(_FORBIDDEN)}", f"żadnego z {len(_FORBIDDEN)}")
    seen = Words(f"none among {len(allowed)}", f"żadnego wśród {len(allowed)}") if allowed else NOTHING
    expect.that(bool(allowed) and not allowed & _FORBIDDEN, none, allowed & _FORBIDDEN or seen)


@configured("seccomp", "Sockets of the ordinary families only", "Tylko gniazda zwykłych rodzin")
def test_only_ordinary_sockets(container: Container, expect: Expect) -> None:
    entries = [e for e in container.loaded_profile.get("syscalls", []) if "socket" in e["names"]]
    allowed = [entry for entry in entries if entry["action"] == "SCMP_ACT_ALLOW"]
    families = {arg["value"] for entry in allowed for arg in entry.get("args") or [] if arg["index"] == 0}
    named = all(any(arg["index"] == 0 for arg in entry.get("args") or []) for entry in allowed)
    seen = {_FAMILIES.get(family, str(family)) for family in families} if named else {"*"}
    expect.that(bool(allowed) and seen <= {*_FAMILIES.values()}, {*_FAMILIES.values()}, seen)


def _allowed(container: Container, *, whatever_the_arguments: bool = False) -> set[str]:
    return {
        name
        for entry in container.loaded_profile.get("syscalls", [])
        if entry["action"] == "SCMP_ACT_ALLOW" and not (whatever_the_arguments and entry.get("args"))
        for name in entry["names"]
    }


@effective(
    "seccomp",
    "Every process is filtered, beyond the host's own filters",
    "Każdy proces jest filtrowany, ponad filtry hosta",
)
def test_every_process_is_filtered(live: Live, container: Container, expect: Expect) -> None:
    # LXC puts filters on everything, the host's process 1 included. Kernels before 5.9 do not count them.
    own = int(live.first.status.get("Seccomp_filters", 0))
    seen = everywhere(container.processes, lambda p: (p.status["Seccomp"], p.status.get("Seccomp_filters")))
    well = isinstance(seen, tuple) and seen[0] == "2" and (seen[1] is None or int(seen[1]) > own)
    expect.that(
        well, f"Seccomp: 2; filters > {own}", seen if not isinstance(seen, tuple) else f"Seccomp: 2; filters {seen[1]}"
    )


@tried("seccomp", "Calls that open the kernel are refused", "Wywołania otwierające jądro są odrzucane")
def test_forbidden_calls_are_refused(container: Container, expect: Expect) -> None:
    calls = dict(container.probe["calls"])
    wanted = {**dict.fromkeys(calls, "EPERM"), "clone3": "ENOSYS"}
    wrong = {call: answer for call, answer in calls.items() if answer != wanted[call]}
    expect.that(
        not wrong, Words(f"{len(calls)} calls refused", f"{len(calls)} wywołań odrzuconych"), wrong or _refused(calls)
    )


def _refused(calls: dict[str, str]) -> Words:
    return Words(f"refused: {', '.join(calls)}", f"odrzucone: {', '.join(calls)}")


@tried("seccomp", "Sockets to the kernel are refused", "Gniazda do jądra są odrzucane")
def test_unusual_sockets_are_refused(container: Container, expect: Expect) -> None:
    expect.refused(container.probe["families"], "EPERM")


@configured("non-root", "The user is set", "Użytkownik jest ustawiony")
def test_user_is_configured(container: Container, expect: Expect) -> None:
    expect(
        {"User": "1000:1000", "GroupAdd": []},
        {"User": container.config["User"], "GroupAdd": container.host_config["GroupAdd"] or []},
    )


@effective("non-root", "Every process is uid 1000 and gid 1000", "Każdy proces ma uid 1000 i gid 1000")
def test_every_process_is_uid_1000(container: Container, expect: Expect) -> None:
    wanted = {"Uid": {"1000"}, "Gid": {"1000"}, "Groups": {"1000"}}
    expect(wanted, everywhere(container.processes, _ids))


def _ids(process: Process) -> dict[str, set[str]]:
    found = {name: set(process.status[name].split()) for name in ("Uid", "Gid", "Groups")}
    return {**found, "Groups": found["Groups"] or {"1000"}}  # some runtimes set no supplementary group


@tried("non-root", "Becoming root is refused", "Zostanie rootem jest odrzucane")
def test_becoming_root_is_refused(container: Container, expect: Expect) -> None:
    expect.refused(container.probe["root"], "EPERM", "EINVAL")


@tried("non-root", "Places that are root's take no file", "W miejscach roota nie da się utworzyć pliku")
def test_roots_places_take_no_file(container: Container, expect: Expect) -> None:
    expect(set(), {path for path in container.probe["writable"] if path in ("/dev", "/dev/pts", "/sys/fs/cgroup")})


@effective("apparmor", "Docker's profile is enforced for every process", "Profil Dockera obowiązuje każdy proces")
def test_apparmor_is_enforced(live: Live, container: Container, expect: Expect) -> None:
    if live.facts["apparmor"] != "Y":
        expect.cannot(
            "this host's kernel has no AppArmor (as in most LXC containers), so there is no profile to enforce",
            "jądro tego hosta nie ma AppArmora (jak w większości kontenerów LXC), więc nie ma profilu do narzucenia",
        )
    if not any("apparmor" in option for option in live.docker.get("SecurityOptions") or []):
        expect.cannot(
            "Docker on this host does not use AppArmor (`docker info`): it may not load profiles, as inside LXC",
            "Docker na tym hoście nie używa AppArmora (`docker info`): nie wolno mu ładować profili, jak wewnątrz LXC",
        )
    expect("docker-default (enforce)", everywhere(container.processes, lambda p: p.apparmor))
