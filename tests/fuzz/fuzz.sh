#!/usr/bin/env bash
# Runs the fuzz targets of a build: `replay` over the committed inputs, `explore` for a time with new ones.
#   fuzz.sh replay BUILD TARGET             every input of tests/fuzz/corpus/TARGET once
#   fuzz.sh explore BUILD SECONDS [TARGET]  that long per target, in a copy of the corpus in BUILD/fuzz
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mode=$1
build=$2
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0} UBSAN_OPTIONS=print_stacktrace=1
symbolizer=$(command -v llvm-symbolizer-19 llvm-symbolizer-14 llvm-symbolizer | head -1 || true)
[ -z "$symbolizer" ] || export ASAN_SYMBOLIZER_PATH=$symbolizer

# Public JSON texts help the targets that read JSON, where they are at hand.
shared_inputs() {
  local corpora=${TOOLPOST_CORPORA:-$here/../../../shared/corpora}
  case $1 in clean_json | schema | mcp_core) ;; *) return 0 ;; esac
  if [ -d "$corpora/json-parsing" ]; then
    echo "$corpora/json-parsing"
  else
    echo "the public JSON texts are not at $corpora; only our own inputs run" >&2
  fi
}

replay() {
  local shared
  shared=$(shared_inputs "$1")
  mkdir -p "$build/fuzz/crash"
  "$build/fuzz/$1_fuzz" -runs=0 -timeout=10 -rss_limit_mb=1024 -artifact_prefix="$build/fuzz/crash/$1-" "$here/corpus/$1" ${shared:+"$shared"}
}

explore() {
  local target=$1 seconds=$2 shared inputs=$build/fuzz/inputs/$1 crash=$build/fuzz/crash/$1- log=$build/fuzz/$1.log
  shared=$(shared_inputs "$target")
  mkdir -p "$inputs" "$build/fuzz/crash"
  cp -n "$here/corpus/$target"/* "$inputs"
  local options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=16384 -print_final_stats=1
    -artifact_prefix="$crash")
  [ ! -f "$here/corpus/$target.dict" ] || options+=(-dict="$here/corpus/$target.dict")
  if "$build/fuzz/${target}_fuzz" "${options[@]}" "$inputs" ${shared:+"$shared"} >"$log" 2>&1; then
    printf '%-16s %12s runs  %8s per second\n' "$target" \
      "$(awk '/number_of_executed_units/ {print $2}' "$log")" "$(awk '/average_exec_per_sec/ {print $2}' "$log")"
    return
  fi
  tail -n 40 "$log"
  local file
  file=$(sed -n 's/.*Test unit written to //p' "$log" | tail -1)
  echo
  echo "$target failed; the input is kept. To see it again:"
  echo "  $build/fuzz/${target}_fuzz $file"
  echo "Smaller:  $build/fuzz/${target}_fuzz -minimize_crash=1 -max_total_time=30 $file"
  exit 1
}

case $mode in
  replay) replay "$3" ;;
  explore)
    targets=("${4:-}")
    if [ -z "${4:-}" ]; then
      mapfile -t targets < <(ls "$here"/*_fuzz.cpp | xargs -n 1 basename | sed 's/_fuzz\.cpp$//')
    fi
    for target in "${targets[@]}"; do
      [ -f "$here/${target}_fuzz.cpp" ] || { echo "no target $target; there are: $(ls "$here/corpus")" >&2; exit 2; }
      explore "$target" "$3"
    done
    ;;
  *) sed -n '2,4s/^# \?//p' "$0"; exit 2 ;;
esac
