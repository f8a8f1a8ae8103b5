"""What `picoclaw status`, `logs` and `doctor` say on the operator's machine, in English and Polish.

check_...  the name of a check of agent.operator.look.checks
bad_...    what is wrong
do_...     what to do about it; the remedies are for whoever reaches the host over SSH
"""

from __future__ import annotations

from agent.doctor.words import SHARED
from agent.language import Language

_DEPLOY: dict[Language, str] = {"en": "pyinfra inventory deploy.py", "pl": "pyinfra inventory deploy.py"}
_TOKEN: dict[Language, str] = {
    "en": "put the right token into config.json (picoclaw init; Enter keeps the rest), then: "
    "pyinfra inventory deploy.py",
    "pl": "wpisz właściwy token do config.json (picoclaw init; Enter zostawia resztę), potem: "
    "pyinfra inventory deploy.py",
}
_LLM: dict[Language, str] = {
    "en": "correct {where} in config.json (picoclaw init; Enter keeps the rest), then: pyinfra inventory deploy.py",
    "pl": "popraw {where} w config.json (picoclaw init; Enter zostawia resztę), potem: pyinfra inventory deploy.py",
}
_CLOCK: dict[Language, str] = {
    "en": "look which clock is wrong; on the server: {ssh} '{sudo}timedatectl set-ntp true' (in LXC the provider "
    "sets it)",
    "pl": "sprawdź, który zegar się myli; na serwerze: {ssh} '{sudo}timedatectl set-ntp true' (w LXC ustawia go "
    "dostawca)",
}
_LOG: dict[Language, str] = {
    "en": "read why: picoclaw logs {host} --container {short}",
    "pl": "przeczytaj przyczynę: picoclaw logs {host} --container {short}",
}
_RESTART: dict[Language, str] = {
    "en": "restart it: {ssh} '{sudo}docker restart {name}'; when it happens again, see picoclaw logs "
    "{host} --container {short}",
    "pl": "zrestartuj go: {ssh} '{sudo}docker restart {name}'; gdy się powtórzy, zobacz picoclaw logs "
    "{host} --container {short}",
}

