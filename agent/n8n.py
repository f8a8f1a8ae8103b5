"""A workflow for n8n that gives tasks over SSH: `picoclaw n8n` prints it, n8n imports it.

n8n's SSH node runs one command line on the host. It is made in a Code node, where the text of a task becomes one word
of the shell, whatever is in it, and gets an id: so the command may run again when a restart of the gateway, or a lost
connection, has cut it off.
"""

from __future__ import annotations

import json
import uuid
from itertools import pairwise
from typing import Any

NAME = "PicoClaw: ask every morning"

_README = """## PicoClaw over SSH
No port is open on the VPS: n8n logs in over SSH and runs `docker exec picoclaw picoclaw task`.

1. **Ask PicoClaw**: choose an SSH credential (private key) of a user who may run docker.
2. **The task**: write what you want. With `telegram`, `discord` or `slack` in `reply_to` it is answered there as well.
3. Go on behind **Answered?**: `answer` is the text.
"""

# Docker's own failures leave standard output empty; a wrong use of the command (2) does not get better by repeating it.
_COMMAND = r"""// One word of the shell, whatever is in it.
const word = (text) => "'" + String(text).replaceAll("'", "'\\''") + "'";

// The same command may run twice, as after a restart of the gateway: of one id the task is done once.
const id = ['n8n', $execution.id, Date.now(), $itemIndex].join('-').replace(/[^A-Za-z0-9-]/g, '');
const options = ['--json', '--id', id, '--timeout', Number($json.timeout) || 600];
if ($json.reply_to) options.push('--reply-to', $json.reply_to);

const task = ['docker', 'exec', 'picoclaw', 'picoclaw', 'task', ...options, '--', $json.task].map(word).join(' ');
const command = [
  'for attempt in 1 2 3 4 5 6; do',
  `answer=$(${task}); code=$?;`,
  '[ -n "$answer" ] || [ $code -eq 2 ] && break;',
  'sleep 5; done;',
  'printf "%s\\n" "$answer"; exit $code',
].join(' ');
return { json: { ...$json, command } };
"""

_ANSWER = r"""// Standard output is one JSON object: id, status (done, failed or timeout), answer, seconds.
let result;
try {
  result = JSON.parse($json.stdout);
} catch {
  result = { status: 'failed', answer: $json.stderr || `docker exec ended with ${$json.code}` };
}
return { json: result };
"""

_TASK = "How full is the workspace? What has changed in it since yesterday?"


def workflow() -> dict[str, Any]:
    """The workflow as n8n exports it."""
    line = [
        _node("Every morning at 7", "scheduleTrigger", 1.2, rule={"interval": [{"field": "days", "triggerAtHour": 7}]}),
        _node("The task", "set", 3.4, assignments={"assignments": _fields(task=_TASK, reply_to="", timeout=600)}),
        _code("Make it a command", _COMMAND),
        _node(
            "Ask PicoClaw",
            "ssh",
            1,
            authentication="privateKey",
            resource="command",
            operation="execute",
            command="={{ $json.command }}",
            cwd="/",
        ),
        _code("Read the answer", _ANSWER),
        _node("Answered?", "if", 2.2, conditions=_status_is("done")),
    ]
    yes = _node("Use the answer", "noOp", 1)
    no = _node("Not answered", "stopAndError", 1, errorMessage="=PicoClaw: {{ $json.status }} {{ $json.answer }}")
    note = _node("Read me", "stickyNote", 1, content=_README, width=520, height=300)
    _place(note, -40, -380)
    for place, node in enumerate(line):
        _place(node, 220 * place, 0)
    _place(yes, 220 * len(line), -100)
    _place(no, 220 * len(line), 120)
    line[3] |= {"retryOnFail": True, "maxTries": 3, "waitBetweenTries": 5000}
    connections = {one["name"]: _to([after]) for one, after in pairwise(line)}
    connections["Answered?"] = _to([yes], [no])
    return {
        "name": NAME,
        "nodes": [note, *line, yes, no],
        "connections": connections,
        "active": False,
        "settings": {"executionOrder": "v1"},
        "pinData": {},
    }


def document() -> str:
    """The file to import."""
    return json.dumps(workflow(), indent=2, ensure_ascii=False)


def _node(name: str, kind: str, version: float, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401 - as n8n has them
    return {
        "id": _id(name),
        "name": name,
        "type": f"n8n-nodes-base.{kind}",
        "typeVersion": version,
        "position": [0, 0],
        "parameters": parameters,
    }


def _code(name: str, script: str) -> dict[str, Any]:
    return _node(name, "code", 2, mode="runOnceForEachItem", language="javaScript", jsCode=script)


def _place(node: dict[str, Any], x: int, y: int) -> None:
    node["position"] = [x, y]


def _fields(**values: str | float) -> list[dict[str, Any]]:
    return [
        {"id": _id(name), "name": name, "value": value, "type": "string" if isinstance(value, str) else "number"}
        for name, value in values.items()
    ]


def _status_is(status: str) -> dict[str, Any]:
    condition = {
        "id": _id("status"),
        "leftValue": "={{ $json.status }}",
        "rightValue": status,
        "operator": {"type": "string", "operation": "equals"},
    }
    options = {"caseSensitive": True, "leftValue": "", "typeValidation": "strict", "version": 2}
    return {"options": options, "conditions": [condition], "combinator": "and"}


def _to(*outputs: list[dict[str, Any]]) -> dict[str, Any]:
    return {"main": [[{"node": node["name"], "type": "main", "index": 0} for node in output] for output in outputs]}


def _id(name: str) -> str:
    """The same in each print."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
