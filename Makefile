# Everything a person does with this repository. `make` alone lists it.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := $(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate \
        --custom-compile-command 'make lock'
# litellm is large and watched with suspicion: it gets a place of its own, away from what develops and deploys.
LITELLM := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/picoclaw-llm/venv

.DEFAULT_GOAL := help
.PHONY: help venv litellm demo test lint unit conformance e2e bench verify pictures trace lab-down lock models format clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: $(VENV)/.ready $(BIN)/picoclaw ## install the tools of this repository into .venv

$(VENV)/.ready: requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed (Debian 12, Ubuntu 24.04 or newer)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "==> installing python3-venv"; apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null; }
	@echo "==> installing the Python packages of requirements/dev.txt into $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

# Not an installed package: what pip builds is not in the locks, and the command shall run what lies here.
$(BIN)/picoclaw: $(VENV)/.ready
	@printf '%s\n' '#!$(CURDIR)/$(BIN)/python' 'import sys' 'sys.path.insert(0, "$(CURDIR)")' \
	    'from agent.cli import main' 'main(prog_name="picoclaw")' >$@
	@chmod 755 $@

litellm: $(LITELLM)/.ready ## install litellm for the tests of the llm container, outside .venv

$(LITELLM)/.ready: requirements/llm.txt
	@echo "==> installing the Python packages of requirements/llm.txt into $(LITELLM)"
	@$(PYTHON) -m venv --clear $(LITELLM)
	@$(LITELLM)/bin/pip install -q --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/llm.txt
	@touch $@

demo: venv ## raise a throwaway host, deploy to it, ask the assistant for a command, show the proof
	@$(BIN)/python -m tests.demo

test: venv lint unit e2e ## everything that can be tested on one machine

lint: venv ## style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

unit: venv litellm ## tests that need no lab host
	$(BIN)/python -m pytest -n auto tests/unit tests/conformance

conformance: venv litellm ## every case of a model's answer, over both engines and each provider, as a table
	@$(BIN)/python -m tests.conformance

e2e: venv ## deploy, conversation, compliance and attacks, on two lab hosts side by side
	$(BIN)/python -m pytest -n 2 --dist loadscope tests/e2e tests/hostile

bench: venv litellm ## measure the budgets on lab hosts, each beside its goal; PARTS="gateway channels ..." for some
	@$(BIN)/python -m tests.bench $(PARTS)

verify: venv ## prove every hardening control on the hosts of ./inventory
	@$(BIN)/python -m tests.verify --html build/hardening.html --junit build/hardening.xml

pictures: venv ## photograph a conversation and the compliance page for the README, on a lab host with a browser of this machine
	@$(BIN)/python -m tests.pictures

trace: venv ## renew the seccomp allow-lists by tracing the containers on a lab host
	@$(BIN)/python -m tests.trace

lab-down: venv ## remove every throwaway host
	@$(BIN)/python -m tests.lab down --all

lock: venv ## renew the locked requirements
	$(LOCK) pyproject.toml --python-version 3.13 -o requirements/gateway.txt
	$(LOCK) pyproject.toml --python-version 3.11 --extra operator -o requirements/operator.txt
	$(LOCK) pyproject.toml --python-version 3.11 --all-extras -o requirements/dev.txt
	$(LOCK) --group llm --python-version 3.11 -o requirements/llm.txt
	$(LOCK) --group nanobot --python-version 3.11 -o requirements/nanobot.txt

models: venv litellm ## renew the table of models from the locked litellm (after make lock)
	$(BIN)/python -m roles.models.generate $(LITELLM)/lib/python3*/site-packages/litellm/model_prices_and_context_window_backup.json

format: venv ## format the code
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

clean: ## remove what was made here
	rm -rf $(VENV) build .mypy_cache .pytest_cache .ruff_cache
