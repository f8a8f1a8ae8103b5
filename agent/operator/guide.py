"""What `picoclaw init` says, and where its questions find their answers, in English and Polish."""

from __future__ import annotations

from agent.language import Language

# What is typed unseen, or comes from PICOCLAW_... in the environment or from --secrets.
SECRETS = ("api_key", "bot_token", "app_token")

KEY_PAGES = {
    "openrouter": "https://openrouter.ai/keys",
    "openai": "https://platform.openai.com/api-keys",
    "anthropic": "https://console.anthropic.com/settings/keys",
    "gemini": "https://aistudio.google.com/apikey",
    "groq": "https://console.groq.com/keys",
    "mistral": "https://console.mistral.ai/api-keys",
    "deepseek": "https://platform.deepseek.com/api_keys",
    "xai": "https://console.x.ai",
    "together_ai": "https://api.together.ai/settings/api-keys",
    "fireworks_ai": "https://fireworks.ai/account/api-keys",
    "cerebras": "https://cloud.cerebras.ai",
    "cohere": "https://dashboard.cohere.com/api-keys",
}

GUIDE: dict[str, dict[Language, str]] = {
    "init_hello": {
        "en": "Enter keeps what is in brackets. Secrets are not shown while you type.",
        "pl": "Enter zostawia to, co w nawiasach. Sekretów nie widać podczas pisania.",
    },
    "init_provider": {"en": "Provider of models", "pl": "Dostawca modeli"},
    "init_key_page": {"en": "Its keys: {page}", "pl": "Klucze: {page}"},
    "init_api_key": {"en": "API key", "pl": "Klucz API"},
    "init_part": {
        "en": "Model: a number, a part of a name to search for, or the whole name",
        "pl": "Model: numer, część nazwy do wyszukania albo cała nazwa",
    },
    "init_models": {
        "en": "Some of its models ({count} in all), $ for a million tokens read / written:",
        "pl": "Niektóre z jego modeli (wszystkich: {count}), $ za milion tokenów wejścia / wyjścia:",
    },
    "init_models_known": {
        "en": "{provider} was not asked; some of the models known here ({count} in all), $ for a million tokens "
        "read / written:",
        "pl": "Bez pytania {provider}: niektóre ze znanych tu modeli (wszystkich: {count}), $ za milion tokenów "
        "wejścia / wyjścia:",
    },
    "init_use_unlisted": {
        "en": "The list of {provider} has no model {model}. Use it all the same?",
        "pl": "Lista {provider} nie zawiera modelu {model}. Użyć go mimo to?",
    },
    "init_unlisted": {
        "en": "? {provider} does not list {model} among its models: used all the same",
        "pl": "? {provider} nie wymienia {model} wśród swoich modeli: mimo to go używam",
    },
    "init_unlisted_close": {
        "en": "? {provider} does not list {model} among its models: used all the same; did you mean {close[0]}?",
        "pl": "? {provider} nie wymienia {model} wśród swoich modeli: mimo to go używam; czy chodziło o {close[0]}?",
    },
    "init_more": {"en": "... and {count} more", "pl": "... i jeszcze {count}"},
    "init_model": {"en": "Model", "pl": "Model"},
    "init_channel": {"en": "Where you will talk to it", "pl": "Gdzie będziesz z nim rozmawiać"},
    "init_keep": {
        "en": "{other} is there already. Keep it beside {channel}? (n: {channel} replaces it)",
        "pl": "Kanał {other} już tu jest. Zostawić go obok {channel}? (n: {channel} go zastąpi)",
    },
    "init_beside": {
        "en": "{channel} was added beside {others}.",
        "pl": "Kanał {channel} dodano obok: {others}.",
    },
    "init_instead": {
        "en": "{channel} replaces {others}.",
        "pl": "Kanał {channel} zastępuje: {others}.",
    },
    "init_no_channel": {
        "en": "--replace-channel {channel}: config.json has no such channel; it has: {known}",
        "pl": "--replace-channel {channel}: w config.json nie ma takiego kanału; są: {known}",
    },
    "init_where_telegram": {
        "en": "Write to @BotFather (https://t.me/BotFather): /newbot. It gives you the token.",
        "pl": "Napisz do @BotFather (https://t.me/BotFather): /newbot. Da Ci token.",
    },
    "init_where_discord": {
        "en": "https://discord.com/developers/applications: New Application, then Bot: Reset Token gives you "
        "the token; "
        "switch on Message Content Intent there.",
        "pl": "https://discord.com/developers/applications: New Application, potem Bot: Reset Token da Ci "
        "token; włącz tam "
        "Message Content Intent.",
    },
    "init_where_slack": {
        "en": "https://api.slack.com/apps: Create New App, From a manifest, and paste what follows. Install "
        "it: the bot "
        "token is under OAuth & Permissions. Basic Information, App-Level Tokens, with connections:write: "
        "the app token."
        "\n{manifest}",
        "pl": "https://api.slack.com/apps: Create New App, From a manifest, i wklej to, co niżej. "
        "Zainstaluj: token bota "
        "jest w OAuth & Permissions. Basic Information, App-Level Tokens, z connections:write: token aplikacji."
        "\n{manifest}",
    },
    "init_bot_token": {"en": "Bot token", "pl": "Token bota"},
    "init_app_token": {"en": "App token (xapp-...)", "pl": "Token aplikacji (xapp-...)"},
    "init_who_telegram": {
        "en": "Your id: write to @userinfobot. Empty: nobody is heard until you pair "
        "(docker exec picoclaw picoclaw pair).",
        "pl": "Twój identyfikator: napisz do @userinfobot. Puste: nikt nie ma dostępu, dopóki się nie sparujesz "
        "(docker exec picoclaw picoclaw pair).",
    },
    "init_who_discord": {
        "en": "Your id: Settings, Advanced, Developer Mode; then right-click your name, Copy User ID. Empty: "
        "pair later.",
        "pl": "Twój identyfikator: Ustawienia, Zaawansowane, Tryb dewelopera; potem prawy klawisz na swojej nazwie, "
        "Kopiuj ID użytkownika. Puste: sparujesz się później.",
    },
    "init_who_slack": {
        "en": "Your id: your profile, the three dots, Copy member ID (U...). Empty: pair later.",
        "pl": "Twój identyfikator: profil, trzy kropki, Kopiuj identyfikator członka (U...). Puste: "
        "sparujesz się później.",
    },
    "init_users": {
        "en": "Who may talk to it (ids, with commas)",
        "pl": "Kto może rozmawiać (identyfikatory po przecinku)",
    },
    "init_host": {
        "en": "Server: its alias in ~/.ssh/config, or a name for it",
        "pl": "Serwer: jego alias z ~/.ssh/config albo nazwa dla niego",
    },
    "init_ssh_hostname": {
        "en": "Its address (empty: the alias knows)",
        "pl": "Jego adres (puste: zna go alias)",
    },
    "init_ssh_port": {"en": "SSH port", "pl": "Port SSH"},
    "init_ssh_user": {"en": "SSH user, root or one with sudo", "pl": "Użytkownik SSH, root albo z sudo"},
    "init_again": {"en": "Enter it once more?", "pl": "Wpisać jeszcze raz?"},
    "init_refused": {"en": "{key}: refused; nothing was written", "pl": "{key}: odrzucone; nic nie zapisano"},
    "init_lacks": {
        "en": "--yes needs {flag}",
        "pl": "--yes wymaga {flag}",
    },
    "init_bad_host": {
        "en": '{file} must hold JSON such as {{"mikrus": {{"ssh_hostname": "srv42.mikr.us"}}}}: correct it there',
        "pl": '{file} musi zawierać JSON taki jak {{"mikrus": {{"ssh_hostname": "srv42.mikr.us"}}}}: popraw go tam',
    },
    "init_bad_secrets": {
        "en": "--secrets must be one JSON object, its keys api_key, bot_token or app_token, its values texts",
        "pl": "--secrets musi być obiektem JSON o kluczach api_key, bot_token lub app_token i wartościach tekstowych",
    },
    "init_bad_name": {
        "en": "{flag} {value!r} cannot be one: letters, digits, dots, hyphens and underscores, no hyphen first",
        "pl": "{flag} {value!r} jest niemożliwe: dozwolone są litery, cyfry, kropki, łączniki i podkreślenia, "
        "łącznik nie na początku",
    },
    "init_nobody": {
        "en": "nobody can be asked here: give --yes and the options (picoclaw init --help)",
        "pl": "nie ma tu kogo pytać: podaj --yes i opcje (picoclaw init --help)",
    },
    "init_hosts": {
        "en": "The deploy goes to {hosts}; with --limit {host} to that one alone.",
        "pl": "Wdrożenie obejmie: {hosts}; z --limit {host} tylko ten jeden.",
    },
    "knock_good": {"en": "✓ ssh reaches {host}", "pl": "✓ ssh łączy się z {host}"},
    "knock_new": {
        "en": "? ssh does not know the key of {host} yet: {ssh} true shows it and asks; say yes when it is your "
        "server's",
        "pl": "? ssh nie zna jeszcze klucza {host}: {ssh} true pokaże go i zapyta; potwierdź, jeśli to klucz Twojego "
        "serwera",
    },
    "knock_changed": {
        "en": "✗ {host} has another key than ssh knows: right after a reinstallation, else somebody is in between; "
        "{ssh} true says which line to delete",
        "pl": "✗ {host} ma inny klucz niż ten, który zna ssh: po reinstalacji to normalne, inaczej ktoś się podszywa; "
        "{ssh} true powie, który wiersz usunąć",
    },
    "knock_refused": {
        "en": "✗ {host} refuses your ssh key: ssh-copy-id {address} puts it there",
        "pl": "✗ {host} odrzuca Twój klucz ssh: ssh-copy-id {address} wgra go tam",
    },
    "knock_unreachable": {
        "en": "✗ ssh does not reach {host} ({reason}): does it run, are its address and port right?",
        "pl": "✗ ssh nie łączy się z {host} ({reason}): czy serwer działa, czy adres i port się zgadzają?",
    },
    "init_next": {"en": "Next, these two:", "pl": "Dalej te dwa polecenia:"},
    "live_unreachable": {
        "en": "? {host} cannot be reached from here: not checked, going on",
        "pl": "? nie można stąd połączyć się z {host}: nie sprawdzono, idę dalej",
    },
    "live_odd": {
        "en": "? {host} answered {status}: not checked, going on",
        "pl": "? {host} odpowiada {status}: nie sprawdzono, idę dalej",
    },
    "live_key_refused": {"en": "✗ {provider} refuses this key", "pl": "✗ {provider} odrzuca ten klucz"},
    "live_key_good": {
        "en": "✓ {provider} takes the key; models: {count}",
        "pl": "✓ {provider} przyjmuje klucz; modele: {count}",
    },
    "live_token_refused": {"en": "✗ {channel} refuses this token", "pl": "✗ {channel} odrzuca ten token"},
    "live_bot": {"en": "✓ it is {name}", "pl": "✓ to {name}"},
    "live_discord": {
        "en": "✓ it is {name}; invite it: {invitation}",
        "pl": "✓ to {name}; zaproś go: {invitation}",
    },
    "live_no_intent": {
        "en": "✗ {name} may not read messages: Developer Portal, Bot, switch on Message Content Intent. Invite it: "
        "{invitation}",
        "pl": "✗ {name} nie może czytać wiadomości: Developer Portal, Bot, włącz Message Content Intent. Zaproś go: "
        "{invitation}",
    },
    "live_slack_bot": {"en": "✗ Slack refuses the bot token ({error})", "pl": "✗ Slack odrzuca token bota ({error})"},
    "live_slack_app": {
        "en": "✗ Slack refuses the app token ({error}); it needs connections:write",
        "pl": "✗ Slack odrzuca token aplikacji ({error}); wymaga connections:write",
    },
}
