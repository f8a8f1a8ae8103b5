"""What the operator's commands say, in English and Polish."""

from __future__ import annotations

from collections.abc import Mapping

from agent.errors import ConfigError
from agent.language import LANGUAGE_VARIABLE, Language, closest, worded
from agent.operator.archive.words import ARCHIVE
from agent.operator.guide import GUIDE
from agent.operator.look.words import LOOK

CATALOGUE: dict[str, dict[Language, str]] = {
    "no_file": {
        "en": "{file} does not exist: picoclaw init makes it",
        "pl": "{file} nie istnieje: utworzy go picoclaw init",
    },
    "unreadable": {"en": "{file} cannot be read ({reason})", "pl": "nie można odczytać {file} ({reason})"},
    "no_inventory": {
        "en": "pyinfra cannot read ./inventory: {reason}",
        "pl": "pyinfra nie może odczytać ./inventory: {reason}",
    },
    "no_hosts": {
        "en": "the inventory has no host: picoclaw init writes hosts.json, or add one to ./inventory",
        "pl": "w inventory nie ma żadnego hosta: picoclaw init zapisze hosts.json albo dopisz go do ./inventory",
    },
    "no_such_host": {
        "en": "the inventory has no host or group {name}; its hosts: {known}",
        "pl": "w inventory nie ma hosta ani grupy {name}; hosty: {known}",
    },
    "rollout_done": {"en": "deployed and healthy", "pl": "wdrożony i sprawny"},
    "rollout_failed": {"en": "failed: see above", "pl": "nie udało się: patrz wyżej"},
    "rollout_unreachable": {"en": "cannot be reached", "pl": "nieosiągalny"},
    "rollout_left": {
        "en": "left as it is, because one before it failed",
        "pl": "pozostawiony bez zmian, bo nie udało się na wcześniejszym",
    },
    "wrong": {"en": "{file}: {count} to correct", "pl": "{file}: do poprawy: {count}"},
    "right": {"en": "{file} is in order.", "pl": "{file} jest w porządku."},
    "model": {"en": "model: {provider}, {model}", "pl": "model: {provider}, {model}"},
    "heard": {
        "en": "{channel}: {users} may talk to it, nobody else",
        "pl": "{channel}: rozmawiać mogą tylko: {users}",
    },
    "unheard": {
        "en": "{channel}: nobody is heard until you pair; after the deploy, docker exec picoclaw picoclaw pair on "
        "the host shows what to send",
        "pl": "{channel}: nikt nie ma jeszcze dostępu; po wdrożeniu docker exec picoclaw picoclaw pair na serwerze "
        "pokaże, co wysłać botowi",
    },
    "written": {"en": "Written: {file} (0600).", "pl": "Zapisano: {file} (0600)."},
    "kept": {"en": "What was there before is {file}.", "pl": "Poprzednia treść jest w {file}."},
    "exists": {
        "en": "{file} exists: give --force to put it aside as a backup and write a new one, or --output",
        "pl": "{file} istnieje: podaj --force, żeby odłożyć go jako kopię i zapisać nowy, albo --output",
    },
    "secret": {"en": "{key}: {masked}", "pl": "{key}: {masked}"},
    "import_dropped": {"en": "Not carried over:", "pl": "Nie przeniesiono:"},
    "import_open": {
        "en": "the file leaves this open, and --yes does not decide it: {question}; run it without --yes",
        "pl": "plik tego nie rozstrzyga, a --yes nie zdecyduje: {question}; uruchom bez --yes",
    },
    "import_no_counterpart": {"en": "has no counterpart here", "pl": "nie ma tu odpowiednika"},
    "import_placeholder": {"en": "is a placeholder, not a value", "pl": "to tekst zastępczy, a nie wartość"},
    "import_empty": {"en": "is empty", "pl": "jest puste"},
    "import_sealed": {
        "en": "is encrypted or in a file of its own (enc://, file://), which cannot be opened here",
        "pl": "jest zaszyfrowane albo w osobnym pliku (enc://, file://), czego nie da się tu otworzyć",
    },
    "import_no_model": {
        "en": "has a key, but the file names no model for it; add it to llm.fallbacks with one",
        "pl": "ma klucz, ale plik nie podaje dla niego modelu; dodaj go z modelem do llm.fallbacks",
    },
    "import_disabled": {"en": "is disabled", "pl": "jest wyłączone"},
    "import_signed_in": {
        "en": "signs in to {provider} by a login of its own; only API keys are used here",
        "pl": "loguje się do {provider} na własny sposób; tutaj używa się tylko kluczy API",
    },
    "import_unknown_provider": {
        "en": "{provider} is not known here; add it by hand with its api_base",
        "pl": "{provider} nie jest tu znany; dodaj go ręcznie razem z api_base",
    },
    "import_proxy": {"en": "the gateway uses no proxy", "pl": "bramka nie używa proxy"},
    "import_other_channel": {
        "en": "is no channel of this assistant; it has telegram, discord and slack",
        "pl": "nie jest kanałem tego asystenta; ma on telegram, discord i slack",
    },
    "import_one_of_a_kind": {
        "en": "there can be one {channel}, and you chose another",
        "pl": "{channel} może być tylko jeden, a wybrano inny",
    },
    "import_everyone": {
        "en": '"*" lets everyone in; here only listed ids have access',
        "pl": '"*" wpuszcza każdego; tutaj dostęp mają tylko wymienione identyfikatory',
    },
    "import_nobodys_id": {
        "en": "{entry!r} is a placeholder, nobody's id",
        "pl": "{entry!r} to tekst zastępczy, niczyj identyfikator",
    },
    "import_no_id": {
        "en": "{entry!r} is no id; names can change hands, so only ids count",
        "pl": "{entry!r} to nie identyfikator; nazwy mogą zmienić właściciela, więc liczą się tylko identyfikatory",
    },
    "import_not_wanted": {"en": "{users}, as you said", "pl": "{users}, zgodnie z odpowiedzią"},
    "import_was_open": {
        "en": "empty: PicoClaw let EVERYONE in; here an empty list means nobody",
        "pl": "pusta lista: PicoClaw wpuszczał KAŻDEGO; tutaj pusta lista oznacza nikogo",
    },
    "import_never_read": {
        "en": "PicoClaw never read this list; what it meant holds from now on: {users}",
        "pl": "PicoClaw nigdy nie czytał tej listy; odtąd obowiązuje to, co miała znaczyć: {users}",
    },
    "ask_provider": {"en": "No usable model is in the file. Provider", "pl": "W pliku nie ma modelu. Dostawca"},
    "ask_first": {
        "en": "Which of them answers first? (the file says {wanted})",
        "pl": "Który ma odpowiadać pierwszy? (w pliku: {wanted})",
    },
    "ask_model": {"en": "Model of {provider}", "pl": "Model dostawcy {provider}"},
    "ask_key": {"en": "API key for {provider}", "pl": "Klucz API do {provider}"},
    "ask_token": {"en": "{name} of {channel}", "pl": "{name} dla {channel}"},
    "ask_channel": {"en": "Which {channel} is to be used?", "pl": "Którego {channel} użyć?"},
    "ask_further_users": {
        "en": "{channel}: {users} stand in allowed_users, which PicoClaw never read. Let them in, too?",
        "pl": "{channel}: {users} są w allowed_users, czego PicoClaw nigdy nie czytał. Też ich wpuścić?",
    },
}


CATALOGUE |= GUIDE | ARCHIVE | LOOK


def speaking(language: str, environ: Mapping[str, str]) -> dict[str, str]:
    """An environment whose deploy speaks that language, whatever the locale is."""
    return {**environ, LANGUAGE_VARIABLE: closest(language)}


def told(error: ConfigError, language: str) -> str:
    """What is wrong, in that language."""
    return error.polish if closest(language) == "pl" else str(error)


def say(sentence: str, language: str, /, **values: object) -> str:
    """The sentence in that language."""
    return worded(CATALOGUE[sentence], language, **values)
