"""The sentences that the assistant itself says in a chat, in English and Polish."""

from __future__ import annotations

from typing import Literal

Language = Literal["en", "pl"]

CATALOGUE: dict[str, dict[Language, str]] = {
    "start": {
        "en": "Hi! I am your assistant. Write to me in plain words; I can run commands and work with files in my "
        "sandbox. /help shows what else I understand.",
        "pl": "Cześć! Jestem Twoim asystentem. Pisz zwyczajnie; umiem uruchamiać polecenia i pracować na plikach "
        "w swojej piaskownicy. /help pokazuje, co jeszcze rozumiem.",
    },
    "help": {
        "en": "/new – start a new conversation (I forget this one)\n/status – how I am doing\n"
        "/whoami – your id here\n/help – this list",
        "pl": "/new – zacznij nową rozmowę (tę zapomnę)\n/status – jak się miewam\n"
        "/whoami – Twój identyfikator\n/help – ta lista",
    },
    "new": {"en": "A new conversation. What can I do?", "pl": "Nowa rozmowa. W czym pomóc?"},
    "whoami": {"en": "Your id on {channel} is {user}.", "pl": "Twój identyfikator na {channel} to {user}."},
    "status": {
        "en": "PicoClaw {version}, up {uptime}\nmodel: {model}\nsandbox: {sandbox}\nchannels: {channels}",
        "pl": "PicoClaw {version}, działa od {uptime}\nmodel: {model}\npiaskownica: {sandbox}\nkanały: {channels}",
    },
    "sandbox_up": {
        "en": "connected, workspace {used} of {limit} MB",
        "pl": "połączona, pliki {used} z {limit} MB",
    },
    "sandbox_full": {
        "en": "connected, workspace FULL: {used} of {limit} MB; ask me to delete something",
        "pl": "połączona, BRAK MIEJSCA na pliki: {used} z {limit} MB; poproś, żebym coś usunął",
    },
    "sandbox_down": {"en": "not connected", "pl": "niepołączona"},
    "paired": {
        "en": "You are paired: from now on I work for you.",
        "pl": "Sparowano: od teraz pracuję dla Ciebie.",
    },
    "no_such_command": {
        "en": "I do not know the command {command}. /help lists those I know.",
        "pl": "Nie znam polecenia {command}. /help pokazuje te, które znam.",
    },
    "only_text": {
        "en": "I can only read text so far; please write it.",
        "pl": "Na razie czytam tylko tekst; napisz to proszę.",
    },
    "steps": {
        "en": "I stopped after {steps} steps without finishing. Write “go on” and I continue, or raise "
        "assistant.max_steps in config.json.",
        "pl": "Zatrzymałem się po {steps} krokach bez wyniku. Napisz „dalej”, a będę kontynuować, albo zwiększ "
        "assistant.max_steps w config.json.",
    },
    "shortened": {
        "en": "[The answer goes on for {missing} more characters; ask me to put it into a file.]",
        "pl": "[Odpowiedź ma jeszcze {missing} znaków; poproś, a zapiszę ją w pliku.]",
    },
    "empty": {"en": "The model gave an empty answer.", "pl": "Model dał pustą odpowiedź."},
    "llm_key": {
        "en": "The model's provider refuses the API key. Put a valid one into llm.api_key in config.json and restart "
        "me. ({detail})",
        "pl": "Dostawca modelu odrzuca klucz API. Wpisz poprawny do llm.api_key w config.json i zrestartuj mnie. "
        "({detail})",
    },
    "llm_quota": {
        "en": "The account at the model's provider has no credit left. Top it up, or choose another llm.model in "
        "config.json. ({detail})",
        "pl": "Na koncie u dostawcy modelu skończyły się środki. Doładuj je albo wybierz inny llm.model w "
        "config.json. ({detail})",
    },
    "llm_request": {
        "en": "The model's provider refuses the request. Check llm.model in config.json. ({detail})",
        "pl": "Dostawca modelu odrzuca zapytanie. Sprawdź llm.model w config.json. ({detail})",
    },
    "llm_unavailable": {
        "en": "The model does not answer just now. Please write again in a while. ({detail})",
        "pl": "Model teraz nie odpowiada. Napisz ponownie za chwilę. ({detail})",
    },
    "internal": {
        "en": "Something went wrong on my side; the log says what. Please write again.",
        "pl": "Coś poszło nie tak po mojej stronie; szczegóły są w logu. Napisz ponownie.",
    },
}


def say(key: str, language: str, **values: object) -> str:
    """The sentence in the user's language; English for languages that are neither."""
    sentence = CATALOGUE[key]
    return (sentence["pl"] if language.startswith("pl") else sentence["en"]).format(**values)
