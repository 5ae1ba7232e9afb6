# `make` lists what there is to do. Each target sets up what it needs, once, inside this folder.
# Given on make's own line: make reports ARTICLES=my/folder TOPICS="5 10 20" SEEDS="1 2 3" NAME=mine

SHELL := /bin/sh
.DEFAULT_GOAL := help
export ARTICLES TOPICS SEEDS OUT CONFIG PUBLIC
RUN_NAME := $(if $(filter command line,$(origin NAME)),$(NAME))
export RUN_NAME

# A misspelt name would leave its value unheeded, and make says nothing of it.
NAMES := ARTICLES TOPICS SEEDS NAME OUT CONFIG PUBLIC
OTHER := $(strip $(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(filter-out $(NAMES) PYTHON,$(name)))))
ifneq ($(OTHER),)
  NEAR := $(strip $(foreach name,$(OTHER),$(shell printf '%s\n' $(NAMES) | grep -i "^$$(printf %.2s '$(name)')")))
  $(error There is no $(OTHER)$(if $(NEAR), (did you mean $(NEAR)?)). Names that make takes here: $(NAMES))
endif

# An activated conda environment that has the packages of environment.yml is used as it is; otherwise .venv.
CONDA_PYTHON := $(if $(CONDA_PREFIX),$(firstword $(wildcard $(CONDA_PREFIX)/bin/python $(CONDA_PREFIX)/python.exe)))
CONDA_IS_OURS := $(if $(CONDA_PYTHON),$(shell "$(CONDA_PYTHON)" -c "from importlib.util import find_spec as f; print('yes' if all(map(f, ['gensim', 'papermill', 'trafilatura', 'numba'])) else '')" 2>/dev/null))
BIN := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
ifeq ($(CONDA_IS_OURS),yes)
  PYTHON := $(CONDA_PYTHON)
  READY :=
  READY_DEV :=
  READY_BENCH :=
else
  PYTHON := $(BIN)/python
  READY := .venv/.ready
  READY_DEV := .venv/.ready-dev
  READY_BENCH := .venv/.ready-bench
endif
export PYTHONPATH := src
unexport PYTHONDONTWRITEBYTECODE  # what is imported is compiled once, not by every process anew
TOPICS_COMMAND := "$(PYTHON)" -m topics

.PHONY: help reports test lab verify settings check lint bench bench-quick lock clean clean-all

help:  ## show this list
	@echo "make TARGET [ARTICLES=file or folder] [TOPICS=\"5 10 20\"] [SEEDS=\"1 2 3\"] [NAME=run] [OUT=folder] [CONFIG=file] [PUBLIC=1]"
	@sed -n 's/^\([a-z-]*\):.*##/\1/p' Makefile | awk '{name = $$1; $$1 = ""; printf "  %-12s%s\n", name, $$0}'

# What decides a run's settings, as arguments.
GIVEN = set --; \
	[ -z "$$ARTICLES" ] || set -- "$$@" "$$ARTICLES"; \
	[ -z "$$TOPICS" ] || set -- "$$@" --topics $$TOPICS; \
	[ -z "$$SEEDS" ] || set -- "$$@" --seeds $$SEEDS; \
	[ -z "$$CONFIG" ] || set -- "$$@" --config "$$CONFIG"; \
	[ -z "$$PUBLIC" ] || set -- "$$@" "--public=$$PUBLIC";

reports: $(READY)  ## articles to reports: sets up what is missing, runs everything, says where to look
	@$(GIVEN) \
	[ -z "$$RUN_NAME" ] || set -- "$$@" --name "$$RUN_NAME"; \
	[ -z "$$OUT" ] || set -- "$$@" --out "$$OUT"; \
	$(TOPICS_COMMAND) reports "$$@"

test: $(READY_DEV)  ## set up and run the tests
	@"$(PYTHON)" -m pytest

lab: $(READY)  ## open the notebooks in JupyterLab (loopback only, with its token)
	@"$(PYTHON)" -m jupyterlab --ServerApp.ip=127.0.0.1 --notebook-dir=. --LabApp.default_url=/lab/tree/notebooks/00_start.ipynb \
	  --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate --LabApp.news_url=None

verify: $(READY)  ## rebuild the run NAME from nothing and compare its bytes
	@$(TOPICS_COMMAND) verify $${RUN_NAME:+"$$RUN_NAME"} $${OUT:+--out "$$OUT"}

settings: $(READY)  ## show the settings in force and where each came from
	@$(GIVEN) \
	$(TOPICS_COMMAND) settings "$$@"

check: $(READY_DEV)  ## format, lint, check types, test
	@"$(PYTHON)" -m ruff format . && "$(PYTHON)" -m ruff check --fix .
	@"$(PYTHON)" -m mypy
	@"$(PYTHON)" -m pytest

lint: $(READY_DEV)  ## what check does to format, lint and types, changing nothing
	@"$(PYTHON)" -m ruff format --check . && "$(PYTHON)" -m ruff check .
	@"$(PYTHON)" -m mypy

bench: $(READY_BENCH)  ## measure, side by side with other tools (hours; goes on where it stopped)
	@"$(PYTHON)" benchmarks/run.py

bench-quick: $(READY_BENCH)  ## a small version of most measurements
	@"$(PYTHON)" benchmarks/run.py --quick

lock:  ## make the locks anew from pyproject.toml (needs uv)
	@uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q \
	  pyproject.toml --group build -o requirements.lock
	@uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q \
	  pyproject.toml --group build --group dev -c requirements.lock -o requirements-dev.lock
	@uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q \
	  pyproject.toml --group build --group bench -c requirements-dev.lock -o requirements-bench.lock

clean:  ## remove the reports
	@find reports -mindepth 1 ! -name .gitkeep -delete

clean-all: clean  ## remove the reports, the kept results and the environment
	@rm -rf data/cache .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/.ready: requirements.lock pyproject.toml
	@sh .ci/setup requirements.lock "$(BIN)/python" && touch $@

.venv/.ready-dev: requirements-dev.lock pyproject.toml
	@sh .ci/setup requirements-dev.lock "$(BIN)/python" && touch .venv/.ready $@

.venv/.ready-bench: requirements-bench.lock pyproject.toml
	@sh .ci/setup requirements-bench.lock "$(BIN)/python" && touch .venv/.ready $@
