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
        "/usage – what the model has cost\n/whoami – your id here\n/help – this list",
        "pl": "/new – zacznij nową rozmowę (tę zapomnę)\n/status – jak się miewam\n"
        "/usage – ile kosztował model\n/whoami – Twój identyfikator\n/help – ta lista",
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
    "llm_window": {
        "en": "This conversation is longer than the model can read, even shortened. Start anew with /new, or set "
        "llm.context_window in config.json to what the model reads. ({detail})",
        "pl": "Ta rozmowa jest dłuższa, niż model umie przeczytać, nawet po skróceniu. Zacznij od nowa przez /new albo "
        "ustaw llm.context_window w config.json na tyle, ile model czyta. ({detail})",
    },
    "llm_unavailable": {
        "en": "The model does not answer just now. Please write again in a while. ({detail})",
        "pl": "Model teraz nie odpowiada. Napisz ponownie za chwilę. ({detail})",
    },
    "budget_usd": {
        "en": "Today's budget is used up: {used} of {limit} USD. I go on at 00:00 UTC, in {wait}; or raise "
        "llm.daily_budget_usd in config.json and restart me.",
        "pl": "Dzisiejszy budżet jest wyczerpany: {used} z {limit} USD. Wracam o 00:00 UTC, za {wait}; możesz też "
        "podnieść llm.daily_budget_usd w config.json i mnie zrestartować.",
    },
    "budget_tokens": {
        "en": "Today's tokens are used up: {used} of {limit}. I go on at 00:00 UTC, in {wait}; or raise "
        "llm.daily_tokens in config.json and restart me.",
        "pl": "Dzisiejsze tokeny są wyczerpane: {used} z {limit}. Wracam o 00:00 UTC, za {wait}; możesz też "
        "podnieść llm.daily_tokens w config.json i mnie zrestartować.",
    },
    "budget_blind": {
        "en": "llm.daily_budget_usd is set, but I do not know what the model costs, so I do not ask it. Put {keys} "
        "into config.json ($ for a million tokens: input, output) and restart me.",
        "pl": "Ustawiono llm.daily_budget_usd, ale nie wiem, ile kosztuje model, więc go nie pytam. Wpisz {keys} "
        "do config.json (USD za milion tokenów: input, output) i mnie zrestartuj.",
    },
    "usage": {
        "en": "Usage (days in UTC)",
        "pl": "Zużycie (dni w UTC)",
    },
    "usage_today": {"en": "today", "pl": "dzisiaj"},
    "usage_yesterday": {"en": "yesterday", "pl": "wczoraj"},
    "usage_month": {"en": "last 30 days", "pl": "ostatnie 30 dni"},
    "usage_line": {
        "en": "{name}: requests {requests}, tokens {tokens} (prompt cached {cached}), cost {cost}",
        "pl": "{name}: zapytania {requests}, tokeny {tokens} (z pamięci podręcznej {cached}), koszt {cost}",
    },
    "usage_cost": {"en": "{cost} USD", "pl": "{cost} USD"},
    "usage_unpriced": {
        "en": "{cost} USD and {requests} requests unknown",
        "pl": "{cost} USD i zapytania bez ceny: {requests}",
    },
    "usage_left_usd": {
        "en": "budget today: {left} of {limit} USD left",
        "pl": "budżet na dziś: zostało {left} z {limit} USD",
    },
    "usage_left_tokens": {
        "en": "tokens today: {left} of {limit} left",
        "pl": "tokeny na dziś: zostało {left} z {limit}",
    },
    "usage_none": {"en": "no model was asked in these days", "pl": "w tych dniach nie pytano modelu"},
    "usage_columns": {
        "en": "day|model|requests|prompt|cached|answers|cost USD|unpriced",
        "pl": "dzień|model|zapytania|pytania|z pamięci|odpowiedzi|koszt USD|bez ceny",
    },
    "usage_total": {"en": "total", "pl": "razem"},
    "gap_elsewhere": {
        "en": "{where}.model {model} is asked at an api_base of its own, where the table of models says nothing",
        "pl": "{where}.model {model} jest pytany pod własnym api_base, o którym tabela modeli nic nie mówi",
    },
    "gap_unlisted": {
        "en": "{where}.model {model} is not in the table of models, or not all of it",
        "pl": "{where}.model {model} nie ma w tabeli modeli albo nie ma tam wszystkiego",
    },
    "gap_not_shipped": {
        "en": "{where}.model {model} is not in models.json, which the deploy writes: run it again",
        "pl": "{where}.model {model} nie ma w models.json, który zapisuje deploy: uruchom go ponownie",
    },
    "gap_window": {
        "en": "until {where}.context_window says it, it is taken to read {tokens} tokens",
        "pl": "dopóki nie poda tego {where}.context_window, zakładam, że czyta {tokens} tokenów",
    },
    "gap_price": {
        "en": "until {where}.price says it, its cost is unknown",
        "pl": "dopóki nie poda tego {where}.price, jego koszt jest nieznany",
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
