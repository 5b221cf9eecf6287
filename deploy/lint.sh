#!/bin/bash
# Every check that needs no running system. All are run, so that one round shows all there is to mend.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
bin=.venv/bin
failed=()
check() {
    local name=$1
    shift
    printf '== %s\n' "$name"
    "$@" || failed+=("$name")
}

# Settings are read, nothing is connected: a folder of its own keeps the checks away from the real state.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export VIRTDECK_VAR=$scratch

check "ruff check" $bin/ruff check .
check "ruff format" $bin/ruff format --check .
check "mypy" $bin/mypy .
if [[ -e .importlinter || -e setup.cfg ]] || grep -q 'tool.importlinter' pyproject.toml; then check "lint-imports" $bin/lint-imports; fi
if [[ -d templates ]]; then check "djlint" $bin/djlint --quiet --lint templates; fi
node=$(node --version 2>/dev/null | sed 's/^v//; s/\..*//')
if [[ -d node_modules/eslint ]]; then
    if ((${node:-0} >= 20)); then
        check "eslint" npm run --silent lint
    else
        echo "== eslint: left out, it needs Node 20 or newer (this is ${node:-none})"
    fi
fi
check "migrations" $bin/python manage.py makemigrations --check --dry-run
if [[ -e docs/openapi-v1.yaml ]]; then
    schema() {
        $bin/python manage.py spectacular --fail-on-warn --file "$scratch/openapi.yaml" && diff -u docs/openapi-v1.yaml "$scratch/openapi.yaml"
    }
    check "API schema" schema
fi
if command -v shellcheck >/dev/null; then
    check "shellcheck" shellcheck .ci/run deploy/lint.sh deploy/local/python.sh deploy/tiny-image/build.sh
fi

if ((${#failed[@]})); then
    printf '\nlint: failed: %s\n' "${failed[*]}" >&2
    exit 1
fi
echo "lint: all well"
