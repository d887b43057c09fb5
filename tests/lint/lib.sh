# shellcheck shell=bash
# Sourced by the checks of this folder: the root, and TAP.
#
# LINT_ROOT, when set, is the tree to check instead of the one around this
# file (selftest.sh uses it). A check calls report NAME FINDINGS, one finding a
# line; none is ok. At its end it calls finish.

lint_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "${LINT_ROOT:-$lint_dir/../..}" || exit 1
export LC_ALL=C.UTF-8
lint_tests=0
lint_failed=0

# c_files PATTERN: the product's files of that name pattern, sorted.
c_files()
{
	local dirs=() dir
	for dir in core adapters gateway; do
		[[ -d $dir ]] && dirs+=("$dir")
	done
	((${#dirs[@]})) || return 0
	find "${dirs[@]}" -type f -name "$1" | sort
}

report()
{
	lint_tests=$((lint_tests + 1))
	if [[ -z $2 ]]; then
		echo "ok $lint_tests - $1"
	else
		lint_failed=$((lint_failed + 1))
		echo "not ok $lint_tests - $1"
		sed 's/^/# /' <<< "$2"
	fi
}

skip()
{
	lint_tests=$((lint_tests + 1))
	echo "ok $lint_tests - $1 # SKIP $2"
}

finish()
{
	echo "1..$lint_tests"
	exit $((lint_failed > 0))
}
