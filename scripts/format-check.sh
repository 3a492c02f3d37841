#!/bin/sh
# Checks that every C++ file is formatted as .clang-format says; changes nothing.
# To format: git ls-files '*.h' '*.cc' | xargs clang-format -i
set -eu
cd "$(dirname "$0")/.."
git ls-files -z '*.h' '*.cc' | xargs -0 --no-run-if-empty clang-format --dry-run -Werror
