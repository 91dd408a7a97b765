# The targets are CI's steps, by the same names. `make test` is the test command.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c

TARGET := $(or $(CARGO_TARGET_DIR),target)
PEERS := $(abspath $(TARGET))/peers
CLIENTS := $(abspath $(TARGET))/clients
SHORT := $(abspath $(TARGET))/short
GROWTH := $(abspath $(TARGET))/growth
DENY := $(abspath $(TARGET))/deny
BINARY := $(abspath $(TARGET))/release/rag-chatbot
# Building and starting an image takes a root user.
AS_ROOT := $(if $(filter 0,$(shell id -u)),env,sudo -E env "PATH=$$PATH")
DOCS_SOURCES := $(shell find docs -type f -not -path '*/node_modules/*' -not -path 'docs/build/*' -not -path 'docs/.docusaurus/*' 2>/dev/null)

.PHONY: help tools build fmt lint test widget test-browser test-proxy test-clients test-api test-oidc test-load test-aarch64 test-deploy test-observe observe test-runbooks test-rollout test-backups drill lab site demo demo-binary deny advisories secrets sbom fuzz bench bench-peers bench-check bench-short bench-observing bench-starting growth slo ci

help: ## What can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

tools: ## What the tests need and the machine lacks
	.ci/install

build: ## The binary, with the site inside it if that was built
	cargo build --release --locked

fmt: ## Formatting is as rustfmt has it
	cargo fmt --check

lint: ## No warnings, on the profile that is built anyway: build scripts and macros are compiled once
	cargo clippy --release --all-targets --locked -- -D warnings

test: ## Everything that needs no browser
	cargo test --release --locked

widget: assets/node_modules ## The widget's types
	cd assets && npm run --silent check

site: docs/build/index.html ## Our own documentation, built; the next build of the binary embeds it

docs/build/index.html: $(DOCS_SOURCES) docs/node_modules
	cd docs && npm run --silent build && npm run --silent check
	rm -rf docs/.demo
	mkdir -p docs/.demo/project
	tar -C docs --exclude=./node_modules --exclude=./.docusaurus --exclude=./.demo -cf - . | tar -C docs/.demo/project -xf -
	touch $@

demo: site demo-binary ## The binary with our site and a ready index of it inside

demo-binary: # The same from a site that was built elsewhere
	rm -rf docs/.demo/state
	cargo build --release --locked
	$(BINARY) index --data docs/.demo/project --state docs/.demo/state
	rm -f docs/.demo/state/lock docs/.demo/state/chat.db*
	cargo build --release --locked

ARM := aarch64-unknown-linux-gnu
test-aarch64: ## The library's tests on an emulated ARM processor (25 minutes; TESTS=embedding::engine for a part)
	@command -v aarch64-linux-gnu-gcc >/dev/null && command -v qemu-aarch64 >/dev/null || { echo "it needs gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user" >&2; exit 1; }
	@[ -d "$$(rustc --print sysroot)/lib/rustlib/$(ARM)" ] || rustup target add $(ARM)
	CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc \
	CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
	CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu" \
	cargo test --release --locked --lib --target $(ARM) -- $(TESTS)

test-browser: build site tests/browser/node_modules ## Real pages in Chromium
	cd tests/browser && RAG_CHATBOT_BIN=$(BINARY) npm test

test-proxy: build ## Behind nginx and haproxy: under a prefix, and requests that are read in two ways
	RAG_CHATBOT_BIN=$(BINARY) node --test tests/proxy

