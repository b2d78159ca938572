#!/usr/bin/env bash
# build_guide.sh BUILD_DIR CXX FLAGS SANITIZERS: builds the plugin of docs/plugin-guide.md from the page itself, and
# does with it what the page says.
set -euo pipefail
build=$1 cxx=$2 flags=$3 sanitize=$4
guide=$(cd "$(dirname "$0")/../.." && pwd)/docs/plugin-guide.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ -z "$sanitize" ] || flags="$flags -fsanitize=$sanitize"

# block LANGUAGE N: the Nth fenced block of that language.
block() {
  awk -v fence='```'"$1" -v wanted="$2" '$0 == fence { inside = (++seen == wanted); next } /^```/ { inside = 0 } inside' "$guide"
}

cmake --install "$build" --prefix "$work/prefix" >/dev/null
mkdir "$work/weather"
block cpp 1 >"$work/weather/weather.cpp"
block cmake 1 >"$work/weather/CMakeLists.txt"
block toml 1 >"$work/weather/plugin.toml"
cmake -S "$work/weather" -B "$work/build" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_CXX_COMPILER="$cxx" \
  -DCMAKE_C_COMPILER="${cxx/++/}" -DCMAKE_CXX_FLAGS="$flags" >"$work/log" && cmake --build "$work/build" >"$work/log" ||
  { cat "$work/log"; exit 1; }
# The page's test of a plugin; its library is another one, so it is compiled and not run.
block cpp 2 >"$work/test.cpp"
"$cxx" -std=c++20 -fsyntax-only -I"$work/prefix/include" "$work/test.cpp"

export XDG_DATA_HOME=$work/data XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config HOME=$work
mkdir -p -m 0700 "$work/data/toolpost/plugins"
cp "$work/build/weather.so" "$work/data/toolpost/plugins/"
chmod go-w "$work/data/toolpost/plugins/weather.so"
toolpost=$work/prefix/bin/toolpost
expect() { grep -qF -- "$1" "$work/out" || { echo "not in the output: $1"; cat "$work/out"; exit 1; }; }

"$toolpost" inspect "$work/build/weather.so" >"$work/out"
expect "com.example.weather 1.0.0"
"$toolpost" plugins >"$work/out"
expect 'grant = ["http"]'
expect 'http_origins = ["https://api.example"]'
"$toolpost" call --record "$work/w.journal" weather '{"place":"Ulm"}' >"$work/out" 2>&1 && { echo "it was granted nothing"; exit 1; }
expect "permission"
"$toolpost" replay "$work/w.journal" >"$work/out" 2>&1 || { cat "$work/out"; exit 1; }
echo "the guide's plugin was built, inspected, called and replayed"
