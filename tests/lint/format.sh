#!/bin/bash
# The product's C files are laid out as .clang-format says, but for the white
# space before and inside trailing comments, which is set by hand. With FORMAT=1
# a file that is not fails; without it the files are only named.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

name="lint format: files are laid out as .clang-format says"
tool=$(command -v clang-format-14 || command -v clang-format || true)
if [[ -z $tool ]]; then
	skip "$name" "clang-format is not installed"
	finish
fi

# One space before a comment, none at the start of a comment's further lines.
squeeze()
{
	awk '{
		if (inside)
			sub(/^[ \t]+/, "")
		else
			gsub(/[ \t]+\/\*/, " /*")
		rest = $0
		while (match(rest, inside ? "\\*/" : "/\\*")) {
			inside = !inside
			rest = substr(rest, RSTART + 2)
		}
		print
	}'
}

check()
{
	cmp -s <(squeeze < "$2") <("$1" "$2" | squeeze) || echo "$2"
}
export -f squeeze check

findings=$(c_files '*.[ch]' | xargs -r -P "$(nproc)" -I{} \
	bash -c 'check "$1" "$2"' bash "$tool" {} | sort)
if [[ ${FORMAT-} != 1 && -n $findings ]]; then
	sed 's/^/# would change: /' <<< "$findings"
	findings=
fi
report "$name" "$findings"
finish
