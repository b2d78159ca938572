#!/usr/bin/env bash
# build_outside.sh BUILD_DIR CXX FLAGS SANITIZERS: what a plugin author does, with the installed SDK alone.
set -euo pipefail
build=$1 cxx=$2 flags=$3 sanitize=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/prefix" >/dev/null
cp -r "$work/prefix/share/toolpost/template" "$work/greeting"
[ -z "$sanitize" ] || flags="$flags -fsanitize=$sanitize"
cmake -S "$work/greeting" -B "$work/build" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_C_COMPILER="${cxx/++/}" -DCMAKE_CXX_FLAGS="$flags" >"$work/configure.log" ||
  { cat "$work/configure.log"; exit 1; }
cmake --build "$work/build" >"$work/build.log" || { cat "$work/build.log"; exit 1; }

export XDG_DATA_HOME=$work/data XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config HOME=$work
mkdir -p -m 0700 "$work/data/toolpost/plugins"
cp "$work/build/greeting.so" "$work/data/toolpost/plugins/"
chmod go-w "$work/data/toolpost/plugins/greeting.so"

toolpost=$work/prefix/bin/toolpost
"$toolpost" plugins | tee "$work/plugins.txt" | grep -q '^com.example.greeting 0.1.0' || { cat "$work/plugins.txt"; exit 1; }
reply=$("$toolpost" call greeting '{"name":"Ada"}')
[ "$reply" = '{"greeting":"Hello, Ada!"}' ] || { echo "wrong reply: $reply"; exit 1; }

# A library with a wrong manifest does not build.
sed -i 's/^kind = "tool"/kind = "tol"/' "$work/greeting/plugin.toml"
if cmake --build "$work/build" >"$work/wrong.log" 2>&1; then
  echo "a manifest with a wrong kind was built"
  exit 1
fi
grep -q 'kind must be "tool" or "provider"' "$work/wrong.log" || { cat "$work/wrong.log"; exit 1; }
echo "built outside, dropped in, called"
