# `make serve` and `make test` need Python 3.11 with pip and nothing else: uv and every package come with them.
.DELETE_ON_ERROR:
.PHONY: serve test check format sdl released soak bench bench-growth bench-lock lock clean

UV_VERSION := 0.13.9
UV := .tools/bin/uv
RUN := .venv/bin
export UV_PYTHON_DOWNLOADS := never

serve: .venv/ready  ## the API with GraphiQL, demo data and an embedded PostgreSQL
	$(RUN)/zorbit serve --demo

test: .venv/ready  ## the whole suite, in parallel; PYTEST_ADDOPTS=--cov measures its branch coverage, and takes a third longer
	PYTHONDONTWRITEBYTECODE= $(RUN)/pytest -n 3 --dist worksteal

check: .venv/ready  ## format, lint, types, the direction of imports
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/mypy
	$(RUN)/lint-imports

format: .venv/ready
	$(RUN)/ruff format .
	$(RUN)/ruff check --fix .

sdl: .venv/ready  ## write schema.graphql anew
	$(RUN)/zorbit schema > schema.graphql

released: sdl  ## a part of releasing: from now on the schema is what clients were promised
	cp schema.graphql schema.released.graphql

soak: .venv/ready  ## 100 times the examples, 50 kills, 1,000 rounds of writers, a million rows, hostile minutes; writes docs/soak.txt
	{ date -u +%Y-%m-%d; \
	  ZORBIT_TEST_SOAK=100 $(RUN)/pytest -n 2 -q -m "hypothesis or soak" --no-header -p no:cacheprovider | tail -n 1; \
	  folder=$$(mktemp -d) && chmod 755 $$folder; began=$$(date +%s); \
	  ZORBIT_DATA_DIR=$$folder $(RUN)/zorbit demo --users 4200 2>&1 | grep "demo data"; \
	  echo "written in $$(( $$(date +%s) - began )) s, the start of PostgreSQL and VACUUM included"; \
	  rm -rf $$folder; \
	  $(RUN)/python -m bench.hostile; } | tee docs/soak.txt

bench: .venv/ready  ## measure all peers side by side, and write bench/RESULTS.md; options in ARGS, see bench/README.md
	PYTHONDONTWRITEBYTECODE= $(RUN)/python -m bench run $(ARGS)

bench-growth: .venv/ready  ## how cost grows: data under bench/growth/data, plots under docs/images; options in ARGS
	$(RUN)/python -m bench.growth $(ARGS)

bench-lock: $(UV)  ## newest stable versions of the Python peers; those of the Node peers stand in bench/peers/node/package.json
	$(UV) pip compile --upgrade --universal --generate-hashes --no-emit-index-url --python-version 3.11 --custom-compile-command "make bench-lock" -q -o bench/requirements.txt bench/requirements.in
	cd bench/peers/node && npm install --package-lock-only --no-audit --no-fund

lock: $(UV)  ## newest stable versions, with hashes
	$(UV) pip compile --upgrade --universal --generate-hashes --no-emit-index-url --python-version 3.11 --custom-compile-command "make lock" -q -o requirements.lock pyproject.toml
	$(UV) pip compile --upgrade --universal --generate-hashes --no-emit-index-url --python-version 3.11 --custom-compile-command "make lock" -q --group dev -c requirements.lock -o requirements-dev.lock pyproject.toml

clean:
	rm -rf .venv .tools .zorbit .bench .coverage* .hypothesis .mypy_cache .ruff_cache .pytest_cache

# pip can put uv into a folder of its own even where the system's Python is managed by its distribution.
$(UV):
	python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target .tools uv==$(UV_VERSION)

.venv/ready: $(UV) requirements-dev.lock pyproject.toml
	$(UV) venv --quiet --clear --python python3 .venv
	$(UV) pip sync --quiet --require-hashes --python .venv requirements-dev.lock
	$(UV) pip install --quiet --python .venv --no-deps --no-build-isolation --editable .
	touch $@
