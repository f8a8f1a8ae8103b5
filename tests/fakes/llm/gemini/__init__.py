"""Gemini's generateContent, as generativelanguage.googleapis.com speaks it.

protos.py     the form of a request, as the service's own messages     protojson.py   what does not fit it
rules.py      turns, pairing of calls and responses, pictures          tools.py       functions and their schemas
seen.py       a request as the brain sees it                           answer.py      a reply, whole or streamed
failures.py   google.rpc errors                                        dialect.py     all of it put together
"""
