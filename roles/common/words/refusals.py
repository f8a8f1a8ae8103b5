"""What keeps the deploy from its work, and the remedy."""

from __future__ import annotations

from agent.language import Language

_DATA: dict[str, dict[Language, str]] = {
    "or": {"en": " or ", "pl": " lub "},
    "and": {"en": " and ", "pl": " i "},
    "data_number": {
        "en": "{key} must be a whole number, it is {value!r}: correct it in the inventory or in --data",
        "pl": "{key} musi być liczbą całkowitą, a jest {value!r}: popraw w inventory albo w --data",
    },
    "data_switch": {
        "en": "{key} must be True or False, it is {value!r}: correct it in the inventory or in --data",
        "pl": "{key} musi być True albo False, a jest {value!r}: popraw w inventory albo w --data",
    },
    "data_choice": {
        "en": "{key} must be {words}, it is {value!r}: correct it in the inventory or in --data",
        "pl": "{key} musi być {words}, a jest {value!r}: popraw w inventory albo w --data",
    },
    "data_text": {
        "en": "{key} must be a text, it is {value!r}: correct it in the inventory or in --data",
        "pl": "{key} musi być tekstem, a jest {value!r}: popraw w inventory albo w --data",
    },
    "data_empty": {
        "en": "{key} must be a text, it is empty: give one in the inventory or in --data",
        "pl": "{key} musi być tekstem, a jest puste: podaj go w inventory albo w --data",
    },
    "data_texts": {
        "en": '{key} must be a list such as ["one", "two"], it is {value!r}: correct it',
        "pl": '{key} musi być listą, np. ["jeden", "dwa"], a jest {value!r}: popraw to',
    },
    "data_mapping": {
        "en": '{key} must be a mapping such as {{"name": "value"}}, it is {value!r}: correct it',
        "pl": '{key} musi być słownikiem, np. {{"nazwa": "wartość"}}, a jest {value!r}: popraw to',
    },
    "data_outbound": {
        "en": "picoclaw_allow_outbound holds {line!r}, which is not an IPv4 address or network and a TCP port: "
        'write it like "192.168.1.20/32:443"',
        "pl": "picoclaw_allow_outbound zawiera {line!r}, a to nie adres lub sieć IPv4 i port TCP: "
        'napisz np. "192.168.1.20/32:443"',
    },
    "data_package": {
        "en": "picoclaw_sandbox_packages: {name!r} is no name of a Debian package (lower-case letters, digits, plus, "
        "minus, dot): correct it in the inventory or in --data",
        "pl": "picoclaw_sandbox_packages: {name!r} nie jest nazwą pakietu Debiana (małe litery, cyfry, plus, minus, "
        "kropka): popraw w inventory albo w --data",
    },
    "hosts_unreadable": {
        "en": "{source}: {file} cannot be read as JSON ({reason}): correct it",
        "pl": "{source}: nie można odczytać {file} jako JSON ({reason}): popraw go",
    },
    "hosts_no_list": {
        "en": 'inventory: hosts must be a list such as ["srv42", ("srv43", {{"ssh_port": 10122}})]',
        "pl": 'inventory: hosts musi być listą, np. ["srv42", ("srv43", {{"ssh_port": 10122}})]',
    },
    "hosts_entry": {
        "en": 'inventory: hosts[{place}] must be "name" or ("name", {{"ssh_port": 10122}})',
        "pl": 'inventory: hosts[{place}] musi mieć postać "nazwa" albo ("nazwa", {{"ssh_port": 10122}})',
    },
    "data_key": {
        "en": "{key} is no key of the deploy's data: the README (A real VPS in five lines) lists them; correct it in "
        "the inventory, hosts.json or --data",
        "pl": "{key} nie jest kluczem danych wdrożenia: wymienia je README (Prawdziwy VPS w pięciu wierszach); popraw "
        "go w inventory, hosts.json albo --data",
    },
    "data_key_meant": {
        "en": "{key} is no key of the deploy's data: did you mean {meant}? The README (A real VPS in five lines) lists "
        "them; correct it in the inventory, hosts.json or --data",
        "pl": "{key} nie jest kluczem danych wdrożenia: czy chodziło o {meant}? Wymienia je README (Prawdziwy VPS w "
        "pięciu wierszach); popraw go w inventory, hosts.json albo --data",
    },
    "hosts_shape": {
        "en": '{source}: {file} must hold {{"name": {{"ssh_hostname": ...}}}}: correct it',
        "pl": '{source}: {file} musi zawierać {{"nazwa": {{"ssh_hostname": ...}}}}: popraw go',
    },
}

