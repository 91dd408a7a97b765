# The targets are CI's steps, by the same names. `make test` is the test command.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c

DOCS_SOURCES := $(shell find docs -type f -not -path '*/node_modules/*' -not -path 'docs/build/*' -not -path 'docs/.docusaurus/*' 2>/dev/null)

.PHONY: help build fmt lint test widget test-browser site deny bench ci

help: ## What can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

build: ## The binary, with the site inside it if that was built
	cargo build --release --locked

fmt: ## Formatting is as rustfmt has it
	cargo fmt --check

lint: ## No warnings
	cargo clippy --all-targets --locked -- -D warnings

test: ## Everything that needs no browser
	cargo test --locked

widget: assets/node_modules ## The widget's types
	cd assets && npm run --silent check

site: docs/build/index.html ## Our own documentation, built

docs/build/index.html: $(DOCS_SOURCES) docs/node_modules
	cd docs && npm run --silent build
	touch $@

test-browser: build tests/browser/node_modules ## Real pages in Chromium
	cd tests/browser && npm test

deny: ## Licences, sources and duplicates of what we depend on
	cargo deny --locked --offline check licenses bans sources

bench: ## Figures of this machine
	cargo bench --locked

ci: fmt lint test widget site test-browser deny ## All of it

%/node_modules: %/package-lock.json
	cd $* && npm ci --no-audit --no-fund
	touch $@
