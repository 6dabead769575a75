#!/bin/sh
# Fetches the jars of a real Apache Kafka broker for the tests into target/kafka/libs. Does nothing when they are there.
# Needs Java 17 or later and Maven.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
home=${1:-"$here/../../target/kafka"}
mkdir -p "$home"
home=$(cd "$home" && pwd)
if command -v flock >/dev/null; then
  exec 9>"$home/.lock"
  flock 9
fi
if [ -f "$home/libs/.complete" ] && [ "$home/libs/.complete" -nt "$here/pom.xml" ]; then
  exit 0
fi
# Into a folder of its own first: whoever finds libs finds all of it.
fresh=$(mktemp -d -p "$home")
trap 'rm -rf "$fresh"' EXIT
mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$fresh" -DincludeScope=runtime
touch "$fresh/.complete"
rm -rf "$home/libs"
mv "$fresh" "$home/libs"
trap - EXIT
chmod 755 "$home/libs"
