# make demo    see an event arrive: needs Python 3.11 to 3.13, installs only what running needs
# make local   keep the local runtime running
# make setup   install everything, the SAM CLI and the test tools included
# make test    run all tests
# make check   lint, types (the page's JavaScript too), who imports whom, what nobody uses, and the templates (cfn-lint, checkov, SAM)
# make mutants change the code of stations in small ways, and see whether the unit tests notice: hours; MUTANTS=PATTERN narrows it
# make mutants-sample  the same for some mutants of each module; MUTANTS_SAMPLE='--most 6 pattern' says which
# make map     what each module is for, a line each; WORDS='retries queue' narrows it
# make clean   remove what the above made

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# On a terminal pip shows how far it is; a log gets the lines of `tell` alone.
INSTALL := install --no-deps --require-hashes --no-compile $$(test -t 2 || echo -qq)
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Says what is installed where, and how much that is.
tell = echo "installing $(1) into $(2): $$(grep -c '==' $(1)) packages$(3)" >&2
# So that a shell with .venv/bin in its PATH has the command.
LINK := ln -sf ../../scripts/livebus $(BIN)/livebus
# checkov's pins contradict those of the SAM CLI, so it has an environment of its own.
CHECKOV := .venv-checkov
# As do mutmut's.
MUTMUT := .venv-mutants
MUTANTS ?=
MUTANTS_SAMPLE ?=
TEMPLATES := template.yaml examples/orders/template.yaml examples/orders/third-team.yaml
# A quarter of the runtime's start is compiling our own modules; where Python may not write caches, each start. Those of others are compiled
# here, on all cores: pip takes one file after another. Some of theirs are for other Pythons, and are passed over as pip does it. Not compiled ahead is
# what nobody here runs, or little of it: their own tests, what mypy has as machine code, and the large libraries behind plots and colours.
SELDOM := /site-packages/((PIL|fontTools|matplotlib|mypy|mypyc|numpy|pip|pygments|setuptools)/|.*/tests/)
COMPILE := $(BIN)/python -m compileall -q src/livebus && { $(BIN)/python -m compileall -qq -j 0 -x '$(SELDOM)' $(VENV)/lib || true; }
PYTEST_ARGS ?=
comma := ,
CLIENTS := tests/clients/node_modules/.package-lock.json
CDK := examples/cdk/node_modules/.package-lock.json
APP := examples/app/node_modules/.package-lock.json
PAGE := tools/page/node_modules/.package-lock.json

# The quickest, then the longest: where several run at a time, none of these is left alone.
CHECKS := check-form check-types check-templates check-sam check-unused check-imports check-page

.PHONY: demo local setup setup-check test check $(CHECKS) mutants mutants-sample map clean lock
.DELETE_ON_ERROR:

demo: $(VENV)/.run
	@$(BIN)/python scripts/demo.py

local: $(VENV)/.run
	@exec $(BIN)/python scripts/local.py

setup: $(VENV)/.dev $(CLIENTS) $(CDK) $(APP)
	@echo "ready: $(BIN)/livebus --help" >&2

# What make check needs beside that. With `make --jobs setup setup-check` npm, and pip in the two environments, wait for each other no longer.
setup-check: $(VENV)/.dev $(CHECKOV)/.installed $(PAGE)

# tests/conftest.py says how many workers that are, and with which files they begin.
test: $(VENV)/.dev $(CLIENTS) $(CDK) $(APP)
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

# Each by itself, too; `make --jobs=2 --output-sync check` runs two at a time, and with --keep-going all, whatever one of them finds.
check: $(CHECKS)

check-form: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

check-types: $(VENV)/.dev
	$(BIN)/mypy

check-imports: $(VENV)/.dev
	PYTHONPATH=src $(BIN)/lint-imports

check-unused: $(VENV)/.dev
	$(BIN)/vulture

check-templates: $(VENV)/.dev $(CHECKOV)/.installed
	$(BIN)/cfn-lint --append-rules scripts/cfn_lint_rules cfn_lint_serverless.rules --template $(TEMPLATES)
	$(CHECKOV)/bin/checkov --quiet --compact --framework cloudformation --skip-download $(addprefix --file ,$(TEMPLATES))

# One after another: the second writes .aws-sam.
check-sam: $(VENV)/.dev
	$(BIN)/sam validate --lint
	$(BIN)/sam build

# The page's own JavaScript: types from its JSDoc, and Biome's rules and form.
check-page: $(PAGE)
	@test ! -e $< || { cd tools/page && npm run --silent check; }

