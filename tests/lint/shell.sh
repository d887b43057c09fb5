#!/bin/bash
# Every shell script of the tree, found by suffix or first line, is clean to
# the eyes of shellcheck.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

if ! command -v shellcheck > /dev/null; then
	skip "lint shell: shellcheck has nothing to say" \
		"shellcheck is not installed"
	finish
fi

mapfile -t scripts < <(find . \( -path ./build -o -path ./.git -o \
	-name node_modules \) -prune -o -type f -size -200k -print |
	while read -r path; do
		if [[ $path == *.sh ]] ||
			head -c 64 "$path" | tr -d '\0' | head -n1 |
			grep -qE '^#! ?/(usr/)?bin/(env )?(ba|da)?sh'; then
			echo "$path"
		fi
	done | sort)
findings=
if ((${#scripts[@]})); then
	findings=$(shellcheck -x -P SCRIPTDIR -S info -f gcc \
		-e SC1091,SC2016,SC2317 "${scripts[@]}" || true)
fi
report "lint shell: shellcheck has nothing to say" "$findings"
finish
