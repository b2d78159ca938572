#!/usr/bin/env bash
# build_outside.sh BUILD_DIR CXX FLAGS SANITIZERS: what a plugin author does, with the installed SDK alone.
set -euo pipefail
build=$1 cxx=$2 flags=$3 sanitize=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/prefix" >/dev/null
cp -r "$work/prefix/share/toolpost/template" "$work/greeting"
cp -r "$work/prefix/share/toolpost/examples/postmortem" "$work/postmortem"
[ -z "$sanitize" ] || flags="$flags -fsanitize=$sanitize"

# build NAME FOLDER: makes FOLDER/NAME.so of the sources in $work/NAME.
build() {
  cmake -S "$work/$1" -B "$2" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_C_COMPILER="${cxx/++/}" -DCMAKE_CXX_FLAGS="$flags" >"$work/configure.log" ||
    { cat "$work/configure.log"; exit 1; }
  cmake --build "$2" >"$work/build.log" || { cat "$work/build.log"; exit 1; }
}
build greeting "$work/build"
build postmortem "$work/build_postmortem"

export XDG_DATA_HOME=$work/data XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config HOME=$work
mkdir -p -m 0700 "$work/data/toolpost/plugins"
cp "$work/build/greeting.so" "$work/build_postmortem/postmortem.so" "$work/data/toolpost/plugins/"
chmod go-w "$work/data/toolpost/plugins/"*.so

toolpost=$work/prefix/bin/toolpost
"$toolpost" plugins >"$work/plugins.txt"  # not into grep -q, which would break the pipe once it has seen enough
grep -q '^com.example.greeting 0.1.0' "$work/plugins.txt" || { cat "$work/plugins.txt"; exit 1; }
reply=$("$toolpost" call greeting '{"name":"Ada"}')
[ "$reply" = '{"greeting":"Hello, Ada!"}' ] || { echo "wrong reply: $reply"; exit 1; }

# The other compiler, and no word of warning from it: the same plugin, the same answer.
cxx=g++ flags="-O2 -Wall -Wextra -Wpedantic -Wshadow -Werror"
build greeting "$work/build_gcc"
cp "$work/build_gcc/greeting.so" "$work/data/toolpost/plugins/greeting.so"
chmod go-w "$work/data/toolpost/plugins/greeting.so"
[ "$("$toolpost" call greeting '{"name":"Ada"}')" = "$reply" ] || { echo "built with g++ it answers otherwise"; exit 1; }

# A thirteenth workflow tool: what is not granted is told, and the last step still has a whole answer.
step='"step":"The shop was down","step_number":1,"total_steps":1,"findings":"10:00 deploy, 10:05 errors","incident":"42"'
reply=$("$toolpost" call postmortem "{$step,\"next_step_required\":true}")
grep -q '"status":"pause_for_postmortem"' <<<"$reply" || { echo "wrong pause: $reply"; exit 1; }
grep -q 'step_number 2' <<<"$reply" || { echo "the next step is not named: $reply"; exit 1; }
reply=$("$toolpost" call postmortem "{$step,\"next_step_required\":false,\"issues_found\":[{\"kind\":\"process\"}]}")
grep -q '"status":"expert_refused"' <<<"$reply" || { echo "the brief was not handed over: $reply"; exit 1; }
reply=$("$toolpost" call postmortem "{$step,\"next_step_required\":false,\"impact\":\"none\"}")
grep -q '"status":"skipped_without_impact"' <<<"$reply" || { echo "wrong skip rule: $reply"; exit 1; }

# A library with a wrong manifest does not build.
sed -i 's/^kind = "tool"/kind = "tol"/' "$work/greeting/plugin.toml"
if cmake --build "$work/build" >"$work/wrong.log" 2>&1; then
  echo "a manifest with a wrong kind was built"
  exit 1
fi
grep -q 'kind must be "tool" or "provider"' "$work/wrong.log" || { cat "$work/wrong.log"; exit 1; }
echo "built outside, dropped in, called"
