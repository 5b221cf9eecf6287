#!/bin/bash
# Print a Python of at least 3.11 that belongs to the system; install one where it is missing and root asks.
set -euo pipefail

fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    local name
    for name in /usr/bin/python3 /usr/bin/python3.{11,12,13,14} python3 python3.{11,12,13,14}; do
        if command -v "$name" >/dev/null && fits "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

if find_python; then exit; fi
wanted=python3
# Releases whose own Python is older offer a newer one beside it.
if command -v python3 >/dev/null; then wanted=python3.11; fi
if ((EUID != 0)); then
    echo "Virtdeck needs Python 3.11 or newer:  sudo apt-get install $wanted" >&2
    exit 1
fi
echo "  installing $wanted" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get -q update >&2
apt-get -q -y install --no-install-recommends "$wanted" >&2
find_python || { echo "Virtdeck needs Python 3.11 or newer; this release offers none." >&2; exit 1; }
