#!/usr/bin/env bash
# Installs the official Python SDK at an exact version into an environment of its own: its pins clash with ours.
# Into SPEKO_CLIENTS_DIR/python-sdk, default .clients/python-sdk in the clone. Does nothing when it is there already.
set -euo pipefail
cd "$(dirname "$0")/../../.."

folder=${SPEKO_CLIENTS_DIR:-$PWD/.clients}/python-sdk
wanted="spekoai==0.2.2"

if [ -f "$folder/.installed" ] && [ "$(cat "$folder/.installed")" = "$wanted" ]; then exit 0; fi
python=.venv/bin/python
[ -x "$python" ] || python=python3
"$python" -m venv --clear "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$wanted"
"$folder/bin/python" -c "import spekoai"
printf '%s' "$wanted" >"$folder/.installed"
