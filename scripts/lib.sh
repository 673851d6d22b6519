# Shared by the scripts of this folder; sourced, not run.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${NICHE_CACHE:-$root/.cache}

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
warn() { printf 'note: %s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# installed PACKAGE: whether the Debian package is installed.
installed() { [ "$(dpkg-query -W -f='${Status}' "$1" 2>/dev/null)" = "install ok installed" ]; }

# missing PACKAGE...: prints those that are not installed.
missing() {
  local package
  for package in "$@"; do installed "$package" || printf '%s ' "$package"; done
}

# apt_install PACKAGE...: installs what is missing; false where that cannot be done.
apt_install() {
  local wanted sudo=""
  wanted=$(missing "$@")
  [ -n "$wanted" ] || return 0
  [ "$(id -u)" = 0 ] || sudo="sudo -n"
  [ -z "$sudo" ] || sudo -n true 2>/dev/null || return 1
  say "installing $wanted"
  local log
  log=$(mktemp)
  # shellcheck disable=SC2086
  if ! { $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends $wanted; } >"$log" 2>&1; then
    tail -n 3 "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

# need_packages PACKAGE...: installs them, or ends with one sentence.
need_packages() {
  command -v apt-get >/dev/null || die "this script installs Debian packages by apt-get, which is not here; install the equivalents of: $*"
  apt_install "$@" || die "these Debian packages are missing and could not be installed: $(missing "$@"); run: sudo apt-get install $(missing "$@")"
}

# need_swift: puts a Swift 6.2 or newer into PATH, or ends with one sentence.
need_swift() {
  local folder version
  for folder in "" /opt/swift/usr/bin /usr/local/swift/usr/bin "$HOME/.local/share/swiftly/bin"; do
    [ -z "$folder" ] || [ -x "$folder/swift" ] || continue
    [ -z "$folder" ] || PATH=$folder:$PATH
    command -v swift >/dev/null || continue
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -n 1)
    [ -n "$version" ] || continue
    set -- $version
    if [ "$1" -gt 6 ] || { [ "$1" -eq 6 ] && [ "$2" -ge 2 ]; }; then return 0; fi
  done
  die "Swift 6.2 or newer is needed but was not found; install it from https://www.swift.org/install/linux/ and put its bin folder into PATH"
}

# build_niche: makes .build/release/niche, with Swift's libraries within it: loading them takes each command ten
# milliseconds.
build_niche() { swift build -c release --static-swift-stdlib --product niche; }

# What the program is built with and runs on.
base_packages="libopenblas-dev libcurl4-openssl-dev libsqlite3-dev zlib1g-dev pkg-config dataset-fashion-mnist"
