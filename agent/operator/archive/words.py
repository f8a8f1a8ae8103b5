"""What `picoclaw backup` and `picoclaw restore` say, in English and Polish."""

from __future__ import annotations

from agent.language import Language

ARCHIVE: dict[str, dict[Language, str]] = {
    "archive_said": {"en": "{sentence}", "pl": "{sentence}"},
    "archive_unreachable": {"en": "{host} cannot be reached: {reason}", "pl": "{host} jest nieosiągalny: {reason}"},
    "archive_which_host": {
        "en": "the inventory has {known}: say which one",
        "pl": "w inventory są {known}: podaj, o który chodzi",
    },
    "archive_not_deployed": {
        "en": "there is no PicoClaw on {host} ({reason}): run pyinfra inventory deploy.py --limit {host} first",
        "pl": "na {host} nie ma PicoClaw ({reason}): najpierw uruchom pyinfra inventory deploy.py --limit {host}",
    },
    "archive_old_host": {
        "en": "the version on the host cannot do this yet: run pyinfra inventory deploy.py first",
        "pl": "wersja na serwerze jeszcze tego nie potrafi: najpierw uruchom pyinfra inventory deploy.py",
    },
    "archive_no_config": {
        "en": "config.json of {host} cannot be read: {reason}",
        "pl": "nie można odczytać config.json z {host}: {reason}",
    },
    "archive_exists": {
        "en": "{file} exists: give --force to replace it, or another --output",
        "pl": "{file} istnieje: podaj --force, żeby go zastąpić, albo inny --output",
    },
    "archive_disk": {"en": "{file} cannot be written: {reason}", "pl": "nie można zapisać {file}: {reason}"},
    "archive_passphrase": {"en": "Passphrase of the backup", "pl": "Hasło kopii"},
    "archive_again": {"en": "Once more", "pl": "Jeszcze raz"},
    "archive_empty_passphrase": {"en": "the passphrase is empty", "pl": "hasło jest puste"},
    "archive_no_key": {
        "en": "nobody can be asked for a passphrase here: give --recipient, --passphrase-command or {variable}",
        "pl": "nie ma kogo zapytać o hasło: podaj --recipient, --passphrase-command albo {variable}",
    },
    "archive_one_of_two": {
        "en": "--recipient and --passphrase-command exclude each other",
        "pl": "--recipient i --passphrase-command wykluczają się",
    },
    "archive_bad_recipient": {
        "en": "{recipient}... is no recipient: age-keygen prints one, age1..., as the public key",
        "pl": "{recipient}... to nie klucz odbiorcy: age-keygen wypisuje taki (age1...) jako klucz publiczny",
    },
    "archive_secret_recipient": {
        "en": "that is a secret key; --recipient takes the public one, age1...",
        "pl": "to klucz tajny; --recipient przyjmuje publiczny, age1...",
    },
    "archive_bad_identity": {
        "en": "{file} holds no secret key of age (AGE-SECRET-KEY-1...) and is no OpenSSH key without a passphrase",
        "pl": "{file} nie zawiera tajnego klucza age (AGE-SECRET-KEY-1...) ani klucza OpenSSH bez hasła",
    },
    "archive_wants_identity": {
        "en": "this backup is for a recipient: give the file of its secret key, --identity FILE",
        "pl": "ta kopia jest dla odbiorcy: podaj plik z jego tajnym kluczem, --identity PLIK",
    },
    "archive_wrong_passphrase": {
        "en": "the passphrase does not open it (or its beginning is damaged)",
        "pl": "to hasło jej nie otwiera (albo jej początek jest uszkodzony)",
    },
    "archive_wrong_key": {
        "en": "none of the keys opens it (or its beginning is damaged)",
        "pl": "żaden z kluczy jej nie otwiera (albo jej początek jest uszkodzony)",
    },
    "archive_not_one": {"en": "that is no backup of PicoClaw", "pl": "to nie jest kopia PicoClaw"},
    "archive_bad": {
        "en": "the backup is damaged, cut off or was tampered with ({reason}); nothing was done",
        "pl": "kopia jest uszkodzona, ucięta albo zmieniona ({reason}); nic nie zrobiono",
    },
    "archive_member_too_large": {
        "en": "{name} is larger than a backup holds ({megabytes} MB)",
        "pl": "{name} jest większy, niż mieści kopia ({megabytes} MB)",
    },
    "archive_newer": {
        "en": "the backup is of a newer form ({format}) than this version knows: git pull first",
        "pl": "kopia jest w nowszym formacie ({format}), niż zna ta wersja: najpierw git pull",
    },
    "archive_newer_state": {
        "en": "the state in the backup is of schema {schema}, the version on the host knows {known} at most: "
        "git pull and deploy first; nothing was done",
        "pl": "stan w kopii ma schemat {schema}, wersja na serwerze zna najwyżej {known}: "
        "najpierw git pull i wdrożenie; nic nie zrobiono",
    },
    "archive_no_state": {
        "en": "the assistant has no state yet: has it ever been started?",
        "pl": "asystent nie ma jeszcze stanu: czy był kiedyś uruchomiony?",
    },
    "archive_bad_state": {
        "en": "the state is damaged, says SQLite: {reason}",
        "pl": "stan jest uszkodzony, mówi SQLite: {reason}",
    },
    "archive_state_too_large": {
        "en": "the state is too large to be copied in memory ({reason})",
        "pl": "stan jest za duży, żeby skopiować go w pamięci ({reason})",
    },
    "archive_too_large": {
        "en": "the workspace in it holds more than sandbox.workspace_mb or workspace_files allow; nothing was changed",
        "pl": "przestrzeń robocza w kopii przekracza sandbox.workspace_mb lub workspace_files; nic nie zmieniono",
    },
    "archive_disk_full": {
        "en": "the disk of the host is too full for it; nothing was changed",
        "pl": "na dysku serwera brakuje na nią miejsca; nic nie zmieniono",
    },
    "archive_bad_tar": {
        "en": "the host refuses what is in the backup ({reason}); nothing was changed",
        "pl": "serwer odrzuca zawartość kopii ({reason}); nic nie zmieniono",
    },
    "archive_cut_off": {
        "en": "not everything has arrived on the host ({reason}); nothing was changed",
        "pl": "nie wszystko dotarło na serwer ({reason}); nic nie zmieniono",
    },
    "archive_host_killed": {
        "en": "the host ended the container that worked on it: too little memory?",
        "pl": "serwer zakończył kontener, który nad tym pracował: za mało pamięci?",
    },
    "archive_host_failed": {"en": "the host says: {reason}", "pl": "serwer mówi: {reason}"},
    "archive_busy": {
        "en": "another restore works on that host",
        "pl": "na tym serwerze trwa już inne przywracanie",
    },
    "archive_unverified": {
        "en": "what was read back is not what was written: the disk is not to be trusted; nothing was done",
        "pl": "odczytano nie to, co zapisano: dyskowi nie można ufać; nic nie zrobiono",
    },
    "archive_occupied": {
        "en": "{host} has a conversation or files already: give --force to back them up here and then replace them",
        "pl": "{host} ma już rozmowy lub pliki: podaj --force, żeby zapisać tu ich kopię, a potem je zastąpić",
    },
    "archive_cannot_keep": {
        "en": "what the host has cannot be backed up for an SSH key: run picoclaw backup and purge, then restore",
        "pl": "nie da się zrobić kopii tego, co ma serwer, dla klucza SSH: uruchom picoclaw backup, usuń dane z "
        "serwera i ponów restore",
    },
    "archive_unhealthy": {
        "en": "everything was restored on {host}, but it is not healthy:\n{reason}\n"
        "docker logs picoclaw --tail 30 says more",
        "pl": "wszystko przywrócono na {host}, ale nie działa dobrze:\n{reason}\n"
        "więcej mówi docker logs picoclaw --tail 30",
    },
    "archive_reading": {"en": "reading {part}", "pl": "odczyt {part}"},
    "archive_writing": {"en": "writing {part}", "pl": "zapis {part}"},
    "archive_verifying": {"en": "verifying the file", "pl": "sprawdzanie pliku"},
    "archive_starting": {"en": "waiting until it is healthy", "pl": "czekanie, aż będzie działać"},
    "archive_taken": {
        "en": "Backup: {file}, {size} (0600), read back and verified.",
        "pl": "Kopia: {file}, {size} (0600), odczytana i sprawdzona.",
    },
    "archive_whole": {"en": "{file} is whole.", "pl": "Plik {file} jest kompletny."},
    "archive_kept": {"en": "What the host had is in {file}.", "pl": "To, co miał serwer, jest w {file}."},
    "archive_restored": {"en": "Restored on {host}, healthy.", "pl": "Przywrócono na {host}, działa."},
    "archive_about": {
        "en": "made {created} of {host}, version {version}",
        "pl": "utworzona {created} z {host}, wersja {version}",
    },
    "archive_state": {
        "en": "memory: {size}, {messages} messages, paired owners: {owners}, schema {schema}",
        "pl": "pamięć: {size}, wiadomości: {messages}, sparowani właściciele: {owners}, schemat {schema}",
    },
    "archive_workspace": {
        "en": "workspace: {entries} files and folders, {size}",
        "pl": "przestrzeń robocza: plików i katalogów: {entries}, {size}",
    },
    "archive_vanished": {
        "en": "vanished while being read, left out: {count}",
        "pl": "zniknęło podczas odczytu, pominięto: {count}",
    },
    "archive_changed": {
        "en": "became shorter while being read, zeros instead: {count}",
        "pl": "skróciło się podczas odczytu, zamiast tego zera: {count}",
    },
    "archive_unreadable": {"en": "not readable, left out: {count}", "pl": "nie do odczytu, pominięto: {count}"},
    "archive_special": {
        "en": "sockets and devices, left out: {count}",
        "pl": "gniazda i urządzenia, pominięto: {count}",
    },
    "archive_too_deep": {"en": "paths too long, left out: {count}", "pl": "za długie ścieżki, pominięto: {count}"},
    "archive_too_many_links": {
        "en": "too many hard links, left out: {count}",
        "pl": "za dużo twardych dowiązań, pominięto: {count}",
    },
    "archive_too_fragmented": {
        "en": "sparse files of too many pieces, left out: {count}",
        "pl": "pliki rzadkie ze zbyt wielu kawałków, pominięto: {count}",
    },
    "archive_over_limit": {
        "en": "beyond what the workspace may hold, left out: {count}",
        "pl": "ponad to, co przestrzeń robocza może zawierać, pominięto: {count}",
    },
    "archive_wants_deploy": {
        "en": "A model in config.json needs picoclaw-llm: run pyinfra inventory deploy.py.",
        "pl": "Model w config.json potrzebuje picoclaw-llm: uruchom pyinfra inventory deploy.py.",
    },
    "archive_config_note": {
        "en": "A config.json beside deploy.py replaces the restored one at the next deploy. "
        "Stop the assistant on the old host: one bot token serves one host.",
        "pl": "config.json obok deploy.py zastąpi przywrócony przy następnym wdrożeniu. "
        "Zatrzymaj asystenta na starym serwerze: jeden token bota to jeden serwer.",
    },
}
