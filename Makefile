# Everything builds with the release profile, so that the C dependencies are built once.

export CARGO_TERM_COLOR ?= auto
# The same random cases in every run, so that a failure is the change's; `make test PROPTEST_RNG_SEED=7` tries others.
export PROPTEST_RNG_SEED ?= 1

.PHONY: demo test bench torture

# deskpulse with a simulated contact center and nothing else installed.
demo:
	cargo run --release --locked -- demo

# All that must hold. As root it installs what it needs; otherwise it says what is missing.
test:
	tests/packages.sh
	if [ -x tests/kafka/fetch.sh ]; then tests/kafka/fetch.sh; fi
	cargo fmt --check
	cargo clippy --release --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --release --locked --no-deps
	cargo test --release --locked
	promtool check config deploy/prometheus/prometheus.yml
	promtool test rules deploy/prometheus/tests/*.yml
	amtool check-config deploy/alertmanager/alertmanager.yml
	docker-compose config -q

bench:
	cargo bench --locked

# What a night is for: a million seeds of the simulator, then every fault many times on real brokers. CONTRIBUTING.md says what each number
# is, how long it takes, and how to repeat what failed.
torture: export SEEDS ?= 1000000
torture: export FLIPS ?= 1000
torture: export KILLS ?= 1000
torture: export KILLS_NOW ?= 100
torture: export KILLS_TWICE ?= 100
torture: export POINTS ?= 100
torture: export TERMS ?= 200
torture: export FULLS ?= 100
torture: export DISKS ?= 20
torture: export POWERS ?= 200
torture: export STOPS ?= 50
torture: export AWAYS ?= 50
torture: export LEADERS ?= 20
torture: export CLOCKS ?= 10
torture: export MALFORMED ?= 3000000
torture: export PASSES ?= 600
torture:
	env -u SEED cargo test --release --locked --test simulator
	cargo test --release --locked --lib whatever_bit_is_flipped
	cargo test --release --locked --test durable -- --include-ignored --nocapture --test-threads 4 killed away clocks cluster poison times