_FILES: dict[str, dict[Language, str]] = {
    "no_config": {
        "en": "there is no config.json, neither beside deploy.py nor at {file} on the host: copy config.example.json "
        "to config.json beside deploy.py, put your keys in, and run this again",
        "pl": "nie ma config.json ani obok deploy.py, ani na hoście ({file}): skopiuj config.example.json jako "
        "config.json obok deploy.py, wpisz swoje klucze i uruchom to ponownie",
    },
    "config_on_host": {
        "en": "{file} on the host, which is kept since there is none here: {problem}",
        "pl": "{file} na hoście, który zostaje, bo tutaj go nie ma: {problem}",
    },
    "file_unreadable": {
        "en": "{key}: {path} cannot be read ({reason}): correct the path or the file",
        "pl": "{key}: nie można odczytać {path} ({reason}): popraw ścieżkę albo plik",
    },
    "not_utf8": {"en": "not UTF-8 text", "pl": "to nie tekst UTF-8"},
    "not_shippable": {
        "en": "{file} is to be shipped and cannot be read ({reason})",
        "pl": "{file} ma trafić na host, a nie można go odczytać ({reason})",
    },
    "budget_unpriced": {
        "en": "config.json: llm.daily_budget_usd needs prices that are not known: give {missing}, such as "
        '{{"input": 3, "output": 15}} ($ for a million tokens), or use llm.daily_tokens instead',
        "pl": "config.json: llm.daily_budget_usd wymaga cen, które nie są znane: podaj {missing}, np. "
        '{{"input": 3, "output": 15}} (dolarów za milion tokenów), albo użyj zamiast tego llm.daily_tokens',
    },
    "path_in_the_way": {
        "en": "{path} is a {found}, a {wanted} is wanted: move it away and run again",
        "pl": "{path} to {found}, a powinien tam być {wanted}: przenieś to i uruchom ponownie",
    },
    "volume_options": {
        "en": "volume {name} has other driver options than it should and holds your data, so it is not touched: copy "
        "{mountpoint} somewhere, `docker volume rm {name}`, run this again and copy it back",
        "pl": "wolumen {name} ma inne opcje, niż powinien, a są w nim Twoje dane, więc pozostaje nietknięty: skopiuj "
        "gdzieś {mountpoint}, wykonaj `docker volume rm {name}`, uruchom to ponownie i skopiuj dane z powrotem",
    },
    "mount_name": {
        "en": "volume {volume}: its directory {path} has a name that no unit can be made for",
        "pl": "wolumen {volume}: dla nazwy jego katalogu {path} nie da się utworzyć jednostki systemd",
    },
    "mount_still_stacked": {
        "en": "volume {volume}: one mount on {path} wanted, {count} found: umount them and run this again",
        "pl": "wolumen {volume}: na {path} powinno być jedno montowanie, jest ich {count}: odmontuj je (umount) "
        "i uruchom to ponownie",
    },
}

