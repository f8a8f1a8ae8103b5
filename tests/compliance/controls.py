"""The controls, in the README's words, with the CIS Docker Benchmark's numbers where it has them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Control:
    """One promise of the README's hardening table."""

    id: str
    en: str
    pl: str
    cis: str = ""


CONTROLS: dict[str, Control] = {
    control.id: control
    for control in (
        Control("read-only", "Read-only root file system", "System plików tylko do odczytu", "5.12"),
        Control("cap-drop", "cap_drop: ALL", "cap_drop: ALL", "5.3"),
        Control("no-new-privileges", "no-new-privileges", "no-new-privileges", "5.25"),
        Control("seccomp", "Custom seccomp profile", "Własny profil seccomp", "5.21"),
        Control("non-root", "Non-root user, uid 1000", "Zwykły użytkownik, uid 1000", "4.1"),
        Control("limits", "128 MB RAM, 1 CPU, 64 processes", "128 MB RAM, 1 CPU, 64 procesy", "5.10, 5.11, 5.28"),
        Control("no-docker-socket", "No Docker socket", "Brak gniazda Dockera", "5.31"),
        Control("network", "Isolated network", "Izolowana sieć", "5.9, 5.29"),
        Control("tmpfs-noexec", "/tmp noexec, nosuid, nodev", "/tmp noexec, nosuid, nodev"),
        Control("allowed-users", "Allowed users only", "Tylko wskazani użytkownicy"),
        Control("secrets", "Secrets only in config.json, 0600", "Sekrety tylko w config.json, 0600", "4.10"),
    )
}
