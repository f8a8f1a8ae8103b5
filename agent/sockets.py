"""Names of the gateway's sockets for `docker exec`, where whoever connects need not import what serves them.

Abstract ones in the gateway's own network namespace: no file to replace, nothing to reach from outside the container.
"""

CHAT = "\0picoclaw-chat"
TASKS = "\0picoclaw-tasks"
