STUDY  ?= co2
CORES  ?= all
PYTHON ?= python3
BIN    := .venv/bin
export STUDY CORES

.PHONY: report test lab

report: .venv/ready  ## train, execute every notebook, build the book
	@$(BIN)/python -m lstmkit report "$$STUDY" --cores "$$CORES"

test: .venv/peers  ## every test, the linters and the book
	@PATH="$$PWD/$(BIN):$$PATH" OMP_NUM_THREADS=1 pytest --numprocesses auto --dist loadfile

lab: .venv/ready  ## open the notebooks
	@PATH="$$PWD/$(BIN):$$PATH" jupyter lab notebooks

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("lstmkit needs Python 3.11 or later; run: make PYTHON=python3.11 …" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[report,dev]'
	@touch $@

.venv/peers: .venv/ready  ## the libraries whose models are opened in tests
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[peers]'
	@touch $@
