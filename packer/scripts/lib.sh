# shellcheck shell=bash
# What the install scripts of images share. They run as root on Amazon Linux 2023 or Debian, and may run again.

set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

install_log() { printf 'install: %s\n' "$*"; }
install_fail() {
  install_log "$*" >&2
  exit 1
}

# `amazon` or `debian`.
install_system() {
  local ID='' ID_LIKE=''
  # shellcheck source=/dev/null
  . /etc/os-release
  case "$ID $ID_LIKE" in
    amzn*) echo amazon ;;
    *debian*) echo debian ;;
    *) install_fail "expected Amazon Linux 2023 or Debian, got $ID" ;;
  esac
}

# install_packages NAME…: from the system's own repositories, which check signatures.
install_packages() {
  case $(install_system) in
    amazon) dnf install -y --quiet --setopt=install_weak_deps=False "$@" ;;
    debian) apt-get install -y -qq --no-install-recommends "$@" ;;
  esac
}

# install_user NAME HOME: a user who can do nothing but run a service.
install_user() {
  id "$1" >/dev/null 2>&1 || useradd --system --user-group --home-dir "$2" --create-home --shell /usr/sbin/nologin "$1"
}

install_get() { curl --fail --location --silent --show-error --retry 3 --retry-delay 5 --max-time 1800 --output "$2" "$1"; }

# install_download URL CHECKSUM FILE [PUBLISHED]: CHECKSUM is sha512:HEX, sha256:HEX, or `published` for the SHA-512 that
# upstream publishes at PUBLISHED. A file with another sum is removed.
install_download() {
  local url=$1 checksum=$2 file=$3 published=${4:-} kind sum got
  install_log "downloading $url"
  install_get "$url" "$file"
  if [ "$checksum" = published ]; then
    [ -n "$published" ] || install_fail "expected a checksum for $url: upstream publishes none"
    install_get "$published" "$file.sum"
    # Written by sha512sum, or as NAME: AABB CCDD … over several lines.
    sum=$(sed 's/^[^:]*://' "$file.sum" | tr -d ' \n' | tr 'A-F' 'a-f' | grep -oE '[0-9a-f]{128}' | head -n 1) ||
      install_fail "expected a SHA-512 at $published"
    rm "$file.sum"
    checksum=sha512:$sum
  fi
  kind=${checksum%%:*} sum=${checksum#*:}
  case $kind in
    sha512 | sha256) got=$("${kind}sum" "$file" | cut -d ' ' -f 1) ;;
    *) install_fail "expected sha512:HEX, sha256:HEX or published as checksum of $url, got '$checksum'" ;;
  esac
  if [ "$got" != "$sum" ]; then
    rm "$file"
    install_fail "expected $kind $sum of $url, got $got"
  fi
}

# install_unpack FILE FOLDER: an archive with one folder inside, as a folder of root's that others may read.
install_unpack() {
  rm -rf "$2"
  mkdir -p "$2"
  tar -xf "$1" -C "$2" --strip-components=1 --no-same-owner
  rm "$1"
}
