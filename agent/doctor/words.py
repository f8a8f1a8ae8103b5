"""What `picoclaw doctor` says, in English and Polish.

SHARED is said on the operator's machine (agent.operator.look.words) and in the gateway's container alike; INSIDE is
what is said in the container: its remedies are for whoever has a shell on the server.

check_...  the name of a check
bad_...    what is wrong
do_...     what to do about it
"""

from __future__ import annotations

from agent.language import Language

_FILE = "/opt/stacks/picoclaw/config/config.json"
_TOKEN: dict[Language, str] = {
    "en": f"put the right token into {_FILE} on the server, then: docker restart picoclaw (or picoclaw init and a "
    "deploy, on your own machine)",
    "pl": f"wpisz właściwy token do {_FILE} na serwerze, potem: docker restart picoclaw (albo picoclaw init i "
    "wdrożenie, na własnym komputerze)",
}
_CONFIG: dict[Language, str] = {
    "en": f"correct {_FILE} on the server, then: docker restart picoclaw (or config.json on your own machine, and "
    "deploy)",
    "pl": f"popraw {_FILE} na serwerze, potem: docker restart picoclaw (albo config.json na własnym komputerze i "
    "uruchom wdrożenie)",
}
_LLM: dict[Language, str] = {
    "en": f"correct {{where}} in {_FILE} on the server, then: docker restart picoclaw (or picoclaw init and a deploy, "
    "on your own machine)",
    "pl": f"popraw {{where}} w {_FILE} na serwerze, potem: docker restart picoclaw (albo picoclaw init i wdrożenie, "
    "na własnym komputerze)",
}
_CLOCK: dict[Language, str] = {
    "en": "set the server's clock: timedatectl set-ntp true (in LXC the provider sets it)",
    "pl": "ustaw zegar serwera: timedatectl set-ntp true (w LXC ustawia go dostawca)",
}
_RESTART: dict[Language, str] = {
    "en": "restart it: docker restart {name}; when it happens again, see docker logs --tail 50 {name}",
    "pl": "zrestartuj go: docker restart {name}; gdy się powtórzy, zobacz docker logs --tail 50 {name}",
}

