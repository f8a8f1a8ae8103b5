"""Code of others: only what is locked, where it is needed, and nothing that runs without being called."""

from __future__ import annotations

from tests.compliance.checking import Expect, configured, effective
from tests.compliance.live import GATEWAY, LLM, SANDBOX, Container, Live
from tests.compliance.supply import REQUIREMENTS, locked
from tests.compliance.words import NOTHING, Words

# The sandbox has Debian's packages alone, whose signatures apt has checked.
_LISTS = {GATEWAY: "gateway.txt", LLM: "llm.txt"}
# What could make an interpreter or the loader run code of which its command line says nothing.
_HOOKING = ("LD_", "GLIBC_TUNABLES", "PYTHON", "BASH_ENV", "ENV=")
_KNOWN = {
    GATEWAY: {"PYTHONPATH=/opt/picoclaw", "PYTHONDONTWRITEBYTECODE=1"},
    SANDBOX: {"PYTHONDONTWRITEBYTECODE=1"},
    LLM: set(),
}


@configured(
    "supply-chain",
    "litellm's container is there when a model needs it, and only then",
    "Kontener litellm jest wtedy i tylko wtedy, gdy model go potrzebuje",
)
def test_litellm_is_there_only_when_needed(live: Live, expect: Expect) -> None:
    expect({LLM: "running" if live.needs_litellm else "missing"}, {LLM: live.facts["litellm"]})


@effective(
    "supply-chain",
    "Exactly the locked packages are installed",
    "Zainstalowane są dokładnie pakiety z listy",
)
def test_installed_is_what_is_locked(live: Live, container: Container, expect: Expect) -> None:
    file, tree = _LISTS.get(container.name), container.tree
    wanted = locked(file, tree.python, live.facts["machine"]) if file else set()
    found = tree.distributions
    same = Words(f"{len(wanted)} of {REQUIREMENTS.name}/{file}", f"{len(wanted)} z {REQUIREMENTS.name}/{file}")
    none = Words("none but Debian's own", "żadne prócz pakietów Debiana")
    expected = same if file else none
    differ = {"+": found - wanted, "-": wanted - found}
    expect.that(bool(tree.python) and found == wanted, expected, expected if found == wanted else differ)


@effective(
    "supply-chain",
    "No code lies beside them that none of them has brought",
    "Obok nich nie leży kod, którego żaden z nich nie przyniósł",
)
def test_no_code_lies_beside_them(container: Container, expect: Expect) -> None:
    tree = container.tree
    expect.that(bool(tree.modules) and not tree.strangers, set(), tree.strangers if tree.modules else NOTHING)


@effective(
    "supply-chain",
    "Nothing runs by itself when an interpreter starts: no .pth, no sitecustomize",
    "Nic nie rusza samo przy starcie interpretera: żadnych .pth ani sitecustomize",
)
def test_no_start_up_hook(container: Container, expect: Expect) -> None:
    expect(set(), container.tree.hooks)


@configured("supply-chain", "No variable loads code into a program", "Żadna zmienna nie wczytuje kodu do programu")
def test_no_variable_loads_code(container: Container, expect: Expect) -> None:
    found = {line for line in container.config["Env"] or [] if line.startswith(_HOOKING)}
    expect(_KNOWN[container.name], found)
