# The one door. `make help` lists what is behind it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
STATIC := soar/api/static
SENDERS := $(CURDIR)/$(VENV)/senders/bin
MATRIX := $(CURDIR)/$(VENV)/matrix/bin
WEB := $(shell find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*' 2>/dev/null)
COMPILE = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-annotate --no-header $(UPGRADE)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: approvals-fuzz bench cards chaos check clean demo docs e2e forge fuzz help lock matrix mutants properties schedules schemathesis senders simulate tamper test web

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

demo: $(STAMPS)/runtime web ## the product with simulated connections, on http://127.0.0.1:8600
	$(BIN)/soar demo

test: check web ## lint, types, import contracts and every test that needs nothing but Python
	$(BIN)/pytest -n 2 $(PYTEST_ARGS)

check: $(STAMPS)/dev ## lint, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

cards: $(STAMPS)/dev ## 5,000 cards of hostile texts, 100,000 of them, in every channel
	SOAR_PROPERTIES=search SOAR_CARD_EXAMPLES=5000 $(BIN)/pytest --timeout 0 tests/unit/approvals/test_faces.py

fuzz: $(STAMPS)/dev ## 100,000 expressions against two other evaluators; SEED=7 takes others
	$(BIN)/python -m tests.fuzz.differential --count 100000 --seed $(or $(SEED),1)

chaos: $(STAMPS)/dev ## kill -9 at random moments under load, and count; KILLS=20 kills less, SEED=7 at others
	@echo "== SQLite, one process"
	$(BIN)/python -m tests.chaos --kills $(or $(KILLS),200) --seed $(or $(SEED),1)
	@echo "== PostgreSQL, two workers"
	$(BIN)/python -m tests.chaos --database postgres --kills $(or $(KILLS),50) --seed $(or $(SEED),1)

approvals-fuzz: $(STAMPS)/dev ## votes, timers, crashes, policies and chats against each other; COUNT=5000 sequences of 50 steps
	SOAR_PROPERTIES=search SOAR_APPROVALS=$(or $(COUNT),2000) SOAR_APPROVALS_STEPS=50 $(BIN)/pytest \
		tests/unit/approvals/test_everything_at_once.py tests/unit/approvals/test_in_parts_at_once.py \
		tests/unit/approvals/test_time_alone.py -q $(PYTEST_ARGS)

e2e: $(STAMPS)/dev ## what others have written: an identity provider, fetched with npm, and what is installed here of the rest
	SOAR_E2E=1 SOAR_SENDERS=$(SENDERS) SOAR_MATRIX=$(MATRIX) $(BIN)/pytest tests/e2e/test_single_sign_on.py \
		tests/e2e/test_senders.py tests/e2e/test_sdk_signatures.py tests/e2e/test_queues.py tests/e2e/test_slack_sdk.py \
		tests/e2e/test_cards.py tests/e2e/test_matrix.py tests/e2e/test_flagship.py -rs $(PYTEST_ARGS)

senders: $(BIN)/python ## the senders of `make e2e` that come by pip, apart from what the product needs
	@$(BIN)/python -m venv $(dir $(SENDERS))
	@$(SENDERS)/python -m pip install --quiet --disable-pip-version-check \
		githubkit==0.16.1 'hishel<2' opencanary==0.9.10 slack-sdk==3.47.0

matrix: $(BIN)/python ## the homeserver and the client of `make e2e`, apart from what the product needs
	@$(BIN)/python -m venv $(dir $(MATRIX))
	@$(MATRIX)/python -m pip install --quiet --disable-pip-version-check matrix-synapse==1.163.2 matrix-nio==0.26.0

properties: $(STAMPS)/dev ## every property test with cases that nobody has seen, EXAMPLES=5000 of each; `make test` has always the same
	SOAR_PROPERTIES=search SOAR_EXAMPLES=$(or $(EXAMPLES),1000) $(BIN)/pytest -n 2 --timeout 0 -m hypothesis $(PYTEST_ARGS)

schemathesis: $(STAMPS)/dev ## the whole API as three people, EXAMPLES=100 calls of each operation and person
	SOAR_SCHEMATHESIS=$(or $(EXAMPLES),50) $(BIN)/pytest tests/security/test_schemathesis.py $(PYTEST_ARGS)

simulate: $(STAMPS)/dev ## SEEDS=10000 worlds in which everything goes wrong; FIRST=7 begins with another
	$(BIN)/python -m tests.simulation --kills --seeds $(or $(SEEDS),10000) --first $(or $(FIRST),1)

schedules: $(STAMPS)/dev ## a year of 1,000 schedules with summer times, restarts and clock jumps; SCHEDULES=50 DAYS=60 is less
	$(BIN)/python -m tests.schedules --schedules $(or $(SCHEDULES),1000) --days $(or $(DAYS),365) --seed $(or $(SEED),1)

tamper: $(STAMPS)/dev ## a million changes of an audit record, each of which the verifier has to find; SEED=7 makes others
	$(BIN)/python -m tests.audit_mutations --count $(or $(COUNT),1000000) --seed $(or $(SEED),1)

forge: $(STAMPS)/dev ## a million forged requests, each of which has to stay outside; MUTATIONS=1000 forges less
	$(BIN)/python -m tests.forgery --count $(or $(MUTATIONS),1000000) --seed $(or $(SEED),1)

mutants: $(STAMPS)/dev ## change the engine and ask the tests; PACKAGE=commit, access, vault or audit another part, SAMPLE=400 SEED=7 a sample
	$(BIN)/python -m tests.mutation $(or $(PACKAGE),engine) --sample $(or $(SAMPLE),0) --seed $(or $(SEED),1) $(MUTANTS_ARGS)

web: $(STAMPS)/web ## the browser's pages, where there is Node

bench: $(STAMPS)/dev ## the timings that the documentation quotes
	@for program in $(sort $(basename $(notdir $(wildcard bench/*.py)))); do \
		echo "== $$program" && $(BIN)/python -m bench.$$program || exit; \
	done

docs: $(STAMPS)/dev ## the reference and the connectors' pages anew, from the code
	$(BIN)/python docs/reference/generate.py

lock: $(STAMPS)/dev ## the lock files anew; UPGRADE=--upgrade takes newer versions
	$(COMPILE) --all-extras --group dev --output-file requirements-dev.lock
	$(COMPILE) --group build --constraint requirements-dev.lock --output-file requirements.lock
	$(COMPILE) --extra postgres --constraint requirements-dev.lock --output-file requirements-postgres.lock

clean: ## forget what was built and installed; data stays
	rm -rf $(VENV) $(STATIC) web/node_modules web/dist dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"Python 3.11 or newer is needed, this is {sys.version}")'
	@$(PYTHON) -m venv $(VENV)

$(BIN)/uv: | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv || echo "no uv here: pip installs, more slowly"

# $(call install,LOCK): exactly what the lock file names, then the product itself from this folder.
define install
@echo "installing $(1)"
@install() { \
	{ [ -x $(BIN)/uv ] && $(BIN)/uv pip install --quiet --python $(BIN)/python "$$@"; } \
	|| $(BIN)/python -m pip install --quiet --disable-pip-version-check "$$@"; \
}; \
install --require-hashes --requirement $(1) && install --no-deps --no-build-isolation --editable .
@mkdir -p $(@D) && touch $@
endef

$(STAMPS)/runtime: requirements.lock pyproject.toml hatch_build.py | $(BIN)/uv
	$(call install,requirements.lock)

$(STAMPS)/dev: requirements-dev.lock pyproject.toml hatch_build.py | $(BIN)/uv
	$(call install,requirements-dev.lock)

$(STAMPS)/web: $(WEB) hatch_build.py | $(STAMPS)/runtime
	@$(BIN)/python hatch_build.py
	@mkdir -p $(@D) && touch $@
