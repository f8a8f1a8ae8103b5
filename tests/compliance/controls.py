"""The controls: the README's words in both languages, and the numbers of the CIS Docker Benchmark (1.6 and 1.7)."""

from __future__ import annotations

from dataclasses import dataclass

from tests.compliance.words import Words


@dataclass(frozen=True, slots=True)
class Control:
    """One promise of the README's hardening table.

    Attributes:
        cis: the benchmark's recommendations that it answers.
        informs: it only tells how the host is set; nothing of this project fails by it.
    """

    id: str
    name: Words
    meaning: Words
    cis: tuple[str, ...] = ()
    informs: bool = False


_ALL = (
    Control(
        "read-only",
        Words("Read-only root file system", "System plików tylko do odczytu"),
        Words("a container cannot change its own programs", "kontener nie może zmienić własnych programów"),
        ("5.13",),
    ),
    Control(
        "cap-drop",
        Words("cap_drop: ALL", "cap_drop: ALL"),
        Words(
            "no Linux capability, the bounding set is empty",
            "żadnych uprawnień Linux capabilities, bounding set jest pusty",
        ),
        ("5.4", "5.5"),
    ),
    Control(
        "no-new-privileges",
        Words("no-new-privileges", "no-new-privileges"),
        Words("no way up through setuid programs", "żadnej drogi w górę przez programy setuid"),
        ("5.26",),
    ),
    Control(
        "seccomp",
        Words("Custom seccomp profile", "Własny profil seccomp"),
        Words(
            "an allow-list of system calls for each container; everything else is refused",
            "lista dozwolonych wywołań systemowych dla każdego kontenera; reszta jest odrzucana",
        ),
        ("5.22",),
    ),
    Control(
        "non-root",
        Words("Non-root user", "Zwykły użytkownik"),
        Words("every process is uid 1000", "każdy proces ma uid 1000"),
        ("4.1",),
    ),
    Control(
        "limits",
        Words("Resource limits", "Limity zasobów"),
        Words(
            "128 MB of memory (litellm 256 MB) and no swap on top, 1 CPU, 64 processes",
            "128 MB pamięci (litellm 256 MB) bez dodatkowego swapu, 1 CPU, 64 procesy",
        ),
        ("5.11", "5.12", "5.25", "5.29"),
    ),
    Control(
        "no-docker-socket",
        Words("No Docker socket", "Brak gniazda Dockera"),
        Words("a container cannot talk to Docker", "kontener nie może rozmawiać z Dockerem"),
        ("5.32",),
    ),
    Control(
        "network",
        Words("Isolated network", "Izolowana sieć"),
        Words(
            "the gateway is alone on its bridge and publishes nothing; the sandbox and litellm have no network at all",
            "bramka jest sama na swoim moście i niczego nie wystawia; piaskownica i litellm nie mają sieci wcale",
        ),
        ("5.8", "5.9", "5.10", "5.14", "5.30"),
    ),
    Control(
        "firewall",
        Words("Firewall", "Zapora"),
        Words(
            "the gateway reaches only DNS and TCP 443 of public addresses: not the host, its neighbours or the LAN",
            "bramka dosięga tylko DNS oraz TCP 443 adresów publicznych: nie hosta, nie sąsiadów, nie sieci LAN",
        ),
    ),
    Control(
        "tmpfs-noexec",
        Words("/tmp noexec, nosuid, nodev", "/tmp noexec, nosuid, nodev"),
        Words("nothing put there can be run", "niczego, co tam trafi, nie da się uruchomić"),
    ),
    Control(
        "allowed-users",
        Words("allowed_user_ids", "allowed_user_ids"),
        Words(
            "nobody else is heard; strangers get silence",
            "nikt inny nie jest słuchany; obcy dostają ciszę",
        ),
    ),
    Control(
        "secrets",
        Words("Secrets", "Sekrety"),
        Words(
            "in config.json alone (0600), which only the gateway can read; not in docker inspect, logs, environment or "
            "images",
            "tylko w config.json (0600), który czyta sama bramka; nie ma ich w docker inspect, logach, środowisku ani "
            "obrazach",
        ),
        ("4.10",),
    ),
    Control(
        "workspace",
        Words("Workspace nosuid, nodev", "Przestrzeń robocza nosuid, nodev"),
        Words(
            "a setuid program or a device that lands there has no effect",
            "program setuid albo urządzenie, które tam trafi, nie ma żadnej mocy",
        ),
    ),
    Control(
        "shm",
        Words("Small /dev/shm", "Małe /dev/shm"),
        Words("8 MB, and nothing put there can be run", "8 MB i niczego, co tam trafi, nie da się uruchomić"),
    ),
    Control(
        "mounts",
        Words("Only the mounts it needs, no device", "Tylko potrzebne montowania, żadnych urządzeń"),
        Words(
            "nothing of the host but the named volumes; /proc and /sys are masked",
            "nic z hosta prócz nazwanych wolumenów; /proc i /sys są zasłonięte",
        ),
        ("5.6", "5.18", "5.20"),
    ),
    Control(
        "namespaces",
        Words("Namespaces of its own", "Własne przestrzenie nazw"),
        Words(
            "a container sees no process, network, mount or IPC object but its own",
            "kontener widzi tylko własne procesy, sieć, montowania i obiekty IPC",
        ),
        ("5.10", "5.16", "5.17", "5.21", "5.31"),
    ),
    Control(
        "no-core-dumps",
        Words("No core dumps", "Żadnych zrzutów pamięci"),
        Words("a crash does not write secrets to a disk", "awaria nie zapisuje sekretów na dysku"),
        ("5.19",),
    ),
    Control(
        "confinement",
        Words("Confinement self-check", "Samokontrola zabezpieczeń"),
        Words(
            "a container that is weaker than it should be says so and does not serve",
            "kontener słabszy, niż powinien być, mówi to i nie pracuje",
        ),
    ),
    Control(
        "supply-chain",
        Words("Supply chain", "Łańcuch dostaw"),
        Words(
            "packages locked by hash, nothing beside them, nothing that runs by itself at start (.pth); litellm only "
            "where a model needs it",
            "pakiety przypięte skrótem (hash), nic obok nich, nic, co rusza samo przy starcie (.pth); litellm tylko "
            "tam, gdzie model go potrzebuje",
        ),
        ("4.2", "4.3"),
    ),
    Control(
        "apparmor",
        Words("AppArmor", "AppArmor"),
        Words(
            "Docker's profile is enforced where the host has AppArmor",
            "profil Dockera obowiązuje tam, gdzie host ma AppArmor",
        ),
        ("5.2",),
    ),
    Control(
        "host-files",
        Words("Files on the host", "Pliki na hoście"),
        Words(
            "nobody but root and the agent's user writes or reads what matters",
            "nikt prócz roota i użytkownika agenta nie zapisuje ani nie czyta tego, co ważne",
        ),
        ("3.5", "3.6", "3.15", "3.16", "3.17", "3.18", "3.23", "3.24"),
    ),
    Control(
        "logs",
        Words("Log rotation", "Rotacja logów"),
        Words("a flood of log lines cannot fill the disk", "zalew wpisów nie zapełni dysku"),
    ),
    Control(
        "restart",
        Words("Comes back by itself", "Wraca samo"),
        Words(
            "after any crash, also Docker's, and a reboot (always: benchmark 5.15 asks for at most 5 tries; waived)",
            "po awarii, też Dockera, i po restarcie hosta (always: 5.15 żąda najwyżej 5 prób, świadome odstępstwo)",
        ),
        ("5.15",),
    ),
    Control(
        "health",
        Words("Health check", "Kontrola zdrowia"),
        Words("Docker asks each container how it is", "Docker pyta każdy kontener, jak się ma"),
        ("4.6", "5.27"),
    ),
    Control(
        "daemon",
        Words("Docker daemon", "Demon Dockera"),
        Words(
            "left as it is for your other stacks; what picoclaw_harden_docker would set",
            "zostaje, jaki jest, dla innych usług; co ustawiłoby picoclaw_harden_docker",
        ),
        ("2.2", "2.14", "2.15", "2.16"),
        informs=True,
    ),
)

CONTROLS: dict[str, Control] = {control.id: control for control in _ALL}
