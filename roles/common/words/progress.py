"""What is said while the deploy is at it, and how it ended."""

from __future__ import annotations

from agent.language import Language

_IMAGES: dict[str, dict[Language, str]] = {
    "building": {
        "en": "Building {image}, which takes minutes the first time",
        "pl": "Buduję {image}; za pierwszym razem trwa to kilka minut",
    },
    "fetching": {"en": "Fetching the images from {source}", "pl": "Pobieram obrazy z {source}"},
    "fetched": {
        "en": "{megabytes:.0f} MB of images from {source} in {seconds:.0f} s",
        "pl": "{megabytes:.0f} MB obrazów z {source} w {seconds:.0f} s",
    },
}

# How a container is: Docker's words, and those of roles/health/facts.py.
_HEALTH: dict[str, dict[Language, str]] = {
    "health_starting": {"en": "starting", "pl": "jeszcze startuje"},
    "health_unhealthy": {"en": "unhealthy", "pl": "niezdrowy"},
    "health_missing": {"en": "missing", "pl": "nie istnieje"},
    "health_created": {"en": "created", "pl": "utworzony, ale nie uruchomiony"},
    "health_exited": {"en": "exited", "pl": "zakończony"},
    "health_restarting": {"en": "restarting", "pl": "restartuje się"},
    "health_paused": {"en": "paused", "pl": "wstrzymany"},
    "health_without a health check": {"en": "without a health check", "pl": "bez testu zdrowia"},
    "health_in a restart loop": {"en": "in a restart loop", "pl": "w pętli restartów"},
    "health_awaited": {
        "en": "{name} is {word} for {seconds:.0f} s of {timeout} s, its log ends: {last}",
        "pl": "{name}: {word}, minęło {seconds:.0f} s z {timeout} s, jego log kończy się: {last}",
    },
    "log_empty": {"en": "nothing", "pl": "nic"},
    "health_reached": {
        "en": "{name} is healthy after {seconds:.0f} s",
        "pl": "{name} jest zdrowy po {seconds:.0f} s",
    },
    "health_given_up": {
        "en": "{name} is {word} after {seconds:.0f} s: the end of its log stands above, `docker logs {name}` shows it "
        "all",
        "pl": "{name} po {seconds:.0f} s: {word}; koniec jego logu jest powyżej, całość pokaże `docker logs {name}`",
    },
    "back_failed": {
        "en": "The version before could not be started again: {reason}; docker ps --all shows it as {name}",
        "pl": "Nie udało się ponownie uruchomić poprzedniej wersji: {reason}; docker ps --all pokazuje ją jako {name}",
    },
    "back": {
        "en": "The version before runs again: {names}; the new one is not healthy, so this run has failed",
        "pl": "Znów działa poprzednia wersja: {names}; nowa nie jest zdrowa, więc ten przebieg się nie udał",
    },
}

_MODEL: dict[str, dict[Language, str]] = {
    "model_silent": {
        "en": "`picoclaw llm check` said nothing within {seconds} s",
        "pl": "`picoclaw llm check` nic nie powiedział przez {seconds} s",
    },
    "model_failed": {
        "en": "the model does not answer, the reason stands above: correct llm in config.json (or the account at its "
        "provider) and run this again; `docker exec {container} picoclaw llm check` on the host asks it anew. "
        "Everything else is deployed and runs; picoclaw_check_model = False in the inventory skips this question",
        "pl": "model nie odpowiada, przyczyna jest powyżej: popraw llm w config.json (albo konto u dostawcy) i uruchom "
        "to ponownie; `docker exec {container} picoclaw llm check` na hoście zapyta go jeszcze raz. Wszystko inne jest "
        "wdrożone i działa; picoclaw_check_model = False w inventory pomija to pytanie",
    },
}

PROGRESS = _IMAGES | _HEALTH | _MODEL
