#!/usr/bin/env bash
# Prints the Debian packages that a program needs to run, one a line: those of the libraries it is linked
# with, as dpkg-shlibdeps finds them, and image_packages.
#
#   scripts/runtime-packages.sh PROGRAM
set -euo pipefail
program=$(realpath "${1:?Usage: runtime-packages.sh PROGRAM}")
# shellcheck source=scripts/lib/packages.sh
. "$(dirname "$0")/lib/packages.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/debian"
printf 'Source: sluice\n\nPackage: sluice\nArchitecture: any\n' >"$scratch/debian/control"
# It warns of a program that no package has installed, which is no news.
dependencies=$(cd "$scratch" && dpkg-shlibdeps -O "$program" 2>complaints) || {
  cat "$scratch/complaints" >&2
  exit 1
}

printf '%s\n' "${image_packages[@]}"
# shlibs:Depends=libc6 (>= 2.36), libpq5 (>= 14~beta2), …
sed -E 's/^[^=]*=//; s/ \([^)]*\)//g; s/, /\n/g' <<<"$dependencies"
