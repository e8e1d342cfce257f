# Everything a checkout needs: `make demo` and `make test` set up what they use by themselves, a
# .venv for the tools and .cache for a conda channel and base made of wheels. Nothing outside.

PYTHON ?= python3
VENV := .venv/bin
READY := .venv/ready

.PHONY: demo test test-faults test-online bench lint clean

demo: $(READY)
	@$(VENV)/python -m tests.world demo

test: $(READY)
	@$(VENV)/python -m tests.world base
	@$(VENV)/python -m pytest --quiet --numprocesses auto --maxprocesses 4 --dist worksteal

# Against the index that this machine's pip is set to; no part of `make test`.
test-online: $(READY)
	@$(VENV)/python -m tests.world base
	@$(VENV)/python -m pytest --quiet -m online --durations=0 tests/online

# Every write of every operation, killed there or refused; some minutes.
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

clean:
	rm -rf .venv .cache

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.10 or newer is needed: make PYTHON=…" if sys.version_info < (3, 10) else 0)'
	@echo "set-up: tools into .venv" >&2
	@test -x $(VENV)/python || $(PYTHON) -m venv .venv
	@$(VENV)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(VENV)/python -m pip install --quiet --disable-pip-version-check --group dev
	@touch $@
