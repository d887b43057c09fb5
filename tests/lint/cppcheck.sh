#!/bin/bash
# cppcheck over the product; cppcheck.txt lists what it is wrong about. Slow, so
# it belongs to make lint. CPPCHECK_DIR keeps its work from one run to the next.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

if ! command -v cppcheck > /dev/null; then
	skip "lint cppcheck: cppcheck has nothing to say" \
		"cppcheck is not installed"
	finish
fi

mapfile -t files < <(c_files '*.c')
findings=
if ((${#files[@]})); then
	keep=${CPPCHECK_DIR:-build/cppcheck}
	mkdir -p "$keep"
	findings=$(cppcheck -q -j "$(nproc)" --std=c11 -I. -D__GNUC__ \
		--enable=warning,performance,portability --inline-suppr \
		--suppressions-list="$lint_dir/cppcheck.txt" \
		--cppcheck-build-dir="$keep" \
		--template='{file}:{line}: {message} [{id}]' \
		"${files[@]}" 2>&1 | grep -v '^nofile:' || true)
fi
report "lint cppcheck: cppcheck has nothing to say" "$findings"
finish
