#!/usr/bin/env bash
# clean_root.sh BUILD_DIR: the documentation's commands in a Debian 12 that holds nothing but what Toolpost needs, as an ordinary
# user of it. debootstrap makes the root; the program is installed into it from BUILD_DIR; the sessions of docs/ are played
# there by the same tests as everywhere. As root: it mounts and changes users.
set -euo pipefail
build=$(cd "$1" && pwd)
source=$(cd "$(dirname "$0")/../.." && pwd)
root=$(mktemp -d)
chmod 0755 "$root"  # an ordinary user must get in
# Mounts are in a namespace of their own, and gone with it.
trap 'rm -rf --one-file-system "$root"' EXIT
log=$root.log

mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Codename: bookworm' | head -1)
say() { echo "clean root: $*"; }
fail() { tail -40 "$log"; say "failed: $*"; exit 1; }

# What the programs link, by the packages that bring it: a library that nobody declares would be missed here.
mapfile -t programs < <(find "$build/bin" "$build/libexec" "$build/lib/toolpost" -type f -perm -u+x)
node=$(command -v node)
mapfile -t libraries < <(ldd "${programs[@]}" "$node" 2>/dev/null | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | sort -u)
packages=$(for library in "${libraries[@]}"; do
  dpkg-query -S "$library" 2>/dev/null || dpkg-query -S "${library#/usr}" 2>/dev/null || dpkg-query -S "/usr$library"
done | sed 's/: .*//; s/:.*//' | sort -u | paste -sd,)

say "Debian 12 with $(tr , '\n' <<<"$packages" | wc -l) packages of libraries, from $mirror"
debootstrap --variant=minbase --include="$packages" bookworm "$root" "${mirror:-http://deb.debian.org/debian}" >"$log" 2>&1 || fail debootstrap
cmake --install "$build" --prefix "$root/usr/local" >>"$log" 2>&1 || fail "installing"
install -m 0755 "$node" "$root/usr/local/bin/node"
chroot "$root" useradd --create-home --shell /bin/bash newcomer
home=$root/home/newcomer
mkdir -p "$home/toolpost/tests/e2e"
cp -r "$source/docs" "$source/README.md" "$home/toolpost/"
cp "$source"/tests/e2e/{tour,docs_examples}.test.mjs "$source/tests/e2e/place.mjs" "$home/toolpost/tests/e2e/"
chroot "$root" chown -R newcomer:newcomer /home/newcomer

say "smoke, and the sessions of docs/, as an ordinary user"
unshare --mount --pid --fork --kill-child bash -euo pipefail -c '
  mount -t proc proc "$1/proc"
  exec chroot --userspec=newcomer:newcomer "$1" /usr/bin/env -i HOME=/home/newcomer USER=newcomer LANG=C.UTF-8 \
    PATH=/usr/local/bin:/usr/bin:/bin TOOLPOST=/usr/local/bin/toolpost /bin/bash -euo pipefail -c "
      cd ~/toolpost
      [ \$(id -u) -ne 0 ]
      toolpost smoke
      node --test tests/e2e/tour.test.mjs tests/e2e/docs_examples.test.mjs"' in-root "$root" >>"$log" 2>&1 || fail "as an ordinary user"
grep -E '^# (tests|pass|fail) ' "$log" | sed 's/^# /clean root: /'
grep -qE '^# pass [1-9]' "$log" || fail "no test ran"
rm -f "$log"
