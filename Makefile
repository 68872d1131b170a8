# liveReport: `make run` shows it, `make test` proves it, `make help` lists the rest.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
export LIVEREPORT_DATA_DIR ?= $(CURDIR)/var
# What Python compiles is kept: a process of ours starts in a third of the time.
unexport PYTHONDONTWRITEBYTECODE
BUNDLE := dashboards/static/dashboards/build/report.js
# Where the machine has no Node, the environment has one.
NPM := PATH="$$PATH:$(CURDIR)/$(BIN)" npm
FRONTEND := package.json package-lock.json $(shell find dashboards/frontend -type f 2>/dev/null)
TEMPLATES := $(shell find liveReport dashboards channels_plugins -name '*.html')
CATALOGS := $(shell find liveReport dashboards channels_plugins -name '*.po')
POSTGRES := $(or $(LIVEREPORT_TEST_POSTGRES),postgres://postgres@127.0.0.1:5432/livereport)
# These drive browsers and processes on a database of their own.
NOT_ON_POSTGRESQL := accessibility browser celery charts clock_changes data_dir editor odd_answers \
    presses reading run sessions_end start_browser tables vanished_tab zoom
# On two cores: a third test counts while two wait for a page or a process.
TOGETHER := -n 3 --dist worksteal
# These attack, upgrade and load whole sites: they take their time, and the processor for themselves.
SITES := chaos clocks endurance outage slow_clients upgrade
ignored = $(addprefix --ignore=tests/test_,$(addsuffix .py,$(1)))

.PHONY: help run setup test test-frontend test-more test-sqlite test-postgresql lint bench chaos fuzz screenshots clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 20

run: setup ## a moving live report on http://127.0.0.1:8000 (PORT overrides)
	@exec $(BIN)/python manage.py run

setup: $(VENV)/.base $(BUNDLE) $(VENV)/.translations $(VENV)/.static ## only the environment

test: lint test-frontend test-sqlite test-postgresql ## every gate and every test

lint: setup $(VENV)/.dev ## format, style, types, system checks, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(NPM) run --silent lint
	@$(BIN)/djade --check $(TEMPLATES)
	$(BIN)/mypy
	$(BIN)/python manage.py check
	$(BIN)/python manage.py makemigrations --check

test-frontend: setup
	$(NPM) test --silent

test-sqlite: setup $(VENV)/.dev
	$(BIN)/pytest $(TOGETHER) $(call ignored,$(SITES))

test-more: setup $(VENV)/.dev ## what takes longer: attacks, an upgrade under load, slow clients behind a proxy
	$(BIN)/pytest -n 0 $(patsubst %,tests/test_%.py,$(SITES))

test-postgresql: setup $(VENV)/.dev
	@if $(BIN)/python -c 'import psycopg,sys; psycopg.connect(sys.argv[1].rsplit("/",1)[0]+"/postgres", connect_timeout=3)' "$(POSTGRES)" 2>/dev/null; \
	then SECRET_KEY=only-for-tests-only-for-tests-only-for-tests-0123456789 PSEUDONYM_KEY=only-for-tests-only-for-tests-9876543210 DATABASE_URL="$(POSTGRES)" $(BIN)/pytest $(TOGETHER) $(call ignored,$(SITES) $(NOT_ON_POSTGRESQL)); \
	elif [ "$$CI" = true ]; then echo "PostgreSQL is not reachable" >&2; exit 1; \
	else echo "SKIPPED the same tests on PostgreSQL: not reachable"; fi

bench: setup $(VENV)/.dev $(VENV)/.bench ## measure, as ratios within one run
	$(BIN)/python -m tests.benchmarks

chaos: setup $(VENV)/.dev ## strike a site of each kind for five minutes, and count what it cost; then plant defects
	$(BIN)/python -m tests.chaos --seconds 300 --controls

fuzz: setup $(VENV)/.fuzz ## hostile requests of every provider, for five minutes (FUZZ_SECONDS overrides)
	$(BIN)/python -m tests.fuzz --seconds $(or $(FUZZ_SECONDS),300)

screenshots: setup $(VENV)/.dev ## renew the pictures of README and docs
	$(BIN)/python -m tests.screenshots docs

clean: ## remove everything that was built; the data stay
	rm -rf $(VENV) node_modules dashboards/static/dashboards/build

# uv installs in seconds what takes pip half a minute; pip does where uv has no wheel.
define install
	@$(BIN)/uv pip install -q --compile-bytecode --python $(BIN)/python --require-hashes -r $(1) || $(BIN)/pip install -q --require-hashes -r $(1)
	@touch $@
endef

$(VENV)/.venv:
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -q --require-hashes -r requirements/tools.txt || echo "without uv"
	@touch $@

$(VENV)/.base: requirements/base.txt $(VENV)/.venv
	$(call install,$<)

$(VENV)/.dev: requirements/dev.txt $(VENV)/.base
	$(call install,$<)

$(VENV)/.fuzz: requirements/fuzz.txt $(VENV)/.dev
	$(call install,$<)

# Peers have an environment of their own; where they cannot be installed, they are left out.
$(VENV)/.bench: requirements/bench.txt $(VENV)/.venv
	@$(PYTHON) -m venv $(VENV)/bench
	@$(BIN)/uv pip install -q --python $(VENV)/bench/bin/python --require-hashes -r $< || echo "without peers"
	@touch $@

$(BUNDLE): $(FRONTEND) | $(VENV)/.venv
	@command -v npm >/dev/null || $(BIN)/pip install -q --require-hashes -r requirements/node.txt
	@$(NPM) ci --silent && $(NPM) run --silent build
	@touch $@

$(VENV)/.translations: $(CATALOGS) $(VENV)/.base
	@$(BIN)/python manage.py compile_translations
	@touch $@

$(VENV)/.static: $(BUNDLE) $(VENV)/.base $(shell find liveReport/static dashboards/static -type f -not -path '*/build/*' 2>/dev/null)
	@$(BIN)/python manage.py collectstatic --noinput -v0
	@touch $@
