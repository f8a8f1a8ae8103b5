"""Models behind an API: `brain.py` decides what to say, each dialect (a folder) reads requests and writes answers.

    dialect.py   what a dialect supplies          server.py    one for all: key, record, brain, faults
    stream.py    pace and end of a stream         accounts.py  keys, models and caches of a host
    openai_chat/          OpenAI and OpenRouter: POST /chat/completions
    anthropic_messages/   Anthropic: POST /v1/messages
    gemini/               Gemini: POST /v1beta/models/NAME:generateContent and :streamGenerateContent

A further dialect is one more folder, named in `tests/fakes/services.py`.
"""