# Outside CI. docs/mutants.md has what came of it, and names what MUTANTS may be.
mutants: $(MUTMUT)/.installed
	$(MUTMUT)/bin/mutmut run $(MUTANTS)
	$(MUTMUT)/bin/mutmut results

mutants-sample: $(MUTMUT)/.installed $(VENV)/.dev
	$(MUTMUT)/bin/python tools/sample_mutants.py $(MUTANTS_SAMPLE)

# By its environment: words are no part of a shell's line.
map: export WORDS := $(WORDS)
map:
	@$(PYTHON) tools/module_map.py

clean:
	rm -rf $(VENV) $(CHECKOV) $(MUTMUT) mutants tests/clients/node_modules tools/page/node_modules examples/cdk/node_modules examples/cdk/build examples/cdk/cdk.out
	rm -rf examples/app/node_modules examples/app/build examples/app/dist
	find src -name '*.so' -delete
	rm -rf .livebus .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Compiles the files of requirements from pyproject.toml, with hashes and without a registry's address (needs uv).
lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --group dev pyproject.toml -o requirements-dev.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header -c requirements-dev.txt pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --group checkov -o requirements-checkov.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --group installer -o requirements-pip.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --group mutants pyproject.toml -o requirements-mutants.txt

# The pip that Python 3.11 brings holds each file of each version in the index against a thousand tags, which is most of its work;
# a newer one, pinned as all else, installs the same in two thirds of the time. It serves the other environments as well.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "Livebus needs Python 3.11 to 3.13; name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "making $(VENV)" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) $(INSTALL) -r requirements-pip.txt >&2

# Everything that is installed is in these files, so that pip has nothing to resolve.
$(VENV)/.run: requirements.txt | $(BIN)/python
	@$(call tell,requirements.txt,$(VENV),)
	@$(PIP) $(INSTALL) -r requirements.txt >&2
	@$(COMPILE)
	@$(LINK)
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt | $(BIN)/python
	@$(call tell,requirements-dev.txt,$(VENV),$(comma) the SAM CLI and the test tools among them; this takes minutes)
	@$(PIP) $(INSTALL) -r requirements-dev.txt >&2
	@$(COMPILE)
	@$(LINK)
	@touch $(VENV)/.run $@

# Nothing is compiled ahead: one command uses it, and little of it.
$(CHECKOV)/.installed: requirements-checkov.txt | $(BIN)/python
	@$(call tell,requirements-checkov.txt,$(CHECKOV),)
	@$(BIN)/python -m venv --clear --without-pip $(CHECKOV)
	@$(PIP) --python $(CHECKOV)/bin/python $(INSTALL) -r requirements-checkov.txt >&2
	@touch $@

$(MUTMUT)/.installed: requirements-mutants.txt | $(BIN)/python
	@echo "installing requirements-mutants.txt into $(MUTMUT)" >&2
	@$(BIN)/python -m venv --clear --without-pip $(MUTMUT)
	@$(PIP) --python $(MUTMUT)/bin/python $(INSTALL) -r requirements-mutants.txt
	@touch $@

# Without npm or its registry all else still works: the tests with JavaScript clients are left out, and the run says so.
# In CI that is a failure.
$(CLIENTS): tests/clients/package-lock.json
	@echo "installing tests/clients/package-lock.json into tests/clients: $$(grep -c '"integrity"' $<) packages of JavaScript clients" >&2
	@cd tests/clients && npm ci --no-progress --loglevel=error >&2 && touch ../../$@ || \
		{ echo "not installed; the tests with JavaScript clients will be left out" >&2; test -z "$$CI"; }

$(PAGE): tools/page/package-lock.json
	@echo "installing tools/page/package-lock.json" >&2
	@cd tools/page && npm ci --no-progress --loglevel=error >&2 && touch ../../$@ || \
		{ echo "not installed; the page's JavaScript is not checked" >&2; test -z "$$CI"; }

$(CDK): examples/cdk/package-lock.json
	@echo "installing examples/cdk/package-lock.json" >&2
	@cd examples/cdk && npm ci --no-progress --loglevel=error >&2 && touch ../../$@ || \
		{ echo "not installed; the test with AWS CDK will be left out" >&2; test -z "$$CI"; }

$(APP): examples/app/package-lock.json
	@echo "installing examples/app/package-lock.json" >&2
	@cd examples/app && npm ci --no-progress --loglevel=error >&2 && touch ../../$@ || \
		{ echo "not installed; the tests with examples/app will be left out" >&2; test -z "$$CI"; }