SHARED: dict[str, dict[Language, str]] = {
    "doctor_do": {"en": "Do this: {remedy}", "pl": "Zrób to: {remedy}"},
    "doctor_nothing": {"en": "Nothing to do.", "pl": "Nic nie trzeba robić."},
    "doctor_not_known": {"en": "{check}: not looked at", "pl": "{check}: nie sprawdzono"},
    "doctor_unheard": {
        "en": "{channel}: nobody has written to it yet; if you have, it was to another bot",
        "pl": "{channel}: nikt jeszcze nie napisał; jeśli Ty tak, to do innego bota",
    },
    "check_clock": {"en": "clock", "pl": "zegar"},
    "check_disk": {"en": "disk", "pl": "dysk"},
    "check_memory": {"en": "memory of the containers", "pl": "pamięć kontenerów"},
    "check_confined": {"en": "confinement", "pl": "zabezpieczenia"},
    "check_answers": {"en": "gateway answers", "pl": "bramka odpowiada"},
    "check_config": {"en": "config.json", "pl": "config.json"},
    "check_names": {"en": "DNS", "pl": "DNS"},
    "check_channels": {"en": "channels", "pl": "kanały"},
    "check_inside": {"en": "sandbox and litellm are connected", "pl": "piaskownica i litellm są podłączone"},
    "check_model": {"en": "model answers", "pl": "model odpowiada"},
    "check_access": {"en": "somebody may talk to it", "pl": "ktoś ma dostęp"},
    "check_strangers": {"en": "who writes to it is known to it", "pl": "zna tych, którzy do niego piszą"},
    "check_workspace": {"en": "room in the workspace", "pl": "miejsce w przestrzeni roboczej"},
    "bad_disk": {"en": "the disk is full: {free} MB free on {mount}", "pl": "dysk jest pełny: {free} MB na {mount}"},
    "bad_inodes": {
        "en": "{mount} can take no more files (inodes)",
        "pl": "{mount} nie pomieści więcej plików (i-węzły)",
    },
    "bad_oom": {
        "en": "{count} processes of {name} were ended for lack of memory (its limit is {limit} MB)",
        "pl": "liczba procesów {name} zakończonych z braku pamięci: {count} (limit {limit} MB)",
    },
    "bad_tight": {
        "en": "{name} is nearly out of memory: {used} of {limit} MB",
        "pl": "{name} ma już prawie całą pamięć zajętą: {used} z {limit} MB",
    },
    "bad_weak": {
        "en": "{name} is confined more weakly than it should be: {controls}",
        "pl": "{name} jest zabezpieczony słabiej, niż powinien: {controls}",
    },
    "bad_silent": {"en": "the gateway does not answer: {reason}", "pl": "bramka nie odpowiada: {reason}"},
    "bad_config": {"en": "the gateway does not serve: {reason}", "pl": "bramka nie działa: {reason}"},
    "bad_token": {
        "en": "{channel} refuses the token: {reason}",
        "pl": "{channel} odrzuca token: {reason}",
    },
    "bad_channel_owner": {"en": "{channel}: {reason}", "pl": "{channel}: {reason}"},
    "bad_channel_away": {
        "en": "{channel} has no contact: {reason}",
        "pl": "{channel} nie ma kontaktu: {reason}",
    },
    "bad_sandbox": {
        "en": "the sandbox is not connected to the gateway",
        "pl": "piaskownica nie jest podłączona do bramki",
    },
    "bad_egress": {"en": "the way out of {client} is shut: {reason}", "pl": "wyjście {client} nie działa: {reason}"},
    "bad_litellm": {"en": "picoclaw-llm does not answer the gateway", "pl": "picoclaw-llm nie odpowiada bramce"},
    "bad_key": {"en": "{provider} refuses the key: {reason}", "pl": "{provider} odrzuca klucz: {reason}"},
    "bad_quota": {"en": "{provider}: {reason}", "pl": "{provider}: {reason}"},
    "do_quota": {
        "en": "see to the account at {provider}, or add another model to llm.fallbacks in config.json",
        "pl": "sprawdź konto u dostawcy {provider} albo dodaj inny model do llm.fallbacks w config.json",
    },
    "bad_model": {"en": "{model} does not answer: {reason}", "pl": "{model} nie odpowiada: {reason}"},
    "bad_nobody": {
        "en": "nobody may talk to it: allowed_user_ids is empty ({channels})",
        "pl": "nikt nie ma dostępu: allowed_user_ids jest puste ({channels})",
    },
    "bad_strangers": {
        "en": "{channel}: nobody of allowed_user_ids has ever written, strangers were turned away: {count}",
        "pl": "{channel}: nikt z allowed_user_ids jeszcze nie napisał, odprawieni obcy: {count}",
    },
    "bad_workspace": {"en": "the workspace is full", "pl": "przestrzeń robocza jest pełna"},
    "do_workspace": {
        "en": "ask the assistant to delete something, or raise sandbox.workspace_mb in config.json and deploy",
        "pl": "poproś asystenta, żeby coś usunął, albo zwiększ sandbox.workspace_mb w config.json i wdróż",
    },
}

