"""`--help` and usage errors in Polish, where the locale or `--lang` asks for it: texts by their English.

click takes its own words from gettext; they are replaced while a command runs, so that no compiled catalogue is needed.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from click import core, decorators, exceptions, formatting, parser, termui, types

COMMANDS: dict[str, str] = {
    "PicoClaw: a personal AI assistant that runs commands for its owner, confined.": "PicoClaw: osobisty asystent AI, "
    "który wykonuje polecenia swojego właściciela w odizolowanym środowisku.",
    "Save configuration, memory and workspace of HOST in one encrypted file, while it runs.": """\
        Zapisz konfigurację, pamięć i przestrzeń roboczą z HOST w jednym zaszyfrowanym pliku, bez zatrzymywania.

        Dla tego, kto ma tajny klucz do --recipient (albo do picoclaw_backup_recipients z inventory), a bez nich dla
        tego, kto zna hasło: wpisane, z PICOCLAW_BACKUP_PASSPHRASE albo z --passphrase-command.
        """,
    "Talk to the assistant in this terminal; with MESSAGE, ask once and print the answer.": """\
        Rozmawiaj z asystentem w tym terminalu; z MESSAGE zapytaj raz i wypisz odpowiedź.

        Na hoście: docker exec -it picoclaw picoclaw chat
        """,
    "config.json on this machine.": "config.json na tym komputerze.",
    "Print everything that is wrong with FILE (config.json beside deploy.py); exit 1 when that is anything.": """\
        Wypisz wszystko, co jest nie tak z FILE (config.json obok deploy.py); kod wyjścia 1, gdy coś jest.

        Odwołania są rozwiązywane tak jak przy wdrożeniu, z poleceniami włącznie. To, co dają, nie jest pokazywane.
        """,
    "Make config.json of FILE, the config.json of PicoClaw (versions 0 to 3) or of mikrus-toolbox.": """\
        Zrób config.json z FILE, czyli z config.json PicoClaw (wersje od 0 do 3) albo mikrus-toolbox.

        Mówi, kto będzie miał dostęp, i wymienia to, co nie zostało przeniesione. Dostępu nie ma nikt, kogo FILE nie
        wymienia przez identyfikator.
        """,
    "Print which controls this container is under; exit 1 when one fails.": """\
        Wypisz, jakim zabezpieczeniom podlega ten kontener; kod wyjścia 1, gdy któreś zawodzi.

        Na hoście: docker exec picoclaw picoclaw confinement oraz docker exec picoclaw-sandbox picoclaw-confinement
        """,
    "Look for what is wrong on HOST, all hosts of the inventory without one, and name the one thing to do.": """\
        Poszukaj, co jest nie tak na HOST (bez nazwy: na wszystkich hostach z inventory), i powiedz, co zrobić.

        Kod wyjścia 1, gdy coś jest. Nic nie jest zmieniane.
        """,
    "Print what commands and litellm reached, or were refused, through the egress proxy; newest first.": """\
        Wypisz, z czym polecenia i litellm połączyły się przez proxy, a czego im odmówiono; od najnowszych.

        Na hoście: docker exec picoclaw picoclaw egress
        """,
    "Run the gateway (the main process of the container `picoclaw`).": "Uruchom bramkę (główny proces kontenera "
    "`picoclaw`).",
    "Print how the running gateway is; exit 1 when it is not well.": "Wypisz stan działającej bramki; kod wyjścia 1, "
    "gdy coś jest nie tak.",
    "Write config.json and the server's entry in hosts.json, by questions; run again, it edits them.": """\
        Zapisz config.json i wpis serwera w hosts.json, zadając pytania; uruchom ponownie, żeby je zmienić.

        Kanał, którego jeszcze nie ma, dochodzi obok tych, które są.

        Sekrety wpisujesz albo pochodzą z PICOCLAW_API_KEY, PICOCLAW_BOT_TOKEN i PICOCLAW_APP_TOKEN albo z --secrets.
        """,
    "The models that config.json names.": "Modele wymienione w config.json.",
    "Ask each model of config.json one tiny question, for real; exit 1 when the first of them does not answer.": """\
        Zadaj każdemu modelowi z config.json jedno krótkie, prawdziwe pytanie; kod wyjścia 1, gdy pierwszy nie odpowie.

        Na hoście: docker exec picoclaw picoclaw llm check
        """,
    "Print the ends of the logs of HOST, all hosts of the inventory without one.": """\
        Wypisz końce logów z HOST (bez nazwy: ze wszystkich hostów z inventory).

        Gdy hostów lub kontenerów jest kilka, każdy wiersz zaczyna się od tego, czyj jest. Kod wyjścia 1, gdy któregoś
        logu nie udało się odczytać.
        """,
    "Print a workflow for n8n that gives tasks over SSH; there: Workflows, Import from file.": """\
        Wypisz workflow dla n8n, który zleca zadania przez SSH; w n8n: Workflows, Import from file.

        Na hoście: docker exec picoclaw picoclaw n8n > picoclaw.json
        """,
    "Print, for each channel, the one-time code that makes its sender the owner, or who is allowed already.": """\
        Wypisz dla każdego kanału jednorazowy kod, po którego wysłaniu zostaje się
        właścicielem, albo tych, którzy już mają dostęp.

        Na hoście: docker exec picoclaw picoclaw pair
        """,
    "Put the backup FILE onto HOST, which is deployed already; its conversation goes on there.": """\
        Przywróć kopię FILE na HOST, który jest już wdrożony; rozmowa toczy się tam dalej.

        FILE jest sprawdzany do ostatniego bajtu, zanim cokolwiek na hoście zostanie zmienione.
        """,
    "Deploy to one host of the inventory after the other, and stop at the first that does not become healthy.": """\
        Wdrażaj na kolejne hosty z inventory, jeden po drugim, i zatrzymaj się na pierwszym, który nie jest zdrowy.

        HOST to nazwa hosta albo grupy; bez niej wszystkie, w kolejności z inventory. Host, z którym nie ma połączenia,
        jest wymieniany na końcu i niczego nie zatrzymuje.
        """,
    "Run the sandbox server (the main process of the container `picoclaw-sandbox`).": "Uruchom serwer piaskownicy "
    "(główny proces kontenera `picoclaw-sandbox`).",
    "Print the manifest of the Slack app, to be pasted at api.slack.com/apps (Create New App, From a manifest).": """\
        Wypisz manifest aplikacji Slack, do wklejenia na api.slack.com/apps (Create New App, From a manifest).

        Na własnym komputerze: picoclaw slack-manifest (po make venv, w .venv/bin)
        """,
    "Print how the assistant is on HOST, all hosts of the inventory without one; "
    "exit 1 when anything is not well.": """\
        Wypisz stan asystenta na HOST (bez nazwy: na wszystkich hostach z inventory); kod wyjścia 1, gdy coś jest
        nie tak.

        Kontenery, pamięć, kanały, model, zużycie, zabezpieczenia, dysk, ostatnie błędy: jedno połączenie SSH na host.
        """,
    "Have the assistant do something, and print its answer; TEXT may be - for what comes on standard input.": """\
        Zleć asystentowi zadanie i wypisz jego odpowiedź; TEXT równy - oznacza standardowe wejście.

        Na hoście: docker exec picoclaw picoclaw task "..."; z - : docker exec -i picoclaw picoclaw task -

        Kody wyjścia: 0 jest odpowiedź, 1 nie udało się (odpowiedź mówi dlaczego), 2 złe użycie, 3 brak odpowiedzi w
        czasie --timeout: zadanie trwa dalej, a picoclaw task --wait ID odbierze odpowiedź, przez tydzień. Gdy kontener
        zostanie w tym czasie uruchomiony ponownie, docker exec kończy się kodem 137: uruchom to samo polecenie jeszcze
        raz, z tym samym --id, a zadanie nie zostanie wykonane dwa razy.
        """,
    "Look for what is wrong, as far as it is seen in this container, and name the one thing to do.": """\
        Poszukaj, co jest nie tak, na ile widać to z tego kontenera, i powiedz, co zrobić.

        Kod wyjścia 1, gdy coś jest. Nic nie jest zmieniane. Na hoście: docker exec picoclaw picoclaw doctor
        """,
    "Print the end of the gateway's log since its start: it keeps the last 200 lines, at most 64 KB.": """\
        Wypisz koniec logu bramki od jej startu: pamięta ona ostatnie 200 wierszy, najwyżej 64 KB.

        Na hoście: docker exec picoclaw picoclaw logs; więcej ma docker logs picoclaw.
        """,
    "Print how this gateway is: channels, model, memory, usage, confinement, last error; "
    "exit 1 when it is not well.": """\
        Wypisz stan tej bramki: kanały, model, pamięć, zużycie, zabezpieczenia, ostatni błąd; kod wyjścia 1, gdy coś
        jest nie tak.

        Na hoście: docker exec picoclaw picoclaw status
        """,
    "Print what the models have cost, by day (UTC) and model.": """\
        Wypisz, ile kosztowały modele, według dni (UTC) i modeli.

        Na hoście: docker exec picoclaw picoclaw usage
        """,
}
OPTIONS: dict[str, str] = {
    "Show the version and exit.": "Pokaż wersję i zakończ.",
    "Show this message and exit.": "Pokaż tę pomoc i zakończ.",
    "File or folder; picoclaw-HOST-TIME.age without.": "Plik lub katalog; bez tego picoclaw-HOST-CZAS.age.",
    "Encrypt for this public key.": "Zaszyfruj dla tego klucza publicznego.",
    "Show what is in this file.": "Pokaż, co jest w tym pliku.",
    "Replace the file.": "Zastąp plik.",
    "File with the secret key of a recipient.": "Plik z tajnym kluczem odbiorcy.",
    "What prints the passphrase.": "Polecenie, które wypisuje hasło.",
    "Language of what is said.": "Język komunikatów.",
    "Language of what is printed.": "Język tego, co jest wypisywane.",
    "Print the findings as JSON.": "Wypisz wynik jako JSON.",
    "Print it as JSON.": "Wypisz to jako JSON.",
    "Print them as JSON.": "Wypisz je jako JSON.",
    "Take references for good, without resolving them.": "Uznaj odwołania za dobre, bez ich rozwiązywania.",
    "What to write.": "Co zapisać.",
    "File to write.": "Który plik zapisać.",
    "Put aside what is there as a backup.": "Odłóż to, co tam jest, jako kopię.",
    "Ask nothing; what FILE leaves open is then an error.": "O nic nie pytaj; to, czego FILE nie rozstrzyga, "
    "jest wtedy błędem.",
    "Do not ask the model its one tiny question (a fraction of a cent).": "Nie zadawaj modelowi jednego krótkiego "
    "pytania (ułamek centa).",
    "Of this client alone.": "Tylko tego klienta.",
    "How many of the newest.": "Ile najnowszych.",
    "Ask whether a message would be answered, sandbox included.": "Zapytaj, czy wiadomość dostałaby odpowiedź, razem z "
    "piaskownicą.",
    "Print the whole report as JSON.": "Wypisz cały raport jako JSON.",
    "Provider of models.": "Dostawca modeli.",
    "One of its models.": "Jeden z jego modeli.",
    "Where you will talk to it.": "Gdzie będziesz z nim rozmawiać.",
    "Who may talk to it; may be given more than once.": "Kto może z nim rozmawiać; można podać więcej niż raz.",
    "The server: an alias of ~/.ssh/config, or a name for it.": "Serwer: alias z ~/.ssh/config albo nazwa dla niego.",
    "Its address, where the alias does not know it.": "Jego adres, jeśli alias go nie zna.",
    "Its SSH port.": "Jego port SSH.",
    "root, or a user with sudo.": "root albo użytkownik z sudo.",
    "JSON with api_key, bot_token, app_token; - is stdin.": "JSON z api_key, bot_token, app_token; - to stdin.",
    "Ask nothing; what is not given keeps its present value.": "O nic nie pytaj; reszta zostaje bez zmian.",
    "Ask neither the services whether keys and tokens work, nor the server.": "Nie pytaj usług, czy klucze i tokeny "
    "działają, ani serwera.",
    "A channel of config.json that goes for it; without, all stay.": "Kanał z config.json, który mu ustąpi; bez tego "
    "zostają wszystkie.",
    "Go on with what is logged from now on, until Ctrl-C.": "Pokazuj dalej, co jest logowane od teraz, aż do Ctrl-C.",
    "So many of the last lines.": "Tyle ostatnich wierszy.",
    "Lines of each log.": "Wiersze każdego logu.",
    "Whose log; may be given more than once.": "Czyj log; można podać więcej niż raz.",
    "Print each line as JSON: host, container, line.": "Wypisz każdy wiersz jako JSON: host, container, line.",
    "Verify FILE and show what is in it; touch no host.": "Sprawdź FILE i pokaż, co zawiera; nie ruszaj żadnego hosta.",
    "Replace what HOST has, after it is backed up beside FILE.": "Zastąp to, co ma HOST, po zrobieniu kopii obok FILE.",
    "Data for the deploy, as pyinfra takes it.": "Dane dla wdrożenia, w postaci znanej z pyinfra.",
    "Go on with the other hosts after one that fails.": "Wdrażaj dalej, gdy na którymś się nie uda.",
    "Ask pyinfra, too, whether a deploy would change anything (some seconds).": "Zapytaj też pyinfra, czy wdrożenie "
    "coś by zmieniło (kilka sekund).",
    "Print one object: id, status (done, failed, timeout), answer, seconds.": "Wypisz jeden obiekt: id, status (done, "
    "failed, timeout), answer, seconds.",
    "Work on it in the owner's private chat there, and answer there too.": "Pracuj nad tym w prywatnym czacie "
    "właściciela i tam też odpowiedz.",
    "Go on with the conversation of that name; without, each task has its own.": "Kontynuuj rozmowę o tej nazwie; bez "
    "tego każde zadanie ma własną.",
    "With --session: forget what was said there before.": "Z --session: zapomnij, co tam wcześniej powiedziano.",
    "Your own name for the task: given twice, it is done once.": "Własna nazwa zadania: zlecone dwa razy, zostanie "
    "wykonane raz.",
    "Give no task, but wait for that one.": "Nie zlecaj zadania, tylko poczekaj na to.",
    "Seconds to wait.": "Ile sekund czekać.",
    "Your language.": "Twój język.",
    "So many days, today's included.": "Tyle dni, z dzisiejszym włącznie.",
}
CLICKS: dict[str, str] = {
    "Usage:": "Użycie:",
    "Options": "Opcje",
    "Commands": "Polecenia",
    "Show this message and exit.": OPTIONS["Show this message and exit."],
    "default: {default}": "domyślnie: {default}",
    "of the locale": "z ustawień systemu",
    "Error: {message}": "Błąd: {message}",
    "Aborted!": "Przerwano!",
    "Missing command.": "Brakuje polecenia.",
    "Missing argument": "Brakuje argumentu",
    "Missing option": "Brakuje opcji",
    "Try '{command} {option}' for help.": "Pomoc: '{command} {option}'.",
    "No such command {name!r}.": "Nie ma polecenia {name!r}.",
    "No such option {name!r}.": "Nie ma opcji {name!r}.",
    "Did you mean {possibility}?": "Czy chodziło o {possibility}?",
    "(Did you mean one of: {possibilities}?)": "(Czy chodziło o jedno z: {possibilities}?)",
    "Got unexpected extra argument ({args})": "Niespodziewany argument ({args})",
    "Got unexpected extra arguments ({args})": "Niespodziewane argumenty ({args})",
    "Invalid value for {param_hint}: {message}": "Zła wartość {param_hint}: {message}",
    "Invalid value: {message}": "Zła wartość: {message}",
    "{value!r} is not {choice}.": "{value!r} to nie {choice}.",
    "{value!r} is not one of {choices}.": "{value!r} nie jest jednym z: {choices}.",
    "{value!r} is not a valid {number_type}.": "{value!r} nie jest liczbą.",
    "{value} is not in the range {range}.": "{value} nie mieści się w zakresie {range}.",
    "Option {name!r} does not take a value.": "Opcja {name!r} nie przyjmuje wartości.",
    "Option {name!r} requires an argument.": "Opcja {name!r} wymaga wartości.",
    "Could not open file {filename!r}: {message}": "Nie można otworzyć pliku {filename!r}: {message}",
    "{name} {filename!r} does not exist.": "{filename!r} nie istnieje.",
    "Repeat for confirmation": "Powtórz",
    "Error: The two entered values do not match.": "Błąd: te dwa wpisy się różnią.",
    "Error: invalid input": "Błąd: zły wpis",
}
_MODULES = (core, decorators, exceptions, formatting, parser, termui, types)


@contextmanager
def spoken(command: click.Command) -> Iterator[None]:
    """The command's help, its subcommands' and click's own words in Polish, while the block runs."""
    commands = list(_all(command))
    options = [one for command in commands for one in command.params if isinstance(one, click.Option)]
    places: list[tuple[Any, str, object]] = [
        *((one, "help", _of_command(one)) for one in commands),
        *((one, "_help_option", None) for one in commands),  # which click keeps, with its words
        *((one, "help", OPTIONS.get(one.help or "", one.help)) for one in options),
        *((one, "show_default", CLICKS[one.show_default]) for one in options if one.show_default in CLICKS),
        *((module, "_", _word) for module in _MODULES if hasattr(module, "_")),
        *((module, "ngettext", _words) for module in _MODULES if hasattr(module, "ngettext")),
    ]
    english = [(place, name, getattr(place, name)) for place, name, _ in places]
    try:
        for place, name, polish in places:
            setattr(place, name, polish)
        yield
    finally:
        for place, name, before in english:
            setattr(place, name, before)


def _all(command: click.Command) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from _all(inner)


def first_line(text: str) -> str:
    """By which a command's help is found here."""
    return " ".join(inspect.cleandoc(text).partition("\n\n")[0].split())


def _of_command(command: click.Command) -> str | None:
    polish = COMMANDS.get(first_line(command.help or ""))
    return command.help if polish is None else inspect.cleandoc(polish)


def _word(text: str) -> str:
    return CLICKS.get(text, text)


def _words(one: str, several: str, count: int) -> str:
    return _word(one if count == 1 else several)
