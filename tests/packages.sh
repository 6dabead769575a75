#!/usr/bin/env bash
# Installs what the tests need beyond Rust: with apt when run as root, otherwise it says which packages are missing.
set -euo pipefail

# command that must be there, and the Debian package that brings it
needs=(
  "g++ g++" "make make" "perl perl" "java openjdk-17-jre-headless" "keytool openjdk-17-jre-headless" "mvn maven" "prometheus prometheus" "promtool prometheus"
  "prometheus-alertmanager prometheus-alertmanager" "amtool prometheus-alertmanager" "chromium chromium"
  "docker-compose docker-compose" "curl curl" "cc gcc"
)
missing=()
for need in "${needs[@]}"; do
  command=${need%% *} package=${need##* }
  command -v "$command" > /dev/null || [[ " ${missing[*]:-} " == *" $package "* ]] || missing+=("$package")
done
[[ ${#missing[@]} -eq 0 ]] && exit 0

if [[ $(id -u) -ne 0 ]]; then
  echo "The tests need these packages: ${missing[*]}" >&2
  echo "Install them (on Debian: apt-get install ${missing[*]}) and run the tests again." >&2
  exit 1
fi

# Packages of services would start them; the tests start their own.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
