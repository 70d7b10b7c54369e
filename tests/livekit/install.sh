#!/usr/bin/env bash
# Builds the LiveKit server that tests/livekit starts, at an exact version, from its Go module.
# Into SPEKO_CLIENTS_DIR/livekit, default .clients/livekit in the clone. Does nothing when it is there already.
set -euo pipefail
cd "$(dirname "$0")/../.."

folder=${SPEKO_CLIENTS_DIR:-$PWD/.clients}/livekit
wanted="v1.13.5"

if [ -f "$folder/.installed" ] && [ "$(cat "$folder/.installed")" = "$wanted" ]; then exit 0; fi
if ! command -v go >/dev/null; then
    echo "livekit: Go is not installed (1.26 or newer builds the server); the tests with rooms will skip" >&2
    exit 0
fi
mkdir -p "$folder"
CGO_ENABLED=0 GOBIN="$folder" GOTOOLCHAIN=auto go install "github.com/livekit/livekit-server/cmd/server@$wanted"
mv "$folder/server" "$folder/livekit-server"
"$folder/livekit-server" --version >/dev/null
printf '%s' "$wanted" >"$folder/.installed"
