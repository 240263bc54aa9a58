# What a newcomer needs: `make demo` shows it, `make test` proves it. Nothing is kept outside target/.

CARGO ?= cargo
PEERS := target/peers

# The system's OpenSSL where pkg-config finds it, one built from source elsewhere. No cargo call may leave this out:
# another set of features is another build of every dependency.
VENDORED := $(shell pkg-config --exists openssl 2>/dev/null || echo yes)
FEATURES := $(if $(VENDORED),--features vendored-openssl)

# Nextest runs each test in a process of its own and all binaries at once; plain cargo does where it is not installed.
NEXTEST := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo yes)

.PHONY: demo test fmt lint bench docs check peers tools
.DEFAULT_GOAL := demo

demo: tools ## the authorizer behind a gateway and a person server, walked by an agent
	$(CARGO) build --locked --workspace $(FEATURES) --bins
	@$${CARGO_TARGET_DIR:-target}/debug/authorizer demo --policies policies --schemas schemas

test: tools peers ## every test, the ones against a real Envoy and the real peers too
ifdef NEXTEST
	$(CARGO) nextest run --locked --workspace $(FEATURES)
else
	$(CARGO) test --locked --workspace $(FEATURES) --lib --bins --tests
endif
	$(CARGO) test -q --locked --workspace $(FEATURES) --doc

fmt: ## format the sources
	$(CARGO) fmt --all

lint: tools ## formatting, and clippy with every warning an error
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace $(FEATURES) --all-targets -- -D warnings

check: tools ## the protocol stands alone, discovery without the authorizer, the person server without it too
	$(CARGO) check -q --locked $(FEATURES) --lib --no-default-features
	$(CARGO) check -q --locked $(FEATURES) --lib --no-default-features --features discovery
	$(CARGO) check -q --locked $(FEATURES) -p person-server

bench: tools ## what a check and what a grant cost, and the figures at the end
	$(CARGO) bench --locked $(FEATURES) --workspace

docs: tools ## the libraries' documentation, private items too, with every warning an error
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace $(FEATURES) --no-deps --document-private-items

peers: ## a real Envoy, an OpenTelemetry collector and other implementations of AAuth, under target/peers
	@tests/peers/install.sh $(PEERS)

# Says what is missing before cargo says it less clearly, half a build later; as root on Debian, brings what can be brought.
WHOLE_PERL := perl -MFindBin -MIPC::Cmd -MFile::Compare -e 1 2>/dev/null
APT = { [ "$$(id -u)" = 0 ] && apt-get update -q && apt-get install -q -y --no-install-recommends $(1); } >&2

tools:
	@command -v $(CARGO) >/dev/null || { echo "a Rust toolchain is needed: https://rustup.rs" >&2; exit 1; }
	@command -v cc >/dev/null || { echo "a C compiler is needed; on Debian: apt-get install gcc libc6-dev" >&2; exit 1; }
ifdef VENDORED
	@$(WHOLE_PERL) || $(call APT,perl) || { \
	  echo "no OpenSSL that pkg-config finds, so one is built from source, which needs all of perl; on Debian:" >&2; \
	  echo "  apt-get install perl                    (to build it)" >&2; \
	  echo "  apt-get install pkg-config libssl-dev   (to use the system's)" >&2; exit 1; }
endif
