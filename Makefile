# One chore, one word. Every chore installs what it needs into .venv by itself.
# Needs: Python 3.11 or newer, make, a network for the first time.

PYTHON ?= python3
BIN := .venv/bin
# A folder of this checkout alone is used; nothing is installed outside of .venv.
SOURCES := content/en/phrasings content/en/topics content/en/signs content/en/replies
INDEX := content/en/built/topics.npz

# Where it is set, every worker of the tests, and every program that they start, would compile all sources again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: chat run test check content bench soak pictures format clean
.DEFAULT_GOAL := help

help:
	@echo "make chat    talk to the bot in your browser, no account needed"
	@echo "make run     run the bot on Telegram (needs TELEGRAM_BOT_TOKEN)"
	@echo "make test    run every test"
	@echo "make check   lint, types, content"
	@echo "make content build and check the content alone, after an edit"
	@echo "make bench   measure side by side with others, into docs/measurements.md (ARGS=--full: all sizes)"
	@echo "make soak    run under load and trouble (ARGS='--due 10000 --seconds 1800': the long run)"
	@echo "make pictures take the pictures of README and docs anew (needs Chromium)"
	@echo "make format  put the code into form"

chat: $(INDEX)
	@$(BIN)/calcibot chat

run: $(INDEX)
	@$(BIN)/calcibot run

test: $(INDEX)
	$(BIN)/pytest $(ARGS)

check: $(INDEX)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/calcibot content check
	$(BIN)/bandit -q -r bot scheduler content -s B101,B105,B311
	@$(BIN)/python -m tests.audit

content: $(INDEX)
	@$(BIN)/calcibot content check

pictures: $(INDEX)
	@$(BIN)/python -m tests.pictures

bench: $(INDEX)
	@$(BIN)/python -m tests.bench $(ARGS)

soak: $(INDEX)
	@$(BIN)/python -m tests.soak $(ARGS)

format: .venv/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv var content/*/built

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Calcibot needs Python 3.11 or newer: make PYTHON=python3.12") if sys.version_info < (3, 11) else 0'
	@echo "Installing into .venv; the first time takes a minute or two."
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[build,dev]'
	@touch $@

# Everything that is fitted from examples: about half a minute.
$(INDEX): .venv/installed content/en/gate.json content/en/signs.toml content/en/replies.toml content/en/real_words.txt content/en/families.txt $(shell find $(SOURCES) -type f)
	@$(BIN)/calcibot content build
	@touch $@
