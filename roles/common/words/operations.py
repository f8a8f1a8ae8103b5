"""What an operation is called, and why it has nothing to do."""

from __future__ import annotations

from agent.language import Language

_NAMES: dict[str, dict[Language, str]] = {
    "name_probe": {"en": "Try to start a container", "pl": "Próba uruchomienia kontenera"},
    "name_install_docker": {"en": "Install Docker", "pl": "Instalacja Dockera"},
    "name_docker": {"en": "Docker runs and starts at boot", "pl": "Docker działa i startuje razem z hostem"},
    "name_daemon": {"en": "Docker daemon is hardened", "pl": "Demon Dockera jest zabezpieczony"},
    "name_install_nftables": {"en": "Install nftables", "pl": "Instalacja nftables"},
    "name_firewall_files": {"en": "Firewall files", "pl": "Pliki zapory"},
    "name_firewall": {"en": "Firewall", "pl": "Zapora"},
    "name_network": {"en": "Bridge network {name}", "pl": "Sieć mostkowa {name}"},
    "name_seccomp": {"en": "Seccomp profiles", "pl": "Profile seccomp"},
    "name_configuration": {"en": "Configuration", "pl": "Konfiguracja"},
    "name_volumes": {"en": "Volumes", "pl": "Wolumeny"},
    "name_mounts": {"en": "Mount flags of the volumes", "pl": "Flagi montowania wolumenów"},
    "name_images": {"en": "Images", "pl": "Obrazy"},
    "name_container": {"en": "Container {name}", "pl": "Kontener {name}"},
    "name_starting": {"en": "Files that start the containers", "pl": "Pliki, które uruchamiają kontenery"},
    "name_started": {
        "en": "Containers that Docker could not start are started",
        "pl": "Kontenery, których Docker nie zdołał uruchomić, są uruchamiane",
    },
    "name_no_container": {"en": "No container {name}", "pl": "Bez kontenera {name}"},
    "name_healthy": {"en": "Containers are healthy", "pl": "Kontenery są zdrowe"},
    "name_settled": {"en": "No container kept aside", "pl": "Bez odłożonych kontenerów"},
    "name_model": {"en": "Model answers", "pl": "Model odpowiada"},
    "name_removed": {"en": "Nothing of PicoClaw", "pl": "Nic z PicoClaw"},
}

_NOTHING_TO_DO: dict[str, dict[Language, str]] = {
    "paths_right": {"en": "{count} paths are as they should be", "pl": "ścieżki są takie, jak trzeba: {count}"},
    "unit_runs": {"en": "{unit} is enabled and active", "pl": "jednostka {unit} jest włączona i działa"},
    "unit_is_enabled": {"en": "{unit} is enabled", "pl": "jednostka {unit} jest włączona"},
    "container_right": {
        "en": "container {name} is as it should be and runs",
        "pl": "kontener {name} jest taki, jak trzeba, i działa",
    },
    "container_gone": {
        "en": "there is no {name}, and nothing of it",
        "pl": "nie ma {name} ani niczego, co do niego należy",
    },
    "daemon_right": {"en": "daemon.json has all of the hardening", "pl": "daemon.json ma już wszystkie zabezpieczenia"},
    "network_right": {"en": "network {name} is as it should be", "pl": "sieć {name} jest taka, jak trzeba"},
    "firewall_right": {
        "en": "table inet {table} is loaded as it should be",
        "pl": "tabela inet {table} jest załadowana, jak trzeba",
    },
    "images_there": {"en": "images of {tag} are there", "pl": "obrazy {tag} są na miejscu"},
    "previous_there": {
        "en": "images of the previous version are there",
        "pl": "obrazy poprzedniej wersji są na miejscu",
    },
    "volumes_right": {"en": "{count} volumes are as they should be", "pl": "wolumeny są takie, jak trzeba: {count}"},
    "mounts_right": {
        "en": "{count} volumes are mounted as they should be",
        "pl": "wolumeny są zamontowane, jak trzeba: {count}",
    },
    "all_healthy": {"en": "{names} are healthy", "pl": "są zdrowe: {names}"},
    "none_aside": {"en": "no container is kept aside", "pl": "żaden kontener nie jest odłożony"},
    "model_unasked": {
        "en": "no container was started anew, so the model is not asked",
        "pl": "żaden kontener nie wystartował na nowo, więc model nie jest pytany",
    },
    "nothing_here": {"en": "nothing of PicoClaw is here", "pl": "nie ma tu nic z PicoClaw"},
    "only_data_here": {
        "en": "nothing of PicoClaw is here, but the data: {names}",
        "pl": "nie ma tu nic z PicoClaw prócz danych: {names}",
    },
}

OPERATIONS = _NAMES | _NOTHING_TO_DO
