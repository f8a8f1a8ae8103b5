"""Stand-ins for the services the assistant talks to, over real sockets and with the services' own refusals.

Run them for a lab with `python -m tests.fakes --lab DIR`, or inside a test with `tests.fakes.standins.StandIns`
(same event loop) or `tests.fakes.thread.running` (a thread of their own, driven by `tests.fakes.client.FakesClient`).

    standins.py    the servers and the control socket, put together      services.py   which host is served by what
    listener.py    a listening socket that can fall silent or reset      web.py        what every server shares
    control.py     the control API (JSON over HTTP on a Unix socket)     wire/         its types, shared with client.py
    faults.py      what a test orders to go wrong
    telegram/      the Bot API                                           discord/      REST, Gateway, files
    slack/         Web API, Socket Mode, files                           llm/          models: what to say, and dialects
"""
