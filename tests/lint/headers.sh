#!/bin/bash
# Every header of the product compiles alone. CC and CFLAGS are those of the
# build (the include paths of the libraries among them).

set -euo pipefail
. "$(dirname "$0")/lib.sh"

# compile HEADER: one line when it does not compile, with the first error.
compile()
{
	local said
	# shellcheck disable=SC2086
	said=$(echo "#include \"$1\"" | ${CC:-cc} -std=gnu17 -I. ${CFLAGS-} \
		-fsyntax-only -x c - 2>&1) && return 0
	echo "$1: $(grep -m1 -E 'error' <<< "$said" || head -n1 <<< "$said")"
}
export -f compile

report "lint headers: every header compiles alone" "$(c_files '*.h' |
	xargs -r -P "$(nproc)" -I{} bash -c 'compile "$1"' bash {} | sort)"
finish