_HOST: dict[str, dict[Language, str]] = {
    "sudo_password": {
        "en": "sudo asks {user} for a password and nobody is here to type it: use a terminal, or log in as root",
        "pl": "sudo pyta użytkownika {user} o hasło, a nie ma go kto wpisać: użyj terminala albo loguj się jako root",
    },
    "no_root": {
        "en": "{user} is neither root nor has sudo: log in as root (ssh_user in the inventory) or install sudo there",
        "pl": "{user} nie jest rootem i nie ma sudo: loguj się jako root (ssh_user w inventory) albo zainstaluj tam "
        "sudo",
    },
    "no_version": {"en": "(no version)", "pl": "(bez wersji)"},
    "unsupported_os": {
        "en": "{name} {version} is not supported: use Debian 12 or 13, or Ubuntu 22.04 or 24.04 (choose the system in "
        "the provider's panel)",
        "pl": "{name} {version} nie jest obsługiwany: użyj Debiana 12 lub 13 albo Ubuntu 22.04 lub 24.04 (wybierz "
        "system w panelu dostawcy)",
    },
    "processor": {
        "en": "the processor is {found}, not {wanted}: use another VPS",
        "pl": "procesor to {found}, a nie {wanted}: użyj innego VPS",
    },
    "no_systemd": {
        "en": "systemd is not running here: use a VPS or container whose init is systemd",
        "pl": "nie działa tu systemd: użyj VPS lub kontenera, który startuje przez systemd",
    },
    "little_memory": {
        "en": "{found} MB of memory is too little, {needed} MB are needed: choose a plan with 1 GB (Mikrus 2.1 or "
        "more)",
        "pl": "{found} MB pamięci to za mało, potrzeba {needed} MB: wybierz plan z 1 GB (Mikrus 2.1 lub większy)",
    },
    "little_disk": {
        "en": "{found} MB of disk are free at {path}, {needed} MB are needed: free some (`docker system df` and "
        "`du -xh / | sort -h | tail` show where it went)",
        "pl": "na dysku ({path}) jest {found} MB wolnego miejsca, potrzeba {needed} MB: zwolnij trochę (`docker system "
        "df` i `du -xh / | sort -h | tail` pokażą, co je zajmuje)",
    },
    "docker_snap": {
        "en": "this Docker is a snap, which cannot read /opt/stacks: `snap remove docker`, then run this again",
        "pl": "ten Docker to snap, który nie odczyta /opt/stacks: wykonaj `snap remove docker` i uruchom to ponownie",
    },
    "docker_podman": {
        "en": "`docker` is Podman here: `apt-get remove podman-docker`, then run this again",
        "pl": "`docker` to tutaj Podman: wykonaj `apt-get remove podman-docker` i uruchom to ponownie",
    },
    "docker_old": {
        "en": "Docker {version} is too old, 20.10 is needed: upgrade it (it is not touched here, others may use it)",
        "pl": "Docker {version} jest za stary, potrzebny jest 20.10: zaktualizuj go (wdrożenie go nie rusza, bo mogą "
        "z niego korzystać inni)",
    },
    "kernel_memory": {"en": "memory", "pl": "pamięci"},
    "kernel_cpu": {"en": "CPU", "pl": "procesora"},
    "kernel_pids": {"en": "process", "pl": "procesów"},
    "kernel_limit": {
        "en": "this kernel cannot limit a container's {name} use (`docker info` says {key}=false): ask the provider to "
        "enable that cgroup controller",
        "pl": "to jądro nie potrafi ograniczyć kontenerowi {name} (`docker info` mówi {key}=false): poproś dostawcę "
        "o włączenie tego kontrolera cgroup",
    },
    "no_seccomp": {
        "en": "this Docker has no seccomp: install the distribution's docker.io, or a kernel with "
        "CONFIG_SECCOMP_FILTER",
        "pl": "ten Docker nie ma seccomp: zainstaluj docker.io z dystrybucji albo jądro z CONFIG_SECCOMP_FILTER",
    },
    "probe_lxc": {
        "en": "containers cannot start here because runc 1.3.3 or newer meets an LXC older than 6.0.6 (runc issue "
        "4968): ask the provider to update LXC, or install an older runc (`apt list -a runc`, then `apt install "
        "runc=...`)",
        "pl": "kontenery nie mogą tu wystartować, bo runc 1.3.3 lub nowszy trafił na LXC starszy niż 6.0.6 (runc issue "
        "4968): poproś dostawcę o aktualizację LXC albo zainstaluj starszy runc (`apt list -a runc`, potem `apt "
        "install runc=...`)",
    },
    "probe_cgroup": {
        "en": "containers cannot start here because Docker has no use of the cgroups ({last}): ask the provider to "
        "allow nesting for this container",
        "pl": "kontenery nie mogą tu wystartować, bo Docker nie ma dostępu do cgroups ({last}): poproś dostawcę o "
        "włączenie nesting dla tego kontenera",
    },
    "probe_storage": {
        "en": 'containers cannot start here because of their file system ({last}): set {{"storage-driver": '
        '"fuse-overlayfs"}} or "vfs" in /etc/docker/daemon.json and restart Docker',
        "pl": 'kontenery nie mogą tu wystartować przez system plików ({last}): ustaw {{"storage-driver": '
        '"fuse-overlayfs"}} albo "vfs" w /etc/docker/daemon.json i zrestartuj Dockera',
    },
    "probe_failed": {
        "en": "a test container does not start here: {last}; put that right first",
        "pl": "próbny kontener tu nie startuje: {last}; najpierw napraw to",
    },
    "docker_silent": {"en": "docker said nothing", "pl": "docker nic nie powiedział"},
    "packages_failed": {
        "en": "{what} failed, see the lines above: check the host's network and its package sources",
        "pl": "{what}: nie udało się, zobacz wiersze powyżej: sprawdź sieć hosta i jego źródła pakietów",
    },
    "not_understood": {
        "en": "{who} answered what is not understood: {answer}",
        "pl": "niezrozumiała odpowiedź od {who}: {answer}",
    },
    "no_json": {"en": "{who} answered no JSON: {answer}", "pl": "odpowiedź od {who} to nie JSON: {answer}"},
    "machine_not_understood": {
        "en": "the host's description of itself is not understood: {answer}",
        "pl": "niezrozumiały opis, który host podał o sobie: {answer}",
    },
    "mounts_not_understood": {
        "en": "the mounts of the volumes are not understood: {answer}",
        "pl": "niezrozumiałe montowania wolumenów: {answer}",
    },
    "the_host": {"en": "the host", "pl": "hosta"},
}

