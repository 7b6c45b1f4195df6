# Everything starts from Python 3.11+ with venv and pip: make demo, make test. Name another Python with PYTHON=...
PYTHON ?= python3
BIN = .venv/bin
ARGS ?=

.PHONY: help setup demo test acceptance bench lint screens wheel lock python
help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 12

setup: python  ## .venv with the locked packages, static/vendor with the map library; does nothing when nothing changed
	@$(PYTHON) tools/prepare.py runtime

demo: setup  ## build the demo town when it is missing and serve it; prints address and accounts (ARGS="--port 9000")
	@$(BIN)/weige demo $(ARGS)

test: python  ## every test; starts its own PostgreSQL + PostGIS and Chromium (ARGS="tests/layers -k split")
	@$(PYTHON) tools/prepare.py test
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --maxprocesses=4 --dist=loadfile --no-loadscope-reorder $(ARGS)

acceptance: python  ## the promises, one after the other, on real data; the table is kept in bench/acceptance.md
	@$(PYTHON) tools/prepare.py test
	@$(BIN)/python tools/keep.py bench/acceptance.md -m tests.acceptance $(ARGS)

bench: python  ## the speed promises beside their peers; prints the table that belongs in bench/results.md
	@$(PYTHON) tools/prepare.py bench
	@$(BIN)/python -m bench $(ARGS)

lint: python  ## names, imports, line lengths
	@$(PYTHON) tools/prepare.py test
	@$(BIN)/ruff check . $(ARGS)

screens: python  ## the pictures of README and manuals anew, from a demo town (ARGS="map split" for some of them)
	@$(PYTHON) tools/prepare.py test
	@$(BIN)/python tools/screens.py $(ARGS)

wheel: setup  ## dist/weige-*.whl with pages and map library inside, for a machine without internet
	@$(BIN)/python -m hatchling build --target wheel --directory dist

lock: python  ## write the lock files anew after a change in pyproject.toml or package.json (ARGS=--upgrade for newer ones)
	@$(PYTHON) tools/prepare.py runtime
	@$(BIN)/python tools/lock.py $(ARGS)

python:
	@$(PYTHON) -c 'import sys; sys.version_info < (3, 11) and sys.exit("Weige needs Python 3.11 or newer, this is %s. Name another one: make %s PYTHON=python3.12" % (sys.version.split()[0], sys.argv[1]))' "$(firstword $(MAKECMDGOALS))"
