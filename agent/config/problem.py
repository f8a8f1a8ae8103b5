"""What can be wrong with a config.json: a problem, its key, and its sentence in English and Polish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.language import Language, worded

# {at} is the key, with the kind of channel behind it where there is one.
_SENTENCES: dict[str, dict[Language, str]] = {
    "said": {"en": "{sentence}", "pl": "{polish}"},
    "anothers": {
        "en": "this is the config.json of PicoClaw itself; picoclaw config import FILE makes one for this assistant",
        "pl": "to config.json samego PicoClaw; picoclaw config import PLIK zrobi z niego plik dla tego asystenta",
    },
    "unknown": {"en": "{at} is not a known key; {hint}", "pl": "{at} to nieznany klucz; {hint}"},
    "close": {"en": "did you mean {close}?", "pl": "czy chodziło o {close}?"},
    "known": {"en": "known here: {known}", "pl": "znane tutaj: {known}"},
    "missing": {
        "en": "{at} is missing; add it (README, Configuration, shows every shape)",
        "pl": "brakuje {at}; dodaj (README, Konfiguracja, pokazuje każdą postać)",
    },
    "no_channel": {
        "en": 'channel is missing; add "channel": {{"type": "telegram", "bot_token": ...}}',
        "pl": 'brakuje channel; dodaj "channel": {{"type": "telegram", "bot_token": ...}}',
    },
    "choice": {"en": "{at} must be one of {choices}", "pl": "{at} musi być jednym z: {choices}"},
    "type": {
        "en": "{at}: expected `{expected}`, got `{seen}`; correct the value",
        "pl": "{at}: oczekiwano `{expected}`, jest `{seen}`; popraw wartość",
    },
    "value": {"en": "{at}: {problem}; correct the value", "pl": "{at}: {problem}; popraw wartość"},
    "provider": {
        "en": "{at} {value!r} is not one of {known}; {hint} Or give {where}.api_base, the address of its API (with "
        "{where}.engine litellm unless that is OpenAI's)",
        "pl": "{at} {value!r} nie jest jednym z: {known}; {hint} Możesz też podać {where}.api_base, adres jego API "
        "(z {where}.engine litellm, jeśli to nie API OpenAI)",
    },
    "choose": {"en": "choose one.", "pl": "wybierz któryś."},
    "engine": {
        "en": "{at} cannot be direct, {provider} does not speak OpenAI's protocol; leave engine out",
        "pl": "{at} nie może być direct, {provider} nie zna protokołu OpenAI; pomiń engine",
    },
    "address": {
        "en": "{at} must be an address such as https://host/v1",
        "pl": "{at} musi być adresem takim jak https://host/v1",
    },
    "entry": {
        "en": "{sentence}",
        "pl": "{at} zawiera {entry!r}, co nie jest wpisem listy; napisz example.org, *.example.org, *, "
        "example.org:8443, 192.168.1.20:11434 albo 192.168.1.0/24",
    },
    "twice": {
        "en": "channels names the same type twice; keep one of each",
        "pl": "channels wymienia dwa razy ten sam typ; zostaw po jednym",
    },
    "telegram_token": {
        "en": "{at} must look like 123456789:AAH... as BotFather gave it",
        "pl": "{at} musi wyglądać jak 123456789:AAH..., tak jak dał go BotFather",
    },
    "nobody": {
        "en": "{at} holds {user!r}, which is nobody's id; put your own numeric id there, or leave the list out and "
        "pair with /pair",
        "pl": "{at} zawiera {user!r}, a to niczyj identyfikator; wpisz swój numeryczny albo pomiń listę i sparuj się "
        "przez /pair",
    },
    "telegram_user": {
        "en": "{at} holds {user!r}; Telegram ids are numbers (write to @userinfobot to learn yours)",
        "pl": "{at} zawiera {user!r}; identyfikatory Telegrama to liczby (napisz do @userinfobot, żeby poznać swój)",
    },
    "slack_user": {
        "en": "{at} holds {user!r}; Slack's member ids begin with U or W (in your profile: More, Copy member ID)",
        "pl": "{at} zawiera {user!r}; identyfikatory członków Slacka zaczynają się od U lub W (w profilu: Więcej, "
        "Kopiuj identyfikator członka)",
    },
    "discord_user": {
        "en": "{at} holds {user!r}; Discord ids are numbers of 17 to 20 digits (in Settings, Advanced, switch on "
        "Developer Mode; then right-click your name: Copy User ID)",
        "pl": "{at} zawiera {user!r}; identyfikatory Discorda to liczby od 17 do 20 cyfr (w Ustawieniach, "
        "Zaawansowane, włącz Tryb dewelopera; potem kliknij swoją nazwę prawym przyciskiem: Kopiuj ID użytkownika)",
    },
    "range": {
        "en": "{at} must be from {low} to {high}, it is {value}",
        "pl": "{at} musi być od {low} do {high}, jest {value}",
    },
    "empty": {
        "en": "{at} is empty or has spaces around it; put the value itself there",
        "pl": "{at} jest puste albo otoczone spacjami; wpisz samą wartość",
    },
    "reference": {
        "en": "{at} is the reference {value}, which only the deploy resolves: set it by the deploy",
        "pl": "{at} jest odwołaniem {value}, które rozwiązuje tylko wdrożenie: ustaw je przez wdrożenie",
    },
    "placeholder": {
        "en": "{at} still holds a placeholder; put your own value there",
        "pl": "{at} nadal zawiera tekst zastępczy; wpisz tam własną wartość",
    },
    "prefix": {"en": "{at} must start with {prefix}", "pl": "{at} musi zaczynać się od {prefix}"},
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        key: where, `llm.fallbacks[0].model`.
        code: which sentence says it.
        values: what the sentence wants; never a secret.
        kind: the channel's, for a key of a channel.
    """

    key: str
    code: str
    values: Mapping[str, object] = field(default_factory=dict)
    kind: str = ""

    def said(self, language: str = "en") -> str:
        """The sentence: the key, what was expected, what to do."""
        at = f"{self.key} ({self.kind})" if self.kind else self.key
        values = {name: _worded(value, language) for name, value in self.values.items()}
        sentence = worded(_SENTENCES[self.code], language, **{"at": at, **values})
        return sentence if sentence.startswith("config.json") else f"config.json: {sentence}"


@dataclass(frozen=True, slots=True)
class Hint:
    """A part of a sentence that has a language of its own."""

    code: str
    values: Mapping[str, object]


def _worded(value: object, language: str) -> object:
    """A hint in its words; any other value as it is."""
    return worded(_SENTENCES[value.code], language, **value.values) if isinstance(value, Hint) else value
