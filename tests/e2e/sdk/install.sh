#!/usr/bin/env bash
# Installs the official Python SDK at exact versions into environments of their own: its pins clash with ours.
# Into SPEKO_CLIENTS_DIR/python-sdk, default .clients/python-sdk in the clone, and the last release whose realtime
# sessions use our socket beside it. Does nothing when they are there already.
set -euo pipefail
cd "$(dirname "$0")/../../.."

clients=${SPEKO_CLIENTS_DIR:-$PWD/.clients}
python=.venv/bin/python
[ -x "$python" ] || python=python3

install() {
    local folder=$clients/$1 wanted=$2
    if [ -f "$folder/.installed" ] && [ "$(cat "$folder/.installed")" = "$wanted" ]; then return; fi
    "$python" -m venv --clear "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$wanted"
    "$folder/bin/python" -c "import spekoai"
    printf '%s' "$wanted" >"$folder/.installed"
}

install python-sdk "spekoai==0.2.2"
install python-sdk-socket "spekoai==0.1.3"
