# Everything a checkout needs: `make demo` and `make test` set up what they use by themselves, a
# .venv for the tools and .cache for a conda channel and base made of wheels. Nothing outside.

PYTHON ?= python3
VENV := .venv/bin
READY := .venv/ready
DOCS_READY := .venv-docs/ready
BROWSER_READY := .venv-browser/ready
CHECK_PYTHON := import sys; sys.exit("Python 3.10 or newer is needed: make PYTHON=…" if sys.version_info < (3, 10) else 0)

# Modules and tests are compiled once for all runs, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test coverage fuzz test-faults test-online test-browser has-browser bench lint docs session clean

demo: $(READY)
	@$(VENV)/python -m tests.world demo

test: $(READY)
	@$(VENV)/python -m tests.world base
	@$(VENV)/python -m pytest --quiet --numprocesses auto --maxprocesses 4 --dist worksteal

# The branches of the packages that read, judge and change environments, by their own tests: 95 % of
# each. Files that try an attack at every write are left out: they take long and run in other
# processes, which are not measured.
COVERED := changes environment findings protection
LEFT_OUT := test_hostile_records test_real_pip test_swapped_folders test_two_users
COVERAGE = $(VENV)/coverage report --include="conda_pip_interop/$$package/*" --fail-under=95

coverage: $(READY)
	@mkdir -p .cache
	@$(VENV)/python -m pytest --quiet --numprocesses auto --maxprocesses 4 --dist worksteal --cov --cov-report= \
		$(COVERED:%=tests/%) $(LEFT_OUT:%=--ignore-glob='*/%.py')
	@for package in $(COVERED); do \
		echo "$$package: $$($(COVERAGE) --format=total) %" && $(COVERAGE) >/dev/null \
		|| { $(COVERAGE) --show-missing --skip-covered; exit 1; } \
	done

# Every reader on half a million inputs that nobody would write; FUZZ_SEED begins elsewhere.
FUZZ_SEED ?= $(shell date +%s)
fuzz: $(READY)
	@FUZZ_INPUTS=500000 FUZZ_SEED=$(FUZZ_SEED) $(VENV)/python -m pytest --quiet --numprocesses auto tests/fuzz

# Against the index that this machine's pip is set to; no part of `make test`.
test-online: $(READY)
	@$(VENV)/python -m tests.world base
	@$(VENV)/python -m pytest --quiet -m online --durations=0 tests/online

# The page of `conda pip report` in a browser, with axe-core; with tools of its own.
CHROMIUM ?= chromium
AXE_VERSION := 4.14.1
AXE_SHA256 := e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745
AXE := .cache/axe-core-$(AXE_VERSION)/package/axe.min.js
test-browser: has-browser $(BROWSER_READY) $(AXE)
	@CHROMIUM="$$(command -v $(CHROMIUM))" AXE=$(AXE) .venv-browser/bin/python -m pytest --quiet -m browser \
		--confcutdir tests/browser tests/browser

has-browser:
	@for program in $(CHROMIUM) npm; do command -v $$program >/dev/null || { echo \
		"$$program is needed: apt-get install chromium npm (another browser: make test-browser CHROMIUM=…)" >&2; exit 1; }; done

# Every write of every operation, killed there, refused, or lost with the power, and commands killed
# at random; some minutes. KILLS, KILLS_SEED and POWER_SEED choose how many of them, and others.
test-faults: $(READY)
	@$(VENV)/python -m tests.world base
	@$(VENV)/python -m pytest --quiet -m faults --numprocesses auto --maxprocesses 4 --dist worksteal

# Every promise about speed, as a table; ends with 1 where one is missed.
bench: $(READY)
	@$(VENV)/python -m tests.bench

lint: $(READY)
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .
	@$(VENV)/mypy
	@$(VENV)/lint-imports

# The site, into docs/_build/html, with tools of its own; a broken link or anchor is an error.
docs: $(DOCS_READY)
	@.venv-docs/bin/sphinx-build --quiet --nitpicky --fail-on-warning --builder html docs docs/_build/html
	@echo docs/_build/html/index.html

# The picture in the README, of real commands.
session: $(READY)
	@$(VENV)/python -m tests.world session

clean:
	rm -rf .venv .venv-docs .venv-browser .cache docs/_build

$(READY): pyproject.toml
	@$(PYTHON) -c '$(CHECK_PYTHON)'
	@echo "set-up: tools into .venv" >&2
	@test -x $(VENV)/python || $(PYTHON) -m venv .venv
	@$(VENV)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(VENV)/python -m pip install --quiet --disable-pip-version-check --group dev
	@touch $@

$(DOCS_READY): pyproject.toml
	@$(PYTHON) -c '$(CHECK_PYTHON)'
	@echo "set-up: tools for the site into .venv-docs" >&2
	@test -x .venv-docs/bin/python || $(PYTHON) -m venv .venv-docs
	@.venv-docs/bin/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@.venv-docs/bin/python -m pip install --quiet --disable-pip-version-check --group docs
	@touch $@

$(BROWSER_READY): pyproject.toml
	@$(PYTHON) -c '$(CHECK_PYTHON)'
	@echo "set-up: tools for the browser into .venv-browser" >&2
	@test -x .venv-browser/bin/python || $(PYTHON) -m venv .venv-browser
	@.venv-browser/bin/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@.venv-browser/bin/python -m pip install --quiet --disable-pip-version-check --group browser
	@touch $@

$(AXE):
	@mkdir -p .cache/axe-core-$(AXE_VERSION)
	@cd .cache/axe-core-$(AXE_VERSION) && npm pack --silent axe-core@$(AXE_VERSION) >/dev/null \
		&& echo "$(AXE_SHA256)  axe-core-$(AXE_VERSION).tgz" | sha256sum --check --quiet \
		&& tar -xzmf axe-core-$(AXE_VERSION).tgz package/axe.min.js
