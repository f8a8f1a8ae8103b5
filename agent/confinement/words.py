"""The names of the controls and the words around them, in English and Polish."""

# ruff: noqa: S108 - these are names of mount points

NAMES = {
    "read-only": ("Read-only root file system", "System plików tylko do odczytu"),
    "writable": ("Places to write", "Miejsca do zapisu"),
    "volume": ("Data", "Dane"),
    "capabilities": ("Capabilities", "Uprawnienia (capabilities)"),
    "no-new-privileges": ("no-new-privileges", "no-new-privileges"),
    "seccomp": ("System call filter", "Filtr wywołań systemowych"),
    "user": ("User", "Użytkownik"),
    "memory": ("Memory", "Pamięć"),
    "swap": ("Swap", "Pamięć wymiany"),
    "cpu": ("Processors", "Procesory"),
    "pids": ("Processes", "Procesy"),
    "docker-socket": ("Docker socket", "Gniazdo Dockera"),
    "network": ("Network interfaces", "Interfejsy sieciowe"),
    "firewall": ("Host through the firewall", "Host przez zaporę"),
    "tmp": ("/tmp", "/tmp"),
    "shm": ("/dev/shm", "/dev/shm"),
    "core-dumps": ("Core dumps", "Zrzuty pamięci"),
    "namespaces": ("Processes of its own", "Własna przestrzeń procesów"),
    "kernel-files": ("/proc and /sys", "/proc i /sys"),
    "devices": ("Devices", "Urządzenia"),
}
HEADINGS = (("control", "expected", "seen"), ("zabezpieczenie", "oczekiwane", "zastane"))
VERDICTS = (
    ("{ok} of {all} controls are in force.", "Only {ok} of {all} controls are in force: run the deploy again."),
    ("Działa {ok} z {all} zabezpieczeń.", "Działa tylko {ok} z {all} zabezpieczeń: uruchom wdrożenie ponownie."),
)


def index(language: str) -> int:
    """Which of each pair: Polish for `pl`, `pl_PL.UTF-8` and the like, English for all else."""
    return 1 if language.lower().startswith("pl") else 0
