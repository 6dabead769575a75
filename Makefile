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

# What a night is for: a million seeds of the simulator, and KILLS kills at random times on a real broker.
torture:
	SEEDS=$${SEEDS:-1000000} cargo test --release --locked --test simulator
	KILLS=$${KILLS:-1000} cargo test --release --locked --test durable kills -- --nocapture