LOOK: dict[str, dict[Language, str]] = {
    **SHARED,
    "look_well": {"en": "{host}: well", "pl": "{host}: wszystko w porządku"},
    "look_not_well": {"en": "{host}: NOT well", "pl": "{host}: coś jest NIE w porządku"},
    "look_versions": {"en": "PicoClaw {version}, Docker {docker}", "pl": "PicoClaw {version}, Docker {docker}"},
    "look_running": {"en": "{health}, up {age}", "pl": "{health}, działa {age}"},
    "look_ended": {"en": "{status}, exit code {code}", "pl": "{status}, kod wyjścia {code}"},
    "look_restarts": {"en": "restarted: {count}", "pl": "restarty: {count}"},
    "look_kills": {"en": "ended for lack of memory: {count}", "pl": "zakończone z braku pamięci: {count}"},
    "look_memory": {"en": "host memory", "pl": "pamięć serwera"},
    "look_disk": {"en": "disk {mount}", "pl": "dysk {mount}"},
    "look_controls": {
        "en": "confinement of {name}: all {all} controls hold",
        "pl": "zabezpieczenia {name}: działają wszystkie ({all})",
    },
    "look_controls_weak": {
        "en": "confinement of {name}: ⚠ only {ok} of {all} controls hold ({missing})",
        "pl": "zabezpieczenia {name}: ⚠ działa tylko {ok} z {all} (brak: {missing})",
    },
    "look_error": {"en": "last error of {name}: {line}", "pl": "ostatni błąd {name}: {line}"},
    "look_no_drift": {"en": "drift: none", "pl": "odchylenia: brak"},
    "look_drift": {"en": "drift: a deploy would change {changes}", "pl": "odchylenia: wdrożenie zmieniłoby {changes}"},
    "look_drift_unknown": {
        "en": "drift: could not be found out ({reason})",
        "pl": "odchylenia: nie udało się sprawdzić ({reason})",
    },
    "look_ask_doctor": {"en": "what to do: picoclaw doctor {host}", "pl": "co robić: picoclaw doctor {host}"},
    "check_reached": {"en": "reached over SSH", "pl": "połączenie przez SSH"},
    "check_root": {"en": "root there", "pl": "prawa roota"},
    "check_docker": {"en": "Docker runs", "pl": "Docker działa"},
    "check_starts": {"en": "containers can start", "pl": "kontenery mogą się uruchomić"},
    "check_present": {"en": "containers are there", "pl": "kontenery istnieją"},
    "check_loop": {"en": "no restart loop", "pl": "brak pętli restartów"},
    "check_running": {"en": "containers run", "pl": "kontenery działają"},
    "check_health": {"en": "health checks", "pl": "testy zdrowia"},
    "check_drift": {"en": "no drift: a deploy would change nothing", "pl": "brak odchyleń: wdrożenie nic nie zmieni"},
    "bad_unreachable": {"en": "{host} cannot be reached: {reason}", "pl": "nie można połączyć się z {host}: {reason}"},
    "do_unreachable": {
        "en": "see in the provider's panel that the server runs and which SSH port it has, then try: {ssh} true",
        "pl": "sprawdź w panelu dostawcy, czy serwer działa i jaki ma port SSH, potem spróbuj: {ssh} true",
    },
    "bad_login": {"en": "{host} does not let you in: {reason}", "pl": "{host} nie wpuszcza: {reason}"},
    "do_login": {
        "en": "log in once by hand, which says what is wrong with the key or the known host: {ssh} true",
        "pl": "zaloguj się raz ręcznie, to pokaże, co jest nie tak z kluczem lub znanym hostem: {ssh} true",
    },
    "bad_root": {"en": "nothing can be asked there as root: {reason}", "pl": "nie można tam pytać jako root: {reason}"},
    "do_root": {
        "en": "log in as root, or give the user sudo without a password (ssh_user in the inventory): {ssh}",
        "pl": "loguj się jako root albo daj użytkownikowi sudo bez hasła (ssh_user w inventory): {ssh}",
    },
    "bad_clock_ahead": {
        "en": "its clock is {seconds} s ahead of this machine's: certificates may look expired",
        "pl": "zegar serwera śpieszy się o {seconds} s względem tego komputera: certyfikaty mogą wyglądać na nieważne",
    },
    "do_clock_ahead": _CLOCK,
    "bad_clock_behind": {
        "en": "its clock is {seconds} s behind this machine's: certificates may look not yet valid",
        "pl": "zegar serwera spóźnia się o {seconds} s względem tego komputera: certyfikaty mogą wyglądać na jeszcze "
        "nieważne",
    },
    "do_clock_behind": _CLOCK,
    "do_disk": {
        "en": "see what fills it: {ssh} '{sudo}du -xh --max-depth=2 {mount} | sort -h | tail'",
        "pl": "zobacz, co go zajmuje: {ssh} '{sudo}du -xh --max-depth=2 {mount} | sort -h | tail'",
    },
    "do_inodes": {
        "en": "see where the many files are: {ssh} '{sudo}du -x --inodes --max-depth=3 {mount} | sort -n | tail'",
        "pl": "zobacz, gdzie jest tyle plików: {ssh} '{sudo}du -x --inodes --max-depth=3 {mount} | sort -n | tail'",
    },
    "bad_docker_missing": {"en": "Docker is not installed: {reason}", "pl": "Docker nie jest zainstalowany: {reason}"},
    "do_docker_missing": {
        "en": "the deploy installs it: pyinfra inventory deploy.py",
        "pl": "zainstaluje go wdrożenie: pyinfra inventory deploy.py",
    },
    "bad_docker_down": {"en": "Docker does not run: {reason}", "pl": "Docker nie działa: {reason}"},
    "do_docker_down": {
        "en": "start it: {ssh} '{sudo}systemctl start docker' (when it will not: {ssh} "
        "'{sudo}journalctl -u docker -n 20')",
        "pl": "uruchom go: {ssh} '{sudo}systemctl start docker' (gdy nie chce: {ssh} "
        "'{sudo}journalctl -u docker -n 20')",
    },
    "bad_missing": {"en": "there is no container {names}", "pl": "nie ma kontenera {names}"},
    "do_missing": {
        "en": "the deploy makes it: pyinfra inventory deploy.py",
        "pl": "utworzy go wdrożenie: pyinfra inventory deploy.py",
    },
    "bad_lxc": {
        "en": "{name} cannot start: runc 1.3.3 or newer meets an LXC older than 6.0.6 (runc issue 4968): {reason}",
        "pl": "{name} nie może wystartować: runc 1.3.3 lub nowszy trafił na LXC starszy niż 6.0.6 (runc issue 4968): "
        "{reason}",
    },
    "do_lxc": {
        "en": "ask the provider to update LXC; until then an older runc works: {ssh} 'apt list -a runc', then "
        "{ssh} '{sudo}apt install runc=...'",
        "pl": "poproś dostawcę o aktualizację LXC; do tego czasu działa starszy runc: {ssh} 'apt list -a runc', potem "
        "{ssh} '{sudo}apt install runc=...'",
    },
    "bad_start": {"en": "{name} could not start: {reason}", "pl": "{name} nie mógł wystartować: {reason}"},
    "do_start": _DEPLOY,
    "bad_oom_ended": {
        "en": "{name} was ended for lack of memory (its limit is {limit} MB)",
        "pl": "{name} został zakończony z braku pamięci (limit {limit} MB)",
    },
    "do_oom_ended": {
        "en": "start it again: {ssh} '{sudo}docker start {name}'; when it happens again, see picoclaw logs "
        "{host} --container {short}",
        "pl": "uruchom go ponownie: {ssh} '{sudo}docker start {name}'; gdy się powtórzy, zobacz picoclaw logs "
        "{host} --container {short}",
    },
    "do_oom": _RESTART,
    "do_tight": _RESTART,
    "bad_loop": {
        "en": "{name} starts again and again ({restarts} times), its log ends: {last}",
        "pl": "{name} uruchamia się w kółko (restarty: {restarts}), jego log kończy się: {last}",
    },
    "do_loop": _LOG,
    "bad_stopped": {
        "en": "{name} does not run ({status}, exit code {code}), its log ends: {last}",
        "pl": "{name} nie działa ({status}, kod wyjścia {code}), jego log kończy się: {last}",
    },
    "do_stopped": {
        "en": "start it: {ssh} '{sudo}docker start {name}'",
        "pl": "uruchom go: {ssh} '{sudo}docker start {name}'",
    },
    "bad_paused": {"en": "{name} is paused", "pl": "{name} jest wstrzymany"},
    "do_paused": {
        "en": "let it go on: {ssh} '{sudo}docker unpause {name}'",
        "pl": "wznów go: {ssh} '{sudo}docker unpause {name}'",
    },
    "do_weak": {
        "en": "the deploy makes it anew as it should be: pyinfra inventory deploy.py",
        "pl": "wdrożenie utworzy go na nowo, jak należy: pyinfra inventory deploy.py",
    },
    "bad_old": {
        "en": "the gateway is of an older version, which does not know picoclaw status",
        "pl": "bramka jest w starszej wersji, która nie zna picoclaw status",
    },
    "do_old": {
        "en": "deploy this version: pyinfra inventory deploy.py",
        "pl": "wdróż tę wersję: pyinfra inventory deploy.py",
    },
    "do_silent": {
        "en": "restart it: {ssh} '{sudo}docker restart picoclaw' (picoclaw logs {host} says what it was at)",
        "pl": "zrestartuj ją: {ssh} '{sudo}docker restart picoclaw' (picoclaw logs {host} pokaże, co robiła)",
    },
    "do_config": {
        "en": "correct config.json (picoclaw config check names everything), then: pyinfra inventory deploy.py",
        "pl": "popraw config.json (picoclaw config check wymieni wszystko), potem: pyinfra inventory deploy.py",
    },
    "bad_names_host": {
        "en": "the server cannot resolve {name}: its DNS fails",
        "pl": "serwer nie potrafi znaleźć adresu {name}: DNS nie działa",
    },
    "do_names_host": {
        "en": "see which resolvers it asks, and put a working one there: {ssh} 'cat /etc/resolv.conf'",
        "pl": "zobacz, jakie serwery DNS pyta, i wpisz działający: {ssh} 'cat /etc/resolv.conf'",
    },
    "bad_names_gateway": {
        "en": "the server resolves names, the gateway's container does not: {reason}",
        "pl": "serwer znajduje adresy, a kontener bramki nie: {reason}",
    },
    "do_names_gateway": {
        "en": "the deploy tells container and firewall the present resolvers: pyinfra inventory deploy.py, then "
        "{ssh} '{sudo}docker restart picoclaw'",
        "pl": "wdrożenie poda kontenerowi i zaporze obecne serwery DNS: pyinfra inventory deploy.py, potem "
        "{ssh} '{sudo}docker restart picoclaw'",
    },
    "do_token": _TOKEN,
    "do_channel_owner": {
        "en": "do what it says, then: {ssh} '{sudo}docker restart picoclaw'",
        "pl": "zrób, co tam napisano, potem: {ssh} '{sudo}docker restart picoclaw'",
    },
    "do_channel_away": {
        "en": "wait a few minutes, it tries by itself; when it stays so: {ssh} '{sudo}docker restart picoclaw'",
        "pl": "poczekaj kilka minut, próbuje sam; gdy to nie minie: {ssh} '{sudo}docker restart picoclaw'",
    },
    "do_sandbox": {
        "en": "restart it: {ssh} '{sudo}docker restart picoclaw-sandbox' (picoclaw logs {host} --container "
        "sandbox says why)",
        "pl": "zrestartuj ją: {ssh} '{sudo}docker restart picoclaw-sandbox' (przyczyna: picoclaw logs {host} "
        "--container sandbox)",
    },
    "do_egress": {
        "en": "restart the gateway: {ssh} '{sudo}docker restart picoclaw'",
        "pl": "zrestartuj bramkę: {ssh} '{sudo}docker restart picoclaw'",
    },
    "do_litellm": {
        "en": "restart it: {ssh} '{sudo}docker restart picoclaw-llm' (picoclaw logs {host} --container llm says why)",
        "pl": "zrestartuj go: {ssh} '{sudo}docker restart picoclaw-llm' (przyczyna: picoclaw logs {host} "
        "--container llm)",
    },
    "bad_unhealthy": {
        "en": "{name} is unhealthy; its health check says: {reason}",
        "pl": "{name} jest niezdrowy; jego test mówi: {reason}",
    },
    "do_unhealthy": {
        "en": "restart it: {ssh} '{sudo}docker restart {name}'",
        "pl": "zrestartuj go: {ssh} '{sudo}docker restart {name}'",
    },
    "do_key": {key: text.replace("{where}", "{where}.api_key") for key, text in _LLM.items()},
    "do_model": {
        "en": "do what it says; picoclaw doctor {host} asks the model again",
        "pl": "zrób, co tam napisano; picoclaw doctor {host} zapyta model ponownie",
    },
    "do_nobody": {
        "en": "get a code with {ssh} '{sudo}docker exec picoclaw picoclaw pair' and send the bot what it shows",
        "pl": "weź kod z {ssh} '{sudo}docker exec picoclaw picoclaw pair' i wyślij botowi to, co pokaże",
    },
    "do_strangers": {
        "en": "if that was you, your id is another: picoclaw logs {host} shows it (user ... is not in "
        "allowed_user_ids); put it into allowed_user_ids in config.json and deploy",
        "pl": "jeśli to Ty, masz inny identyfikator: pokaże go picoclaw logs {host} (user ... is not in "
        "allowed_user_ids); wpisz go do allowed_user_ids w config.json i uruchom wdrożenie",
    },
    "bad_drift": {"en": "a deploy would change: {changes}", "pl": "wdrożenie zmieniłoby: {changes}"},
    "do_drift": {
        "en": "put it right: pyinfra inventory deploy.py",
        "pl": "przywróć właściwy stan: pyinfra inventory deploy.py",
    },
    "bad_drift_unknown": {
        "en": "whether a deploy would change anything could not be found out: {reason}",
        "pl": "nie udało się sprawdzić, czy wdrożenie coś zmieni: {reason}",
    },
    "do_drift_unknown": {
        "en": "see what it says: pyinfra inventory deploy.py --dry --limit {host}",
        "pl": "zobacz, co mówi: pyinfra inventory deploy.py --dry --limit {host}",
    },
}
