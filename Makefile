# `make sandbox` tries it out, `make test` checks everything. Both install what they need into .venv first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-header --no-annotate --python-version 3.11 --extra build

.PHONY: install sandbox test test-postgresql readme screenshots bench mutants release lock

install: $(VENV)/.installed

sandbox: install
	@exec $(BIN)/npmtrust sandbox $(if $(PORT),--port $(PORT))

test: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m compileall -q bot handlers storage # once, for the many processes that the tests start
# So are the tests, beside mypy, and kept whatever the environment says: each worker would compile all of them anew.
	(PYTHONDONTWRITEBYTECODE= $(BIN)/pytest --collect-only -q >/dev/null 2>&1 || true) & \
		$(BIN)/mypy; checked=$$?; wait; exit $$checked
	$(BIN)/lint-imports
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n auto --dist loadgroup --inline-snapshot=disable --cov --cov-report=term:skip-covered --cov-fail-under=100

# The scenarios once more, on a PostgreSQL server that the tests start themselves.
test-postgresql: $(VENV)/.installed-dev
	TEST_DATABASE=postgresql $(BIN)/pytest -n auto tests/scenarios

# The tables of the README that are made from the code.
readme: $(VENV)/.installed-dev
	$(BIN)/python -m tests.readme
	$(BIN)/python -m tests.helm.chart

# Pictures of what people see, in a temporary folder; `make screenshots README=1` makes those of the README anew.
screenshots: $(VENV)/.installed-dev
	$(BIN)/python -m tests.e2e.screenshots $(if $(README),--readme)

bench: $(VENV)/.installed-dev
	$(BIN)/python tests/bench/run.py

# Takes the defences out of the code, one change at a time: what no test notices is printed. Some six minutes;
# `make mutants ONLY=authorise PROCESSES=2` takes the files with that in their path, two changes at once.
mutants: $(VENV)/.installed-dev
	nice $(BIN)/python -m tests.mutants $(ONLY) $(if $(PROCESSES),--processes $(PROCESSES))

# Wheel, sdist and the list of what is inside, in dist/; both packages are installed in a clean venv and tried.
release: $(VENV)/.installed-dev
	$(BIN)/python -m tests.release.make

lock: $(BIN)/python
	$(PIP) install uv
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) --extra dev pyproject.toml -o requirements-dev.lock

# A stamp stands for what is installed; the locks and the metadata decide whether it is still right.
$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes --requirement requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes --requirement requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $(VENV)/.installed $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "npmtrust needs Python 3.11 or newer, for instance: make PYTHON=python3.12 install" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
