"""What can be wrong with the assistant, and the one thing to do about it.

`picoclaw doctor` on the operator's machine (agent.operator.look, which knows of the host, too) and in the gateway's
container are made of it; the gateway's process imports none of it.

seen.py      what both can see
checks.py    what can be wrong with that
telling.py   the findings in words and as JSON, by a catalogue; words.py  the sentences
inside.py    what is seen in the container, and its table of checks; services.py  the chat services' clocks
"""