INSIDE: dict[str, dict[Language, str]] = {
    **SHARED,
    "check_memory": {"en": "memory", "pl": "pamięć"},
    "check_limit": {"en": "today's limits of the model", "pl": "dzienne limity modelu"},
    "do_disk": {
        "en": "see what fills it, on the server: du -xh --max-depth=2 / | sort -h | tail",
        "pl": "zobacz na serwerze, co go zajmuje: du -xh --max-depth=2 / | sort -h | tail",
    },
    "do_inodes": {
        "en": "see where the many files are, on the server: du -x --inodes --max-depth=3 / | sort -n | tail",
        "pl": "zobacz na serwerze, gdzie jest tyle plików: du -x --inodes --max-depth=3 / | sort -n | tail",
    },
    "bad_clock_ahead": {
        "en": "the server's clock is {seconds} s ahead of the chat service's: certificates may look expired",
        "pl": "zegar serwera śpieszy się o {seconds} s względem zegara komunikatora: certyfikaty mogą wyglądać na "
        "nieważne",
    },
    "do_clock_ahead": _CLOCK,
    "bad_clock_behind": {
        "en": "the server's clock is {seconds} s behind the chat service's: certificates may look not yet valid",
        "pl": "zegar serwera spóźnia się o {seconds} s względem zegara komunikatora: certyfikaty mogą wyglądać na "
        "jeszcze nieważne",
    },
    "do_clock_behind": _CLOCK,
    "bad_certificate": {
        "en": "the certificate of {name} is not valid by the server's clock, which says {now} UTC: {reason}",
        "pl": "certyfikat {name} jest nieważny według zegara serwera, który pokazuje {now} UTC: {reason}",
    },
    "do_certificate": {
        "en": "if that is not the time, set the server's clock: timedatectl set-ntp true (in LXC the provider sets it)",
        "pl": "jeśli to zła godzina lub data, ustaw zegar serwera: timedatectl set-ntp true (w LXC ustawia go "
        "dostawca)",
    },
    "do_oom": _RESTART,
    "do_tight": _RESTART,
    "do_weak": {
        "en": "the deploy makes it anew as it should be, from your own machine: pyinfra inventory deploy.py",
        "pl": "wdrożenie z Twojego komputera utworzy go na nowo, jak należy: pyinfra inventory deploy.py",
    },
    "do_silent": {
        "en": "restart it: docker restart picoclaw (docker logs --tail 50 picoclaw says what it was at)",
        "pl": "zrestartuj ją: docker restart picoclaw (docker logs --tail 50 picoclaw pokaże, co robiła)",
    },
    "do_config": _CONFIG,
    "bad_config_next": {
        "en": "the gateway runs, but would not start again with config.json as it is now: {reason}",
        "pl": "bramka działa, ale z obecnym config.json już by nie wystartowała: {reason}",
    },
    "do_config_next": _CONFIG,
    "bad_names_gateway": {
        "en": "the container does not resolve names: {reason}",
        "pl": "kontener nie znajduje adresów: {reason}",
    },
    "do_names_gateway": {
        "en": "see which resolvers the server asks (cat /etc/resolv.conf) and whether they work; then deploy, which "
        "tells them to the container, and: docker restart picoclaw",
        "pl": "zobacz, jakie serwery DNS pyta serwer (cat /etc/resolv.conf) i czy działają; potem uruchom wdrożenie, "
        "które poda je kontenerowi, oraz: docker restart picoclaw",
    },
    "do_token": _TOKEN,
    "do_channel_owner": {
        "en": "do what it says, then: docker restart picoclaw",
        "pl": "zrób, co tam napisano, potem: docker restart picoclaw",
    },
    "do_channel_away": {
        "en": "wait a few minutes, it tries by itself; when it stays so: docker restart picoclaw",
        "pl": "poczekaj kilka minut, próbuje sam; gdy to nie minie: docker restart picoclaw",
    },
    "do_sandbox": {
        "en": "restart it: docker restart picoclaw-sandbox (docker logs --tail 50 picoclaw-sandbox says why)",
        "pl": "zrestartuj ją: docker restart picoclaw-sandbox (przyczyna: docker logs --tail 50 picoclaw-sandbox)",
    },
    "do_egress": {
        "en": "restart the gateway: docker restart picoclaw",
        "pl": "zrestartuj bramkę: docker restart picoclaw",
    },
    "do_litellm": {
        "en": "restart it: docker restart picoclaw-llm (docker logs --tail 50 picoclaw-llm says why)",
        "pl": "zrestartuj go: docker restart picoclaw-llm (przyczyna: docker logs --tail 50 picoclaw-llm)",
    },
    "bad_limit": {"en": "no model is asked: {reason}", "pl": "żaden model nie jest pytany: {reason}"},
    "do_limit": {
        "en": f"wait, or change it in {_FILE} on the server, then: docker restart picoclaw",
        "pl": f"poczekaj albo zmień to w {_FILE} na serwerze, potem: docker restart picoclaw",
    },
    "do_key": {key: text.replace("{where}", "{where}.api_key") for key, text in _LLM.items()},
    "do_model": {
        "en": "do what it says; picoclaw doctor asks the model again",
        "pl": "zrób, co tam napisano; picoclaw doctor zapyta model ponownie",
    },
    "do_nobody": {
        "en": "get a code with docker exec picoclaw picoclaw pair and send the bot what it shows",
        "pl": "weź kod z docker exec picoclaw picoclaw pair i wyślij botowi to, co pokaże",
    },
    "do_strangers": {
        "en": "if that was you, your id is another: docker logs picoclaw 2>&1 | grep 'not in allowed_user_ids' shows "
        f"it; put it into allowed_user_ids in {_FILE}, then: docker restart picoclaw",
        "pl": "jeśli to Ty, masz inny identyfikator: pokaże go docker logs picoclaw 2>&1 | grep 'not in "
        f"allowed_user_ids'; wpisz go do allowed_user_ids w {_FILE}, potem: docker restart picoclaw",
    },
}

LOGS: dict[str, dict[Language, str]] = {
    "no_gateway": {
        "en": "no gateway answers here, so nobody has its last lines; on the server: docker logs --tail 50 picoclaw",
        "pl": "nie odpowiada tu żadna bramka, więc nikt nie ma jej ostatnich wierszy; na serwerze: docker logs "
        "--tail 50 picoclaw",
    },
}
