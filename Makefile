# Every target installs into .venv what it needs, once. PYTHON=python3.12 make … chooses the interpreter.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$p; break; fi; done)
BIN := .venv/bin
STUDY ?= data/sample
INSTALLED := .venv/.installed

.PHONY: install report test shuffle coverage mutants lab bench bench-all notebooks docs dist lint lock clean

install: $(INSTALLED)

$(INSTALLED): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Threadline needs Python 3.11 or later; none was found. Install it, or say PYTHON=/path/to/python make install." >&2; exit 2; }
	$(PYTHON) -m venv .venv
	@echo "Installing the packages of requirements.lock into .venv (some 1 GB, two minutes or so) …"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(INSTALLED)

report: install
	$(BIN)/threadline report $(STUDY)

# On two cores, a file at a time; `.venv/bin/python -m pytest PATH` runs some tests in their order.
test: install
	$(BIN)/python -m pytest -n 2 --dist loadfile

# Five times in random order with two busy processes beside; which lines no test reaches.
shuffle: install
	$(BIN)/python tests/benchmarks/shuffle.py $(SHUFFLE)

coverage: install
	$(BIN)/python -m pytest tests -n 2 --dist loadfile --cov=analysis --cov-branch --cov-report=term-missing:skip-covered

# Does a test fail where the code is broken in one place? MUTANTS="dates --n 30" asks for less.
mutants: install
	$(BIN)/python tests/benchmarks/mutants.py $(MUTANTS)

lab: install
	$(BIN)/threadline lab $(STUDY)

# Us beside other methods, and our growth: build/bench/benchmark.md, .csv, .png, .svg. BENCH="--n 100000 --twice" asks for more.
bench: install
	$(BIN)/python tests/benchmarks/beside.py $(BENCH)

# Every benchmark, one after the other.
bench-all: install
	@for file in tests/benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

# Execute the notebooks on the sample study, and store what they show.
notebooks: install
	$(BIN)/python tests/store_notebooks.py

# The documentation as static pages: build/docs/index.html. A link that leads nowhere is an error.
docs: install
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs build/docs

# A wheel and an sdist, in dist/.
dist: install
	$(BIN)/python -m build --no-isolation --outdir dist

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/mypy

# Pins with hashes for every platform; pyproject.toml says what is left out, and why.
lock:
	test -x .venv/lock/bin/uv || { $(PYTHON) -m venv .venv/lock && .venv/lock/bin/python -m pip install --quiet uv; }
	.venv/lock/bin/uv pip compile pyproject.toml --universal --generate-hashes --python-version 3.11 \
		--extra dev --extra cluster --no-header --no-annotate --quiet --output-file requirements.lock

clean:
	rm -rf .venv reports dist docs/generated docs/_build data/*/.threadline .pytest_cache .ruff_cache .hypothesis build *.egg-info
	find analysis tests notebooks data -name __pycache__ -o -name .ipynb_checkpoints | xargs rm -rf
