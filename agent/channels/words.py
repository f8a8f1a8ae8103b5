"""What can be wrong with the way to a chat service, and with what is sent there, in English and Polish."""

from __future__ import annotations

from agent.language import Language, closest, worded

CATALOGUE: dict[str, dict[Language, str]] = {
    "never": {"en": "no contact yet", "pl": "jeszcze bez kontaktu"},
    "silent": {"en": "no contact for {age:.0f} s", "pl": "bez kontaktu od {age:.0f} s"},
    "unreachable": {"en": "{service} cannot be reached: {why}", "pl": "{service} jest nieosiągalny: {why}"},
    "not_its_api": {
        "en": "{service} cannot be reached: what answers is not its API",
        "pl": "{service} jest nieosiągalny: to, co odpowiada, nie jest jego API",
    },
    "slow_down": {"en": "{service} asks to slow down", "pl": "{service} prosi, żeby zwolnić"},
    "answers": {"en": "{service} answers {status}", "pl": "{service} odpowiada: {status}"},
    "error": {"en": "{service} answers with an error: {why}", "pl": "{service} odpowiada błędem: {why}"},
    "left_out": {
        "en": "While I was away, more was written here than I go back for: I have read the newest {most} messages and "
        "left out the older ones. If one of those was for me, please write it again.",
        "pl": "Kiedy mnie nie było, napisano tu więcej, niż nadrabiam: mam {most} najnowszych wiadomości, starsze "
        "pominąłem. Jeśli któraś z nich była do mnie, napisz ją proszę jeszcze raz.",
    },
    "refuses": {"en": "{service} refuses it: {why}", "pl": "{service} tego nie przyjmuje: {why}"},
    "too_large": {"en": "it is too large for {service}", "pl": "{service} uznaje to za zbyt duże"},
    "message_gone": {"en": "{service} has no such message any more", "pl": "{service} nie ma już takiej wiadomości"},
    "file_gone": {"en": "the file is not there any more: {why}", "pl": "tego pliku już nie ma: {why}"},
    "file_empty": {"en": "{service} takes no empty files", "pl": "{service} nie przyjmuje pustych plików"},
    "no_terminal": {"en": "no terminal is open any more", "pl": "nie jest już otwarty żaden terminal"},
    "surprise": {"en": "something unforeseen: {name}", "pl": "coś nieprzewidzianego: {name}"},
    "telegram_away": {
        "en": "I was away for {hours} hours. Telegram keeps what is written to a bot for 24 hours only: if you wrote "
        "before that, it has not reached me. Please write it again.",
        "pl": "Nie było mnie przez {hours} godz. Telegram przechowuje wiadomości do bota tylko przez dobę, więc "
        "starsze do mnie nie dotarły. Jeśli takie były, napisz je proszę jeszcze raz.",
    },
    "telegram_token": {
        "en": "Telegram refuses the bot token: put BotFather's into channel.bot_token",
        "pl": "Telegram odrzuca token bota: wpisz token od BotFathera do channel.bot_token",
    },
    "telegram_webhook": {
        "en": "a webhook is set for this bot; it is taken away, as it keeps messages from getting here",
        "pl": "ten bot ma ustawiony webhook, który nie dopuszcza tu wiadomości; zostaje usunięty",
    },
    "telegram_conflict": {
        "en": "another program polls with this bot token: stop it, or make a bot of its own",
        "pl": "inny program odbiera wiadomości z tym samym tokenem bota: zatrzymaj go albo utwórz osobnego bota",
    },
    "discord_token": {
        "en": "Discord refuses the bot token: put the Developer Portal's into channel.bot_token",
        "pl": "Discord odrzuca token bota: wpisz token z Developer Portal do channel.bot_token",
    },
    "discord_intents": {
        "en": "Discord refuses the intents: switch on Message Content Intent in the Developer Portal, under Bot",
        "pl": "Discord odrzuca intencje: włącz Message Content Intent w Developer Portal, w zakładce Bot",
    },
    "discord_closes": {
        "en": "Discord takes no connection from this version any more (code {code}): install the newest PicoClaw",
        "pl": "Discord nie przyjmuje już połączeń od tej wersji (kod {code}): zainstaluj najnowszego PicoClaw",
    },
    "discord_wedged": {
        "en": "Discord's API does not answer; the connections are made anew",
        "pl": "API Discorda nie odpowiada; połączenia są nawiązywane od nowa",
    },
    "discord_missed": {
        "en": "what was said on Discord meanwhile cannot be read: {why}",
        "pl": "nie można odczytać, co w tym czasie napisano na Discordzie: {why}",
    },
    "slack_bot_token": {
        "en": "Slack refuses the bot token ({word}): put the app's own into channel.bot_token in config.json",
        "pl": "Slack odrzuca token bota ({word}): wpisz token tej aplikacji do channel.bot_token w config.json",
    },
    "slack_app_token": {
        "en": "Slack refuses the app-level token ({word}): put the app's own into channel.app_token in config.json",
        "pl": "Slack odrzuca token aplikacji ({word}): wpisz token tej aplikacji do channel.app_token w config.json",
    },
    "slack_bot_scope": {
        "en": "Slack's bot token (channel.bot_token) lacks the scope {needed}: add it to the app, and install it again",
        "pl": "tokenowi bota Slacka (channel.bot_token) brakuje uprawnienia {needed}: dodaj je aplikacji i "
        "zainstaluj ją ponownie",
    },
    "slack_app_scope": {
        "en": "Slack's app-level token (channel.app_token) lacks the scope {needed}: add it to the app, and install it "
        "again",
        "pl": "tokenowi aplikacji Slacka (channel.app_token) brakuje uprawnienia {needed}: dodaj je aplikacji i "
        "zainstaluj ją ponownie",
    },
    "slack_unlinked": {
        "en": "Socket Mode is turned off for the app: turn it on at api.slack.com/apps",
        "pl": "aplikacja ma wyłączony Socket Mode: włącz go na api.slack.com/apps",
    },
    "slack_names_no": {
        "en": "Slack cannot be reached: what answers is not the Web API, it names no {key}",
        "pl": "Slack jest nieosiągalny: to, co odpowiada, nie jest Web API, nie podaje {key}",
    },
    "slack_websocket": {
        "en": "Slack's websocket cannot be reached: {why}",
        "pl": "websocket Slacka jest nieosiągalny: {why}",
    },
    "slack_no_hello": {
        "en": "Slack's websocket ends before it greets",
        "pl": "websocket Slacka kończy się, zanim się przywita",
    },
    "slack_websocket_refused": {
        "en": "Slack's websocket is refused: {why}",
        "pl": "Slack odmawia połączenia websocket: {why}",
    },
}
_TOKENS = ("telegram_token", "discord_token", "slack_bot_token", "slack_app_token")


class Sentence(str):
    """A sentence of the catalogue: in English, with its Polish beside it.

    Args:
        kind: its name in the catalogue.
        values: what it names in braces; another one keeps its languages.
    """

    __slots__ = ("kind", "polish")
    kind: str
    polish: str

    def __new__(cls, kind: str, /, **values: object) -> Sentence:
        made = super().__new__(cls, worded(CATALOGUE[kind], "en", **values))
        made.kind = kind
        made.polish = worded(CATALOGUE[kind], "pl", **{name: said(value, "pl") for name, value in values.items()})
        return made

    @property
    def of_token(self) -> bool:
        """Whether another token is what it takes."""
        return self.kind in _TOKENS


def said(value: object, language: str) -> object:
    """What is one of these, in that language; anything else as it is."""
    return value.polish if isinstance(value, Sentence) and closest(language) == "pl" else value
