"""Hostile commands: the model's stand-in orders what an attacker would, through the real chat and tool path.

    Telegram stand-in -> gateway -> sandbox          pytest tests/hostile [-k GROUP]

A group is a module, a case is one test: mostly a line of data, a name, a command, and the words by which the control in
question refuses it. `PWNED` in what the model was told means that the attack worked; a refusal must be seen too, or a
command that never ran would pass. After each case `conftest.py` asserts besides that

- the bot answers the next message and a command runs in the sandbox,
- neither container has been restarted (a case for which that is right says why with `@pytest.mark.restarts`),
- no probe, no name and no packet has reached the lab's internet, its LAN or the machine around it.

Nothing in the product looks for these commands: isolation alone refuses them, so that a harmless command that looks
like one of them works.

How the cases were seen failing: `python -m tests.hostile.weaken --lab NAME CONTROL` takes one control away from a lab's
sandbox or gateway (its list is the table of what was tried), after which
`PICOCLAW_AS_IT_IS=1 PICOCLAW_KEEP_LAB=1 PICOCLAW_TEST_LAB=NAME pytest tests/hostile` shows which cases notice, and
`pyinfra inventory deploy.py` repairs the lab.
"""
