# `make` alone lists the targets. Everything happens in $(VENV); nothing is installed elsewhere.
PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000
# An extra index for wheels: name PyTorch's own CPU index here on Linux without a GPU, because the
# same torch from PyPI brings gigabytes of CUDA along. Empty: pip's own settings decide.
TORCH_INDEX_URL ?=
# The image to build on, and the Python in it; docs/containers.md says what else it may be.
BASE ?= python:3.11-slim-bookworm
BUILDER ?= $(BASE)
IMAGE_PYTHON ?= 3.11

BIN := $(VENV)/bin
INDEX := $(if $(TORCH_INDEX_URL),--extra-index-url $(TORCH_INDEX_URL))
PIP := $(BIN)/pip --disable-pip-version-check install --quiet \
	--constraint constraints/dev.txt $(INDEX)
# What is compiled with the installation, where there is a compiler.
IN_C := $(wildcard service/*.[ch] service/front/*.[ch] service/passes/*/*.[ch])
# Tests run on all processors, those of a file on one of them: they share what they start. More threads
# than processors would wait for each other.
PARALLEL := -n auto --dist loadfile
test: export OMP_NUM_THREADS := 1
SOURCES := models training service benchmarks deploy tests seqserve.py

.DEFAULT_GOAL := help
.PHONY: help install serve test test-all check format coverage train recipes bench quality load image image-test wheelhouse lock clean

help:  ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.serve: pyproject.toml constraints/dev.txt $(IN_C) | $(BIN)/python
	@echo "installing what the service needs into $(VENV) (a few minutes the first time)"
	$(PIP) --editable .
	@touch $@

$(VENV)/.develop: pyproject.toml constraints/dev.txt $(IN_C) | $(BIN)/python
	@echo "installing what training and tests need into $(VENV) (a few minutes the first time)"
	$(PIP) --editable '.[train,dev]'
	@touch $@ $(VENV)/.serve

install: $(VENV)/.develop  ## the environment for training and developing

serve: $(VENV)/.serve  ## start the service with the shipped models (PORT=8000)
	$(BIN)/seqserve serve --port $(PORT)

test: $(VENV)/.develop  ## the fast tests: under 5 minutes on 2 cores
	$(BIN)/python -m pytest $(PARALLEL)

test-all: $(VENV)/.develop  ## the slow tests too (not those that need Docker)
	$(BIN)/python -m pytest -m "not docker" --timeout 3600 --hypothesis-profile thorough

check: $(VENV)/.develop  ## formatting, lint, types
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy

format: $(VENV)/.develop  ## rewrite the sources in the project's format
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

coverage: $(VENV)/.develop  ## branch coverage of models and service
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage report --show-missing

train: $(VENV)/.develop  ## train the shipped models again (hours; docs/training.md)
	$(BIN)/seqserve train forecast
	$(BIN)/seqserve train digits --seeds 3 --outliers 0.1
	$(BIN)/seqserve train next-word
	$(BIN)/seqserve train transducer

recipes: $(VENV)/.develop  ## repeat every system of the study notes, print the table (docs/training.md)
	$(BIN)/seqserve train recipe all --jobs 2

quality: $(VENV)/.develop  ## measure the shipped models through a service that this starts (docs/quality.md)
	$(BIN)/python -m benchmarks.quality $(ARGS)

bench: $(VENV)/.develop  ## compare the speed with seven other servers (27 minutes; ARGS=--quick: 10)
	$(BIN)/python -m benchmarks.serving $(ARGS)

load: $(VENV)/.develop  ## overload and misbehaving clients against a service that this starts (23 minutes; ARGS=--quick: 2)
	$(BIN)/python -m benchmarks.load $(ARGS)

image:  ## build the container image (from wheelhouse/ alone where there is one)
	docker build --tag seqserve --build-arg BASE=$(BASE) --build-arg BUILDER=$(BUILDER) \
		--build-arg TORCH_INDEX_URL=$(TORCH_INDEX_URL) \
		--build-arg VERSION=$(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml) \
		--build-arg REVISION=$(shell git rev-parse HEAD 2>/dev/null) .

image-test: $(VENV)/.develop wheelhouse  ## build and run the image for real, compose included
	tests/docker/install.sh
	$(BIN)/python -m pytest tests/docker -m docker -v --timeout 1800

wheelhouse: $(VENV)/.serve  ## download the wheels that the image needs, to build it offline
	$(BIN)/pip --disable-pip-version-check download --quiet --dest wheelhouse \
		--only-binary :all: --python-version $(IMAGE_PYTHON) $(INDEX) \
		--requirement constraints/runtime.txt

lock:  ## take the newest versions that pyproject.toml allows and write constraints/
	$(PYTHON) -m venv --clear build/lock
	build/lock/bin/pip install --quiet $(INDEX) --editable '.[train,dev]'
	build/lock/bin/python deploy/lock.py

clean:  ## remove the environment, builds, caches and checkpoints of this checkout
	rm -rf $(VENV) build runs wheelhouse *.egg-info service/*.so service/*/*.so .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
