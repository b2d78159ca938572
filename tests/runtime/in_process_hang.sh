#!/usr/bin/env bash
# A plugin whose constructor hangs, in-process: the call is answered at workers.ready_max_ms, and the program ends,
# although the thread that opens the plugin never does and keeps the loader's lock. A program of its own, since the
# lock would stay with whoever runs the other tests.
set -euo pipefail
build=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -m 700 "$folder/plugins"
cp "$build/tests/plugins/hanging_constructor.so" "$folder/plugins/"
cat >"$folder/toolpost.toml" <<TOML
[host]
plugin_folders = ["$folder/plugins"]
[isolation]
mode = "in-process"
allow_unsafe = true
[workers]
ready_max_ms = 200
TOML
status=0
timeout -s KILL 60 "$build/bin/toolpost" --config "$folder/toolpost.toml" --state-dir "$folder/state" call hanging \
  >"$folder/out" 2>&1 || status=$?
cat "$folder/out"
[ "$status" -eq 1 ]
grep -q 'workers.ready_max_ms = 200' "$folder/out"
