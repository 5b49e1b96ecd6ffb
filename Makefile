# Every target is one command of run.py, which needs Python 3.11 or later and nothing else.
PYTHON ?= python3
PORT ?= 8000
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test check bench bench-duplicates demo-data lock

help:
	@echo "make run        everything on this machine, with demo data (PORT=8000)"
	@echo "make test       the checks, then the tests (ARGS='-k ledger' passes through)"
	@echo "make check      the checks only"
	@echo "make bench      the benchmarks (ARGS passes through)"
	@echo "make bench-duplicates  how well duplicates are found, on public data (ARGS)"
	@echo "make demo-data  the demo data once more, beside a running 'make run' or alone"
	@echo "make lock       requirements*.in into the hashed lock files (ARGS=--upgrade)"

run:
	@$(PYTHON) run.py up --port $(PORT)

test:
	@$(PYTHON) run.py test $(ARGS)

check:
	@$(PYTHON) run.py check

bench:
	@$(PYTHON) run.py bench $(ARGS)

bench-duplicates:
	@$(PYTHON) run.py exec -- python -m bench.duplicates $(ARGS)

demo-data:
	@$(PYTHON) run.py exec -- python manage.py demo_data

lock:
	@$(PYTHON) run.py lock $(ARGS)