_DAEMON: dict[str, dict[Language, str]] = {
    "daemon_no_json": {
        "en": "{file} is not valid JSON ({reason}): nothing was changed; correct the file, or leave "
        "picoclaw_harden_docker off",
        "pl": "{file} nie jest poprawnym JSON ({reason}): nic nie zmieniono; popraw plik albo nie włączaj "
        "picoclaw_harden_docker",
    },
    "daemon_no_object": {
        "en": "{file} holds {kind} instead of a JSON object: nothing was changed; correct the file, or leave "
        "picoclaw_harden_docker off",
        "pl": "{file} zawiera {kind} zamiast obiektu JSON: nic nie zmieniono; popraw plik albo nie włączaj "
        "picoclaw_harden_docker",
    },
    "daemon_swarm": {
        "en": "this Docker is part of a swarm, which excludes live-restore: leave picoclaw_harden_docker off here",
        "pl": "ten Docker należy do swarm, co wyklucza live-restore: nie włączaj tu picoclaw_harden_docker",
    },
    "daemon_refuses": {
        "en": "{file}: Docker refuses the hardened settings ({said}): nothing was changed",
        "pl": "{file}: Docker odrzuca ustawienia z zabezpieczeniami ({said}): nic nie zmieniono",
    },
    "daemon_no_takeover": {
        "en": "{file}: Docker does not take over the hardened settings ({said}).",
        "pl": "{file}: Docker nie przejmuje ustawień z zabezpieczeniami ({said}).",
    },
    "daemon_no_start": {
        "en": "{file}: Docker does not start with the hardened settings ({said}).",
        "pl": "{file}: Docker nie startuje z ustawieniami z zabezpieczeniami ({said}).",
    },
    "daemon_journal": {"en": "journalctl -u docker shows more", "pl": "więcej pokaże journalctl -u docker"},
    "daemon_unstarted": {
        "en": "The former ones are back, and nothing was restarted: a restart would have stopped every container",
        "pl": "Poprzednie wróciły i niczego nie zrestartowano: restart zatrzymałby każdy kontener",
    },
    "daemon_as_before": {
        "en": "The former ones are back, and Docker runs as before",
        "pl": "Poprzednie wróciły i Docker działa jak wcześniej",
    },
    "daemon_down": {
        "en": "Nor does it start with the former ones, which are back: look at systemctl status docker",
        "pl": "Z poprzednimi, które wróciły, też nie startuje: zobacz systemctl status docker",
    },
}

_IMAGES: dict[str, dict[Language, str]] = {
    "no_previous": {
        "en": "there is no previous version of {names} on this host: leave picoclaw_version out",
        "pl": "na tym hoście nie ma poprzedniej wersji {names}: pomiń picoclaw_version",
    },
    "build_failed": {
        "en": "docker build --target {target} failed; its last lines:",
        "pl": "docker build --target {target} nie udał się; jego ostatnie wiersze:",
    },
    "images_no_host": {
        "en": "picoclaw_images_from: the inventory has no host {source}; it has {known}",
        "pl": "picoclaw_images_from: w inventory nie ma hosta {source}; są {known}",
    },
    "images_unreachable": {
        "en": "picoclaw_images_from: {source} cannot be reached ({reason})",
        "pl": "picoclaw_images_from: nie można połączyć się z {source} ({reason})",
    },
    "images_unpacked": {
        "en": "{source} cannot pack its images: {reason}",
        "pl": "{source} nie może spakować swoich obrazów: {reason}",
    },
    "images_no_room": {
        "en": "{directory} on this machine has no room for {megabytes:.0f} MB of images",
        "pl": "w {directory} na tym komputerze nie ma miejsca na {megabytes:.0f} MB obrazów",
    },
    "images_unfetched": {
        "en": "the images cannot be fetched from {source}",
        "pl": "nie można pobrać obrazów z {source}",
    },
    "images_processor": {
        "en": "picoclaw_images_from: {source} is {theirs} and {host} is {ours}, whose images differ: take it out for "
        "this host",
        "pl": "picoclaw_images_from: {source} to {theirs}, a {host} to {ours}, a ich obrazy się różnią: usuń to dla "
        "tego hosta",
    },
    "images_absent": {
        "en": "{source} has no {images}: deploy it first, with the same picoclaw_sandbox_packages, or take "
        "picoclaw_images_from out",
        "pl": "{source} nie ma {images}: najpierw wdróż jego, z tymi samymi picoclaw_sandbox_packages, albo usuń "
        "picoclaw_images_from",
    },
    "images_unput": {
        "en": "the images cannot be put onto this host: is its disk full?",
        "pl": "nie można przesłać obrazów na ten host: czy jego dysk jest pełny?",
    },
    "images_unloaded": {
        "en": "docker image load failed: {reason}",
        "pl": "docker image load nie udał się: {reason}",
    },
    "no_reason": {"en": "no reason given", "pl": "nie podano przyczyny"},
}

REFUSALS = _DATA | _FILES | _HOST | _DAEMON | _IMAGES
