"""The container `picoclaw-llm`: OpenAI chat completions on a Unix socket, whatever the provider; litellm translates.

    __main__.py   PID 1: looks at its confinement, then
    parent.py     sleeps on the socket, starts the worker when a request waits, and watches over it
    front.py      the socket while no worker runs: tells a health question from a request, refuses when it must
    process.py    one run of the worker process
    worker/       the process that imports litellm and serves

The parent is standard library only, and little of it: it is all that stays in memory while nobody asks. It sees no
request beyond its first bytes. The key comes with each request and is only ever in the worker's memory.
"""
