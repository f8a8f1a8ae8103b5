"""One suite for every way from a conversation to a model: each engine, over each provider that it serves.

    cases.py       what a model may answer, as data: steps of a conversation and what has to come of them
    failures.py    what may go wrong, as data: the fault, the error it has to become, and how often it is tried
    providers.py   host, key, models of each provider's stand-in
    engines.py     the ways to a model: an engine and a provider; the direct engine
    litellm.py     the litellm engine as it is deployed, but for Docker
    limits.py      what cannot pass, with the reason
    test_*.py      run all of it, over real sockets
    __main__.py    the same as a table: `make conformance`

What a provider says differently from OpenAI (Gemini has no malformed calls, say) is in the case itself, by the name of
the provider, so that the table shows where the promise "any model" has its edges.
"""
