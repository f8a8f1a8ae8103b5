"""Anthropic's Messages API, as api.anthropic.com speaks it.

params.py        the form of a request            schema.py      what does not fit it, in the API's words
rules.py         order, pairing, contents         limits.py      of models, tools, caching
seen.py          a request as the brain sees it   message.py     a reply as a message or as events
failures.py      errors                           dialect.py     all of it put together
"""
