"""The sentences that the assistant itself says in a chat, in English and Polish."""

from __future__ import annotations

import re

from agent.language import Language, worded

# The commands that a channel registers with its service, in the order of its menu; `/start` and `/pair` are typed.
COMMANDS = ("new", "stop", "status", "usage", "model", "whoami", "help")

_COMMANDS_IN_TEXT = re.compile(rf"(?<![\w/.])/(?=(?:{'|'.join((*COMMANDS, 'start', 'pair'))})\b)")

CATALOGUE: dict[str, dict[Language, str]] = {
    "command_new": {"en": "start a new conversation", "pl": "zacznij nową rozmowę"},
    "command_stop": {"en": "stop what I am doing", "pl": "przerwij to, co robię"},
    "command_status": {"en": "how I am doing", "pl": "jak się miewam"},
    "command_usage": {"en": "what the model has cost", "pl": "ile kosztował model"},
    "command_model": {"en": "show or change the model", "pl": "pokaż lub zmień model"},
    "command_whoami": {"en": "your id here", "pl": "Twój identyfikator"},
    "command_option_model": {"en": "its number or a part of its name", "pl": "numer albo część nazwy"},
    "command_option_stop": {"en": "what to do instead", "pl": "co zrobić zamiast tego"},
    "command_help": {"en": "what I understand", "pl": "co rozumiem"},
    "slack_command": {
        "en": "{command}: I answer in our direct messages.",
        "pl": "{command}: odpowiadam w wiadomościach bezpośrednich.",
    },
    "start": {
        "en": "Hi! I am your assistant. Write to me in plain words; I can run commands and work with files in my "
        "sandbox. /help shows what else I understand.",
        "pl": "Cześć! Jestem Twoim asystentem. Pisz zwyczajnie; umiem uruchamiać polecenia i pracować na plikach "
        "w swojej piaskownicy. /help pokazuje, co jeszcze rozumiem.",
    },
    "new": {"en": "A new conversation. What can I do?", "pl": "Nowa rozmowa. W czym pomóc?"},
    "new_here": {
        "en": "In this channel, I start anew in every thread. What can I do?",
        "pl": "W tym kanale zaczynam od nowa, w każdym wątku. W czym pomóc?",
    },
    "whoami": {"en": "Your id on {channel} is {user}.", "pl": "Twój identyfikator ({channel}): {user}."},
    "status_title": {"en": "{name}, up {uptime}", "pl": "{name}, działa {uptime}"},
    "status_channel": {"en": "{name}: ok, last contact {age} ago", "pl": "{name}: ok, ostatni kontakt {age} temu"},
    "status_channel_down": {
        "en": "{name}: ⚠ {problem}; last contact {age} ago",
        "pl": "{name}: ⚠ {problem}; ostatni kontakt {age} temu",
    },
    "status_channel_never": {
        "en": "{name}: ⚠ {problem}; no contact since the start",
        "pl": "{name}: ⚠ {problem}; od startu bez kontaktu",
    },
    "status_model": {"en": "model: {model} ({engine})", "pl": "model: {model} ({engine})"},
    "status_model_resting": {
        "en": "model: {model} ({engine}), stands in for {first}",
        "pl": "model: {model} ({engine}), zastępuje {first}",
    },
    "engine_direct": {"en": "asked directly", "pl": "pytany wprost"},
    "engine_asleep": {"en": "through litellm, which is asleep", "pl": "przez litellm, który śpi"},
    "engine_starting": {"en": "through litellm, which is starting", "pl": "przez litellm, który się uruchamia"},
    "engine_warm": {"en": "through litellm, which is loaded", "pl": "przez litellm, który jest wczytany"},
    "engine_down": {"en": "through litellm, which does NOT answer", "pl": "przez litellm, który NIE odpowiada"},
    "status_sandbox_down": {
        "en": "sandbox: ⚠ not connected (docker logs picoclaw-sandbox)",
        "pl": "piaskownica: ⚠ niepołączona (docker logs picoclaw-sandbox)",
    },
    "status_memory": {"en": "memory and workspace", "pl": "pamięć i przestrzeń robocza"},
    "status_workspace_full": {
        "en": "⚠ The workspace is FULL; ask me to delete something.",
        "pl": "⚠ BRAK MIEJSCA w przestrzeni roboczej; poproś, żebym coś usunął.",
    },
    "status_confined": {
        "en": "confinement: all {all} controls hold",
        "pl": "zabezpieczenia: działają wszystkie ({all})",
    },
    "status_weak": {
        "en": "confinement: ⚠ only {ok} of {all} controls hold ({missing}); run the deploy again",
        "pl": "zabezpieczenia: ⚠ działa tylko {ok} z {all} (brak: {missing}); uruchom wdrożenie ponownie",
    },
    "status_strangers": {"en": "strangers turned away: {count}", "pl": "odprawieni obcy: {count}"},
    "status_waiting": {
        "en": "waiting: {questions} to be answered, {answers} to be delivered",
        "pl": "czeka: {questions} na odpowiedź, {answers} na dostarczenie",
    },
    "status_no_gateway": {"en": "The gateway does not serve: {problem}", "pl": "Bramka nie działa: {problem}"},
    "status_nobody": {
        "en": "nobody is allowed yet (picoclaw pair)",
        "pl": "nikt nie ma jeszcze dostępu (picoclaw pair)",
    },
    "status_egress_down": {"en": "egress of {client}: ⚠ {problem}", "pl": "wyjście {client}: ⚠ {problem}"},
    "status_last_error": {"en": "last error: {line}", "pl": "ostatni błąd: {line}"},
    "workspace": {"en": "workspace", "pl": "pliki"},
    "models": {"en": "Models, in the order of config.json:", "pl": "Modele, w kolejności z config.json:"},
    "model_first": {"en": "asked first", "pl": "pytany pierwszy"},
    "model_default": {"en": "default", "pl": "domyślny"},
    "model_stands_in": {"en": "answers for now", "pl": "na razie odpowiada"},
    "models_hint": {
        "en": "/model 2 or /model and a part of the name makes that one the first; /model default goes back.",
        "pl": "/model 2 albo /model i część nazwy ustawia ten model jako pierwszy; /model default przywraca domyślny.",
    },
    "models_one": {
        "en": "There is only this one. More can be added to llm.fallbacks in config.json.",
        "pl": "Jest tylko ten jeden. Kolejne można dodać do llm.fallbacks w config.json.",
    },
    "model_chosen": {
        "en": "From now on I ask `{name}` first.",
        "pl": "Od teraz najpierw pytam `{name}`.",
    },
    "model_unknown": {
        "en": "config.json has no model “{wanted}”.",
        "pl": "W config.json nie ma modelu „{wanted}”.",
    },
    "model_ambiguous": {
        "en": "“{wanted}” fits several models.",
        "pl": "„{wanted}” pasuje do kilku modeli.",
    },
    "paired": {
        "en": "We are paired: I work for you.",
        "pl": "Sparowano: pracuję dla Ciebie.",
    },
    "script_request": {
        "en": "[A script of your owner's asks for this:]\n{text}",
        "pl": "[O to prosi skrypt Twojego właściciela:]\n{text}",
    },
    "script_notice": {"en": "⚙ *A script asks:* {text}", "pl": "⚙ *Skrypt prosi:* {text}"},
    "task_no_channel": {
        "en": "config.json has no channel {name}; it has {known}",
        "pl": "w config.json nie ma kanału {name}; jest {known}",
    },
    "task_nobody": {
        "en": "nobody is allowed on {name} yet; docker exec picoclaw picoclaw pair says how to pair",
        "pl": "w kanale {name} nikt nie ma jeszcze dostępu; jak się sparować, powie docker exec picoclaw picoclaw pair",
    },
    "task_stranger": {
        "en": "user {user} is not allowed on {name}; allowed: {owners}",
        "pl": "użytkownik {user} nie ma dostępu w kanale {name}; dostęp ma: {owners}",
    },
    "task_no_chat": {
        "en": "there is no private chat with {user} on {name}: {why}",
        "pl": "w kanale {name} nie ma prywatnego czatu z {user}: {why}",
    },
    "no_such_command": {
        "en": "I do not know the command {command}. /help lists those I know.",
        "pl": "Nie znam polecenia {command}. /help pokazuje te, które znam.",
    },
    "did_you_mean": {
        "en": "I do not know the command {command}; did you mean {near}? /help lists those I know.",
        "pl": "Nie znam polecenia {command}; może {near}? /help pokazuje te, które znam.",
    },
    "unreadable": {
        "en": "I can make nothing of what you sent; please put it in words.",
        "pl": "Nie umiem odczytać tego, co przyszło; napisz to proszę słowami.",
    },
    "steps": {
        "en": "I stopped after {steps} steps without finishing. Write “go on” and I continue, or raise "
        "assistant.max_steps in config.json.",
        "pl": "Przerwałem pracę bez wyniku (kroki: {steps}). Napisz „dalej”, a będę kontynuować, albo zwiększ "
        "assistant.max_steps w config.json.",
    },
    "gave_up": {
        "en": "I began this {attempts} times and was restarted each time before I was done, so I leave it. The log "
        "says more; please put it differently.",
        "pl": "Zaczynałem to {attempts} razy i za każdym razem restartowano mnie przed końcem, więc odpuszczam. Więcej "
        "jest w logu; spróbuj inaczej.",
    },
    "stopped": {"en": "Stopped: “{request}”", "pl": "Przerwano: „{request}”"},
    "stopped_more": {
        "en": "Stopped: “{request}”, and dropped what waited: {more}",
        "pl": "Przerwano: „{request}”, a z kolejki usunięto: {more}",
    },
    "nothing_to_stop": {"en": "There is nothing to stop.", "pl": "Nie ma czego przerywać."},
    "stopped_here": {"en": "stopped", "pl": "przerwano"},
    "withdrawn": {"en": "request withdrawn", "pl": "prośba wycofana"},
    "long_answer": {
        "en": "The whole answer is in {name}.",
        "pl": "Cała odpowiedź jest w {name}.",
    },
    "undelivered": {
        "en": "I could not deliver {what}. ({why})",
        "pl": "Nie udało mi się dostarczyć: {what}. ({why})",
    },
    "undelivered_file": {"en": "the file {name}", "pl": "plik {name}"},
    "undelivered_text": {"en": "a message", "pl": "wiadomość"},
    "empty": {"en": "The model gave an empty answer.", "pl": "Model dał pustą odpowiedź."},
    # {where} is the model's place in config.json, `llm` or `llm.fallbacks[0]`.
    "llm_key": {
        "en": "{provider} refuses the API key. Put a valid one into {where}.api_key in config.json and restart me. "
        "({detail})",
        "pl": "{provider} odrzuca klucz API. Wpisz poprawny do {where}.api_key w config.json i zrestartuj mnie. "
        "({detail})",
    },
    "llm_quota": {
        "en": "The account at {provider} has no credit left. Top it up, or choose another {where}.model in "
        "config.json. ({detail})",
        "pl": "Na koncie u dostawcy {provider} skończyły się środki. Doładuj je albo wybierz inny {where}.model w "
        "config.json. ({detail})",
    },
    "llm_model": {
        "en": "{provider} has no model “{model}” at {host}. Correct {where}.model (or {where}.api_base) in config.json "
        "and restart me. ({detail})",
        "pl": "{provider} nie ma modelu „{model}” pod adresem {host}. Popraw {where}.model (albo {where}.api_base) w "
        "config.json i zrestartuj mnie. ({detail})",
    },
    "llm_proxy": {
        "en": "My egress proxy does not let litellm reach {host}. Check {where}.provider and {where}.api_base in "
        "config.json and run the deploy again. ({detail})",
        "pl": "Moje proxy wyjściowe nie przepuszcza litellm do {host}. Sprawdź {where}.provider i {where}.api_base w "
        "config.json i uruchom wdrożenie ponownie. ({detail})",
    },
    "llm_request": {
        "en": "{provider} refuses the request. Check {where}.model, {where}.max_tokens and {where}.temperature in "
        "config.json, or start anew with /new. ({detail})",
        "pl": "{provider} odrzuca zapytanie. Sprawdź {where}.model, {where}.max_tokens i {where}.temperature w "
        "config.json albo zacznij od nowa przez /new. ({detail})",
    },
    "llm_window": {
        "en": "This conversation is too long for {model}. Start a new one with /new, or choose a {where}.model with a "
        "larger window in config.json. ({detail})",
        "pl": "Ta rozmowa jest za długa dla {model}. Zacznij nową przez /new albo wybierz w config.json {where}.model "
        "z większym oknem. ({detail})",
    },
    "llm_slow": {
        "en": "{model} was not done with its answer after {seconds} s. Ask for a shorter one, or raise "
        "{where}.timeout_s in config.json.",
        "pl": "{model} po {seconds} s nadal nie skończył odpowiedzi. Poproś o krótszą albo zwiększ {where}.timeout_s w "
        "config.json.",
    },
    "llm_endless": {
        "en": "{model} gave an answer without an end, which I cut off. Ask again in other words, or set a smaller "
        "{where}.max_tokens in config.json.",
        "pl": "{model} dał odpowiedź bez końca, więc ją przerwałem. Zapytaj inaczej albo ustaw mniejsze "
        "{where}.max_tokens w config.json.",
    },
    "llm_rate": {
        "en": "{provider} takes no more requests for the moment. Write again in {wait}, or add another model to "
        "llm.fallbacks in config.json. ({detail})",
        "pl": "{provider} chwilowo nie przyjmuje więcej zapytań. Napisz ponownie za {wait} albo dodaj inny model do "
        "llm.fallbacks w config.json. ({detail})",
    },
    "a_while": {"en": "a while", "pl": "chwilę"},
    "minutes": {"en": "{minutes} min", "pl": "{minutes} min"},
    "llm_unavailable": {
        "en": "{provider} has trouble of its own just now. Write again in a while, or add another model to "
        "llm.fallbacks in config.json. ({detail})",
        "pl": "{provider} ma teraz własne kłopoty. Napisz ponownie za chwilę albo dodaj inny model do llm.fallbacks w "
        "config.json. ({detail})",
    },
    "llm_silent": {
        "en": "{model} at {host} does not answer. Write again in a while; if it only needs longer, raise "
        "{where}.timeout_s in config.json (it is {seconds}).",
        "pl": "{model} pod adresem {host} nie odpowiada. Napisz ponownie za chwilę; jeśli tylko potrzebuje więcej "
        "czasu, zwiększ {where}.timeout_s w config.json (jest {seconds}).",
    },
    "llm_unreachable": {
        "en": "{host} cannot be reached. Write again in a while; if it stays so, check {where}.api_base in "
        "config.json and the server's network. ({detail})",
        "pl": "Nie można połączyć się z {host}. Napisz ponownie za chwilę; jeśli to nie minie, sprawdź "
        "{where}.api_base w config.json i sieć serwera. ({detail})",
    },
    "llm_garbage": {
        "en": "{host} answers, but not as a model's API does. Check {where}.api_base in config.json. ({detail})",
        "pl": "{host} odpowiada, ale nie jak API modelu. Sprawdź {where}.api_base w config.json. ({detail})",
    },
    "llm_broken_off": {
        "en": "{provider} broke its answer off half-way. Write again; if it happens often, choose another "
        "{where}.model in config.json. ({detail})",
        "pl": "{provider} przerwał odpowiedź w połowie. Napisz ponownie; jeśli zdarza się to często, wybierz inny "
        "{where}.model w config.json. ({detail})",
    },
    "llm_container": {
        "en": "The container picoclaw-llm, which {where}.provider in config.json needs, does not serve. See "
        "docker logs picoclaw-llm --tail 20 on the server; the deploy puts it right. ({detail})",
        "pl": "Kontener picoclaw-llm, którego wymaga {where}.provider w config.json, nie działa. Zobacz na serwerze "
        "docker logs picoclaw-llm --tail 20; wdrożenie go naprawia. ({detail})",
    },
    "llm_all": {
        "en": "None of the {count} models in config.json answers:",
        "pl": "Żaden z {count} modeli z config.json nie odpowiada:",
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
        "pl": "dzień|model|zapytania|tokeny pytań|z pamięci podr.|tokeny odpowiedzi|koszt USD|bez ceny",
    },
    "usage_total": {"en": "total", "pl": "razem"},
    "gap_elsewhere": {
        "en": "{where}.model {model} is asked at an api_base of its own, where the table of models says nothing",
        "pl": "{where}.model {model} jest pytany pod własnym api_base, o którym tabela modeli nic nie mówi",
    },
    "gap_unlisted": {
        "en": "{where}.model {model} is not in the table of models, or not all of it",
        "pl": "modelu {model} ({where}.model) nie ma w tabeli modeli albo brakuje tam części danych",
    },
    "gap_not_shipped": {
        "en": "{where}.model {model} is not in models.json, which the deploy writes: run it again",
        "pl": "modelu {model} ({where}.model) nie ma w models.json, który zapisuje wdrożenie: uruchom je ponownie",
    },
    "gap_window": {
        "en": "until {where}.context_window says it, it is taken to read {tokens} tokens",
        "pl": "dopóki nie poda tego {where}.context_window, zakładam, że czyta {tokens} tokenów",
    },
    "gap_price": {
        "en": "until {where}.price says it, its cost is unknown",
        "pl": "dopóki nie poda tego {where}.price, jego koszt jest nieznany",
    },
    "check_ok": {
        "en": "{head}: answers in {seconds} s, {prompt} + {completion} tokens, {cost}",
        "pl": "{head}: odpowiada w {seconds} s, tokeny: {prompt} + {completion}, {cost}",
    },
    "check_no_cost": {"en": "cost unknown", "pl": "koszt nieznany"},
    "internal": {
        "en": "Something went wrong on my side; the log says what. Please write again.",
        "pl": "Coś poszło nie tak po mojej stronie; szczegóły są w logu. Napisz ponownie.",
    },
}


def command(name: str, language: str) -> str:
    """What one of COMMANDS does, for a service's menu: a few words without an end."""
    return say(f"command_{name}", language)


def say(key: str, language: str, **values: object) -> str:
    """The sentence in the user's language; English for languages that are neither."""
    return worded(CATALOGUE[key], language, **values)


def spelled(text: str, channel: str) -> str:
    """The text with commands as that channel takes them: Slack keeps messages that begin with `/` to itself."""
    return _COMMANDS_IN_TEXT.sub("!", text) if channel == "slack" else text
