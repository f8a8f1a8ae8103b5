"""Models behind an API: `brain.py` decides what to say, each dialect (a folder) reads requests and writes answers.

A further dialect (Anthropic's messages, Gemini's generateContent) is one more folder beside `openai_chat`, which
turns its requests into a `Conversation`, asks the same brain, and is named in `tests/fakes/services.py`.
"""