test-deploy: demo tests/deploy/node_modules tests/deploy/.venv ## The image, started; compose, Kubernetes, systemd, Render and the workflows, checked
	$(AS_ROOT) RAG_CHATBOT_BIN=$(BINARY) node --test tests/deploy/*.test.mjs

test-observe: build tests/observe/node_modules tests/observe/.venv ## Prometheus, Alertmanager, dashboards, traces, fault reports and logs, with the real tools
	RAG_CHATBOT_BIN=$(BINARY) node --test --test-concurrency=1 tests/observe/*.test.mjs

observe: build tests/observe/node_modules ## The program, Prometheus and Alertmanager together on this machine (DATA=folder)
	@RAG_CHATBOT_BIN=$(BINARY) node tests/observe/watch.mjs

test-runbooks: build ## The commands of the runbooks, run on a server that has that trouble
	RAG_CHATBOT_BIN=$(BINARY) node --test tests/runbooks/*.test.mjs

test-rollout: build ## Good and bad releases, brought to readers and taken back by deploy/rollout
	RAG_CHATBOT_BIN=$(BINARY) node --test tests/rollout/*.test.mjs

test-backups: build tests/backups/.venv ## Backups in a real bucket, back to a moment with Litestream, and the drill
	RAG_CHATBOT_BIN=$(BINARY) node --test tests/backups/*.test.mjs

drill: build tests/backups/.venv ## Fill, back up while serving, destroy, restore, compare every row (CONVERSATIONS=2000)
	RAG_CHATBOT_BIN=$(BINARY) node tests/backups/drill.mjs

lab: build ## Practise on a broken server: make lab LAB=database
	@RAG_CHATBOT_BIN=$(BINARY) node tests/runbooks/lab.mjs $(LAB)

test-api: build ## A running server against its own description (EXAMPLES=25 each)
	tests/api/run $(BINARY) $(abspath $(TARGET))/schemathesis $(or $(EXAMPLES),25)

test-oidc: build tests/oidc/node_modules tests/browser/node_modules ## A real OpenID Connect server: tokens, people who sign in, and those who forge
	RAG_CHATBOT_BIN=$(BINARY) node --test tests/oidc/*.test.mjs

test-load: build ## Readers, idle streams and slow connections in numbers that hurt (15 minutes)
	ulimit -n 16384 && RAG_CHATBOT_BIN=$(BINARY) node tests/load/load.mjs

secrets: ## No key was ever committed
	.ci/secrets

sbom: ## What the binary and the site are made of, as CycloneDX (in target/sbom)
	.ci/sbom $(abspath $(TARGET))/cyclonedx $(abspath $(TARGET))/sbom

fuzz: ## Arbitrary bytes for whatever reads files, streams and bodies (FUZZ="names", MINUTES=20 each)
	fuzz/run $(abspath $(TARGET))/fuzzer $(or $(MINUTES),20) $(FUZZ)

advisories: $(DENY) ## Known weaknesses of what we depend on; needs the network, so it is not part of ci
	PATH="$(DENY)/bin:$$PATH" cargo deny --locked check advisories

test-clients: build tests/clients/node/node_modules $(CLIENTS)/python $(CLIENTS)/llamaindex ## The SDKs and agents people already have, unchanged
	RAG_CHATBOT_BIN=$(BINARY) tests/clients/run $(CLIENTS)

deny: $(DENY) ## Licences and sources of what we depend on
	PATH="$(DENY)/bin:$$PATH" cargo deny --locked check licenses bans sources

bench: ## Figures of this machine
	cargo bench --locked

bench-peers: ## The same work by ONNX Runtime, OpenVINO, candle, faiss, hnswlib, usearch and FastAPI
	benches/peers/run $(PEERS)
	$(PEERS)/venv/bin/python benches/peers/check.py $(PEERS)/engine.json $(PEERS)/search.json --served $(PEERS)/served.json

bench-short: $(SHORT) ## The part of it that fits into ci: fails if we have grown twice as slow beside candle and faiss
	$(SHORT)/bin/python benches/peers/short.py "$$(benches/peers/executable $(SHORT)/bin/python engine_peer)" "$$(benches/peers/executable $(SHORT)/bin/python search_peer)" --against benches/ratios

bench-observing: build ## What logs, metrics and traces cost: processor time per request, with all of it and with none
	python3 benches/observing.py $(BINARY)

bench-starting: build ## Starts, a changed page and idle memory, with the documentation in DATA (our handbook unless given)
	python3 benches/starting.py $(BINARY) $(or $(DATA),docs)

growth: $(GROWTH) ## What 1,000 to a million chunks cost, drawn into the docs (half an hour, 10 GB)
	$(GROWTH)/bin/python benches/growth/plot.py "$$(benches/peers/executable $(GROWTH)/bin/python growth)"

slo: ## How the last 30 days were, against the service levels: make slo PROMETHEUS=http://127.0.0.1:9090
	deploy/prometheus/slo $(or $(PROMETHEUS),http://127.0.0.1:9090)

bench-check: bench-peers ## Fails if we have grown slower beside the others than benches/ratios says
	$(PEERS)/venv/bin/python benches/peers/check.py $(PEERS)/engine.json $(PEERS)/search.json --served $(PEERS)/served.json --against benches/ratios

ci: tools secrets fmt lint widget site test test-browser test-proxy test-clients test-api test-oidc test-runbooks test-rollout test-backups test-observe test-deploy bench-short deny ## All of it

tests/%/.venv: tests/%/requirements.txt
	python3 -m venv $@
	$@/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

$(DENY): .ci/deny.requirements.txt
	python3 -m venv --clear $@
	$@/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

$(SHORT): benches/peers/short.requirements.txt
	python3 -m venv --clear $@
	$@/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

$(GROWTH): benches/growth/requirements.txt
	python3 -m venv --clear $@
	$@/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

%/node_modules: %/package-lock.json
	cd $* && npm ci --no-audit --no-fund
	touch $@

$(CLIENTS)/%: tests/clients/%/requirements.txt
	python3 -m venv --clear $@
	$@/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@
