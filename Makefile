# Everything a fresh machine with Python and make needs: `make train`, `make test`.

# A Python that TensorFlow has wheels for; the light part runs on later ones as well.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
  $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null \
  && echo $$p && break; done)
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: train test test-pythons test-node test-cluster test-backends test-slow lint bench results frontier grammar schema docs editors vscode page page-packages clean

train: .venv/trains
	$(BIN)/cnnspec train specs/quickstart.cnn

test: .venv/tests
	$(BIN)/python -m pytest -m "not slow and not cluster" -n 2 --dist loadfile \
	  --no-loadscope-reorder

# The light part on every Python that is found, or on those named: `PYTHONS="python3.14 …"`.
test-pythons: .venv/tests
	$(BIN)/python -m tests.pythons $(PYTHONS)

# The first of the tests on Ray: a sweep on two nodes, one of which is lost under way.
test-node: .venv/tests
	$(INSTALL) --editable '.[cluster]'
	$(BIN)/python -m pytest -m cluster -k node_are_lost

# Ray on this machine: two nodes on one host, workers and nodes that are lost.
test-cluster: .venv/tests
	$(INSTALL) --editable '.[cluster]'
	$(BIN)/python -m pytest -m "cluster and not slow"

# A network is one function on TensorFlow, JAX and PyTorch, on processors; exports to PyTorch.
test-backends: .venv/tests
	$(INSTALL) --group backends
	$(BIN)/python -m pytest tests/targets/keras/test_agreement.py tests/targets/torch \
	  tests/training/test_steps.py::test_other_backends_take_the_same_steps tests/export/test_torch.py \
	  tests/importing/test_torch_models.py

test-slow: .venv/tests
	$(BIN)/python -m pytest -m slow

lint: .venv/tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	printf '%s\n' linux darwin win32 \
	  | xargs -P 3 -I PLATFORM $(BIN)/mypy --platform PLATFORM --cache-dir .mypy_cache/PLATFORM
	$(BIN)/lint-imports

# PyTorch is compared with as well where it is installed.
bench: .venv/tests
	$(INSTALL) --group bench
	$(BIN)/python -m tests.benchmarks

results: .venv/tests
	$(BIN)/python -m tests.results

# The networks of specs/frontier with five seeds each; goes on where it was stopped.
frontier: .venv/tests
	$(BIN)/python -m tests.results.frontier

# By a file of its own: half of the tables would be no module.
grammar: .venv/trains
	$(BIN)/python -m cnnspec.language.generate > .venv/states.py
	mv .venv/states.py cnnspec/language/states.py

schema: .venv/trains
	$(BIN)/python -c "from cnnspec.ir.schema import schema_text as s; print(s(), end='')" \
	  > grammar/ir.schema.json

docs: .venv/trains
	$(BIN)/python -m cnnspec.commands.reference docs
	$(BIN)/cnnspec draw specs/lenet5.cnn --out docs/lenet5.svg --force

# The grammar, snippets and syntax files of editors, from the tables.
editors: .venv/trains
	$(BIN)/python -m cnnspec.editors.files editors

# The extension of VS Code as dist/cnnspec.vsix; needs npm.
vscode: editors
	mkdir -p dist && cp LICENSE editors/vscode
	cd editors/vscode && npm install --no-package-lock --no-audit --no-fund \
	  && npm run --silent build && npm run --silent package

# The page without a server: the folder dist/page, and dist/cnnspec.html as one file; needs npm.
page: .venv/trains page-packages editors
	cd editors/page && npm run --silent vendor && node build.mjs ../../dist/page $(CURDIR)/$(BIN)/python

page-packages:
	cd editors/page && npm install --no-package-lock --no-audit --no-fund --silent

.venv/trains: pyproject.toml
	@test -n "$(PYTHON)" || { echo "TensorFlow needs Python 3.11 to 3.14"; exit 1; }
	$(PYTHON) -m venv .venv
	$(INSTALL) --upgrade pip
	$(INSTALL) --editable '.[tensorflow]'
	@touch $@

.venv/tests: .venv/trains
	$(INSTALL) --group dev
	@touch $@

clean:
	rm -rf .venv build dist
