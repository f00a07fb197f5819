# make demo    see an event arrive: needs Python 3.11 to 3.13, installs only what running needs
# make local   keep the local runtime running
# make setup   install everything, the SAM CLI and the test tools included
# make test    run all tests
# make check   lint, types, who imports whom, what nobody uses, and the templates (cfn-lint, checkov, SAM)
# make clean   remove what the above made

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := -m pip --disable-pip-version-check -qq install --no-deps --require-hashes
PIP := $(BIN)/python $(INSTALL)
# checkov's pins contradict those of the SAM CLI, so it has an environment of its own.
CHECKOV := .venv-checkov
TEMPLATES := template.yaml examples/orders/template.yaml examples/orders/third-team.yaml
# A quarter of the runtime's start is compiling our own modules; where Python may not write caches, each start.
COMPILE := $(BIN)/python -m compileall -q src/livebus
PYTEST_ARGS ?=
CLIENTS := tests/clients/node_modules/.package-lock.json
CDK := examples/cdk/node_modules/.package-lock.json

.PHONY: demo local setup test check clean lock
.DELETE_ON_ERROR:

demo: $(VENV)/.run
	@$(BIN)/python scripts/demo.py

local: $(VENV)/.run
	@exec $(BIN)/python scripts/local.py

setup: $(VENV)/.dev $(CLIENTS) $(CDK)

test: $(VENV)/.dev $(CLIENTS) $(CDK)
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

check: $(VENV)/.dev $(CHECKOV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=src $(BIN)/lint-imports
	$(BIN)/vulture
	$(BIN)/cfn-lint --append-rules scripts/cfn_lint_rules cfn_lint_serverless.rules --template $(TEMPLATES)
	$(CHECKOV)/bin/checkov --quiet --compact --framework cloudformation --skip-download $(addprefix --file ,$(TEMPLATES))
	$(BIN)/sam validate --lint
	$(BIN)/sam build

clean:
	rm -rf $(VENV) $(CHECKOV) tests/clients/node_modules examples/cdk/node_modules examples/cdk/build examples/cdk/cdk.out .livebus .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Compiles the files of requirements from pyproject.toml, with hashes and without a registry's address (needs uv).
lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --group dev pyproject.toml -o requirements-dev.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header -c requirements-dev.txt pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --group checkov -o requirements-checkov.txt

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "Livebus needs Python 3.11 to 3.13; name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "making $(VENV)" >&2
	@$(PYTHON) -m venv $(VENV)

# Everything that is installed is in these files, so that pip has nothing to resolve.
$(VENV)/.run: requirements.txt | $(BIN)/python
	@echo "installing requirements.txt into $(VENV)" >&2
	@$(PIP) -r requirements.txt
	@$(COMPILE)
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt | $(BIN)/python
	@echo "installing requirements-dev.txt into $(VENV)" >&2
	@$(PIP) -r requirements-dev.txt
	@$(COMPILE)
	@touch $(VENV)/.run $@

$(CHECKOV)/.installed: requirements-checkov.txt | $(BIN)/python
	@echo "installing requirements-checkov.txt into $(CHECKOV)" >&2
	@$(BIN)/python -m venv --clear $(CHECKOV)
	@$(CHECKOV)/bin/python $(INSTALL) -r requirements-checkov.txt
	@touch $@

# Without npm or its registry all else still works: the tests with JavaScript clients are left out, and the run says so.
# In CI that is a failure.
$(CLIENTS): tests/clients/package-lock.json
	@echo "installing tests/clients/package-lock.json" >&2
	@cd tests/clients && npm ci --no-progress --loglevel=error >&2 && touch ../../$@ || \
		{ echo "not installed; the tests with JavaScript clients will be left out" >&2; test -z "$$CI"; }

$(CDK): examples/cdk/package-lock.json
	@echo "installing examples/cdk/package-lock.json" >&2
	@cd examples/cdk && npm ci --no-progress --loglevel=error >&2 && touch ../../$@ || \
		{ echo "not installed; the test with AWS CDK will be left out" >&2; test -z "$$CI"; }
