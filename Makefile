# Every target is one line to bootstrap.py, which needs only Python's standard library.
PYTHON ?= python3
export ONCE SIZE FAST K SEARCH

.PHONY: help demo test check drills bench servers lock assets clean

help: ## show the targets
	@$(PYTHON) bootstrap.py --help

demo test check drills bench servers lock assets clean:
	@$(PYTHON) bootstrap.py $@
