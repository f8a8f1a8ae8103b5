"""The worker of `picoclaw-llm`: the one process of the product that imports litellm.

__main__.py   its start, by the parent      settings.py   how litellm is told to behave
server.py     the socket, the heartbeat     lean.py       what of litellm is kept out of memory
app.py        the HTTP routes               idle.py       when it leaves
call.py       a request, checked and made litellm's arguments
messages.py   what providers need to see otherwise than the gateway wrote it
mended.py     what litellm's streams lose, noted before it is lost
answer.py     litellm's answer as OpenAI's JSON
faults.py     what went wrong as OpenAI's error JSON, with the provider's status
"""
