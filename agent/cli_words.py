"""What `picoclaw task`, `pair` and `health` say in the gateway's container, in English and Polish."""

from __future__ import annotations

from agent.language import Language, worded

CATALOGUE: dict[str, dict[Language, str]] = {
    "no_gateway": {
        "en": "no gateway is running here; on the host: docker exec picoclaw picoclaw {command}",
        "pl": "nie działa tu żadna bramka; na hoście: docker exec picoclaw picoclaw {command}",
    },
    "no_answer": {
        "en": "no gateway answers on {address} ({why}); run this where it runs: docker exec picoclaw picoclaw "
        "{command}",
        "pl": "pod adresem {address} nie odpowiada żadna bramka ({why}); uruchom to tam, gdzie ona działa: docker exec "
        "picoclaw picoclaw {command}",
    },
    "no_task": {
        "en": "there is no task {task}, or not any more: answers are kept for a week",
        "pl": "nie ma zadania {task} albo już go nie ma: odpowiedzi są przechowywane przez tydzień",
    },
    "not_yet": {
        "en": "no answer yet; picoclaw task --wait {task} fetches it",
        "pl": "nie ma jeszcze odpowiedzi; odbierze ją picoclaw task --wait {task}",
    },
    "working": {"en": "working", "pl": "pracuję"},
    "wait_alone": {
        "en": "--wait takes no task: leave out TEXT, --id, --session, --new and --reply-to",
        "pl": "--wait nie zleca zadania: pomiń TEXT, --id, --session, --new i --reply-to",
    },
    "what": {
        "en": "what is to be done? picoclaw task TEXT, or - for standard input",
        "pl": "co jest do zrobienia? picoclaw task TEXT albo - dla standardowego wejścia",
    },
    "session_or_chat": {
        "en": "--session and --reply-to exclude each other: a chat is one conversation",
        "pl": "--session i --reply-to się wykluczają: czat to jedna rozmowa",
    },
    "new_needs_session": {
        "en": "--new belongs to --session; without it each task has a conversation of its own",
        "pl": "--new idzie w parze z --session; bez niego każde zadanie ma własną rozmowę",
    },
    "pair_code": {
        "en": "{channel}: nobody is allowed yet; within {minutes} min send the bot, in private: {command} {code}",
        "pl": "{channel}: nikt nie ma jeszcze dostępu; w ciągu {minutes} min wyślij botowi, prywatnie: "
        "{command} {code}",
    },
    "pair_allowed": {"en": "{channel}: allowed: {users}", "pl": "{channel}: dostęp ma: {users}"},
    "healthy": {"en": "healthy", "pl": "wszystko działa"},
    "not_healthy": {"en": "not healthy", "pl": "nie wszystko działa"},
    "channel_contact": {
        "en": "{name}: {problem}, last contact {age} s ago",
        "pl": "{name}: {problem}, ostatni kontakt {age} s temu",
    },
    "channel_never": {"en": "{name}: {problem}, no contact yet", "pl": "{name}: {problem}, jeszcze bez kontaktu"},
    "incurable": {
        "en": "; a restart does not help, you have to change something",
        "pl": "; restart nie pomoże, musisz coś zmienić",
    },
    "nobody": {
        "en": "; nobody is allowed yet (picoclaw pair)",
        "pl": "; nikt nie ma jeszcze dostępu (picoclaw pair)",
    },
    "strangers": {"en": "; strangers turned away: {count}", "pl": "; odprawieni obcy: {count}"},
    "egress": {"en": "egress of {client}: {problem}", "pl": "wyjście {client}: {problem}"},
    "sandbox": {"en": "sandbox: connected", "pl": "piaskownica: połączona"},
    "no_sandbox": {"en": "sandbox: not connected", "pl": "piaskownica: niepołączona"},
    "waiting": {
        "en": "waiting: {questions} to be answered, {answers} to be delivered",
        "pl": "czeka: {questions} na odpowiedź, {answers} na dostarczenie",
    },
}


def say(key: str, language: str, **values: object) -> str:
    """The sentence in that language."""
    return worded(CATALOGUE[key], language, **values)
