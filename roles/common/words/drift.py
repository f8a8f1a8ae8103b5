"""What is not as it should be: what is wanted, and what is found."""

from __future__ import annotations

from agent.language import Language

_VALUES: dict[str, dict[Language, str]] = {
    "yes": {"en": "yes", "pl": "tak"},
    "no": {"en": "no", "pl": "nie"},
    "none": {"en": "none", "pl": "brak"},
    "default_seccomp": {"en": "docker's default", "pl": "domyślny profil Dockera"},
    "some_device": {"en": "a device", "pl": "jakieś urządzenie"},
    "image_unbuilt": {"en": "{image} (not built yet)", "pl": "{image} (jeszcze nie zbudowany)"},
}

_KINDS: dict[str, dict[Language, str]] = {
    "kind_file": {"en": "file", "pl": "plik"},
    "kind_directory": {"en": "directory", "pl": "katalog"},
    "kind_symbolic link": {"en": "symbolic link", "pl": "dowiązanie symboliczne"},
    "kind_special file": {"en": "special file", "pl": "plik specjalny"},
    "kind_container": {"en": "container", "pl": "kontener"},
    "kind_network": {"en": "network", "pl": "sieć"},
    "kind_image": {"en": "image", "pl": "obraz"},
    "kind_stage": {"en": "stage", "pl": "etap budowania"},
    "kind_unit": {"en": "unit", "pl": "jednostka systemd"},
    "kind_table": {"en": "table", "pl": "tabela"},
    "kind_volume": {"en": "volume", "pl": "wolumen"},
    "kind_data": {"en": "data", "pl": "dane"},
}

# Of any two things that were compared.
_DIFFERENCES: dict[str, dict[Language, str]] = {
    "difference": {
        "en": "{name}: {wanted} wanted, {found} found",
        "pl": "{name}: powinno być {wanted}, jest {found}",
    },
    "difference_unwanted": {
        "en": "{name}: none wanted, {found} found",
        "pl": "{name}: nic nie powinno tu być, jest {found}",
    },
    "difference_missing": {
        "en": "{name}: {wanted} wanted, none found",
        "pl": "{name}: powinno być {wanted}, nie ma nic",
    },
    "owner_differs": {
        "en": "{path}: owner {wanted} wanted, {found} found",
        "pl": "{path}: właścicielem powinien być {wanted}, jest {found}",
    },
    "mode_differs": {
        "en": "{path}: mode {wanted} wanted, {found} found",
        "pl": "{path}: tryb powinien być {wanted}, jest {found}",
    },
    "content_differs": {"en": "{path}: content differs", "pl": "{path}: treść jest inna"},
    "left_over": {"en": "{kind} {name}: none wanted, found", "pl": "{kind} {name}: nie powinno tego być, a jest"},
    "packages_missing": {"en": "packages: {names} wanted, not found", "pl": "pakiety: potrzebne {names}, nie ma ich"},
}

_CONTAINERS: dict[str, dict[Language, str]] = {
    "container_missing": {
        "en": "{name}: container wanted, none found",
        "pl": "{name}: powinien być kontener, nie ma żadnego",
    },
    "container_stopped": {
        "en": "{name}: running wanted, {status} found",
        "pl": "{name}: powinien działać (running), jest {status}",
    },
    "config_newer": {
        "en": "{name}: config.json changed after it was started",
        "pl": "{name}: config.json zmienił się po jego uruchomieniu",
    },
    "image_missing": {
        "en": "image {image}: {tag} wanted, not found",
        "pl": "obraz {image}: powinien być {tag}, nie ma go",
    },
    "image_refreshed": {
        "en": "image {image}: packages of today wanted (picoclaw_refresh)",
        "pl": "obraz {image}: powinien mieć dzisiejsze pakiety (picoclaw_refresh)",
    },
}

_NETWORK: dict[str, dict[Language, str]] = {
    "of_network": {"en": "network {name}: {line}", "pl": "sieć {name}: {line}"},
    "network_missing": {
        "en": "network {name}: network wanted, none found",
        "pl": "sieć {name}: powinna istnieć, a nie ma jej",
    },
    "network_stranger": {
        "en": "network {name}: only the gateway wanted, {stranger} found",
        "pl": "sieć {name}: powinna w niej być tylko bramka, jest {stranger}",
    },
    "of_firewall": {"en": "firewall: {line}", "pl": "zapora: {line}"},
    "firewall_missing": {"en": "table inet {table} wanted, none found", "pl": "nie ma tabeli inet {table}"},
    "firewall_old": {
        "en": "the present rules wanted, other ones found loaded",
        "pl": "powinny działać obecne reguły, załadowane są inne",
    },
    "firewall_changed": {
        "en": "{place} wanted as loaded, changed or removed found",
        "pl": "{place}: po załadowaniu zmieniono to albo usunięto",
    },
    "firewall_added": {
        "en": "{place} wanted as loaded, an addition found",
        "pl": "{place}: po załadowaniu coś tu dodano",
    },
    "firewall_reordered": {
        "en": "rules wanted in the order loaded, another order found",
        "pl": "reguły są w innej kolejności, niż je załadowano",
    },
    "place_rule": {"en": "rule in chain {name}", "pl": "reguła w łańcuchu {name}"},
    "place_chain": {"en": "chain {name}", "pl": "łańcuch {name}"},
    "place_set": {"en": "set {name}", "pl": "zbiór {name}"},
}

_VOLUMES: dict[str, dict[Language, str]] = {
    "of_volume": {"en": "volume {name}: {line}", "pl": "wolumen {name}: {line}"},
    "volume_missing": {
        "en": "volume {name}: volume wanted, none found",
        "pl": "wolumen {name}: powinien istnieć, a nie ma go",
    },
    "volume_access": {
        "en": "volume {name}: owner and mode {wanted} wanted, {found} found",
        "pl": "wolumen {name}: właściciel i tryb powinny być {wanted}, są {found}",
    },
    "volume_kept": {
        "en": "volume {name}: it holds data and stays; picoclaw_purge=true removes it",
        "pl": "wolumen {name}: są w nim dane i zostaje; usunie go picoclaw_purge=true",
    },
    "mount_no_volume": {
        "en": "mount flags wanted, no volume found",
        "pl": "powinien mieć flagi montowania, a nie ma wolumenu",
    },
    "mount_unit": {
        "en": "the present unit wanted, another or none found",
        "pl": "powinna być obecna jednostka systemd, jest inna albo żadna",
    },
    "mount_missing": {
        "en": "mount with {flags} wanted, none found",
        "pl": "powinien być zamontowany z {flags}, a nie jest",
    },
    "mount_stacked": {
        "en": "one mount wanted, {count} on top of one another found",
        "pl": "powinien być zamontowany raz, a jest jeden na drugim, razem: {count}",
    },
    "mount_flags": {
        "en": "mount with {flags} wanted, one without {missing} found",
        "pl": "powinien być zamontowany z {flags}, jest bez {missing}",
    },
    "mount_inside": {
        "en": "{name}: {flags} on {volume} wanted, a mount without found",
        "pl": "{name}: powinien widzieć {volume} z {flags}, widzi bez",
    },
}

_DAEMON: dict[str, dict[Language, str]] = {
    "daemon_setting": {
        "en": "{file}: {key}: {wanted} wanted ({why}), {found} found",
        "pl": "{file}: {key}: powinno być {wanted} ({why}), jest {found}",
    },
    "daemon_unset": {
        "en": "{file}: {key}: {wanted} wanted ({why}), not set",
        "pl": "{file}: {key}: powinno być {wanted} ({why}), nie jest ustawione",
    },
    "daemon_after_boot": {
        "en": "{section}, in force after the host's next boot",
        "pl": "{section}, zadziała po najbliższym restarcie hosta",
    },
    "daemon_log_limit": {"en": "logs have a limit", "pl": "logi mają limit"},
    "daemon_pending": {
        "en": "docker.service: restart wanted since daemon.json was hardened, none found",
        "pl": "docker.service: powinien być zrestartowany po zmianie daemon.json, a nie był",
    },
    "daemon_left": {
        "en": "picoclaw_harden_docker is off, but {file} still has {left}: to undo it, set live-restore to false in it "
        "and `systemctl reload docker`, then put the copy made before ({file}.before-picoclaw-*) back, or remove these "
        "keys, and `systemctl restart docker`",
        "pl": "picoclaw_harden_docker jest wyłączone, ale {file} nadal ma {left}: żeby to cofnąć, ustaw w nim "
        "live-restore na false i wykonaj `systemctl reload docker`, potem przywróć zrobioną wcześniej kopię "
        "({file}.before-picoclaw-*) albo usuń te klucze i wykonaj `systemctl restart docker`",
    },
}

DRIFT = _VALUES | _KINDS | _DIFFERENCES | _CONTAINERS | _NETWORK | _VOLUMES | _DAEMON
