#!/bin/bash
# Usage: pure.sh ARCHIVE|FOLDER|OBJECT...
#
# Core is pure: its objects need no socket, file, clock, random number, thread
# or wire library. pure.txt lists what they may need from outside core and what
# they may not. An object's folder is read from its path (.../core/FOLDER/x.o);
# a member of an ordinary archive has none, and is looked for by its name.
# NM names another nm.

set -euo pipefail
paths=()
for arg; do
	paths+=("$(realpath -- "$arg")")
done
. "$(dirname "$0")/lib.sh"

objects=()
for path in "${paths[@]}"; do
	if [[ -d $path ]]; then
		mapfile -t -O "${#objects[@]}" objects \
			< <(find "$path" -name '*.o' | sort)
	else
		objects+=("$path")
	fi
done
if ((${#objects[@]} == 0)); then
	report "lint pure: there are objects to look at" "none in $*"
	finish
fi

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

nm=${NM:-nm}
"$nm" -A --defined-only --extern-only "${objects[@]}" > "$tmp/defined"
"$nm" -A --undefined-only "${objects[@]}" > "$tmp/undefined"

# "OBJECT SYMBOL" of what one object needs and none of them has.
awk 'NR == FNR { ours[$NF] = 1; next }
	!($NF in ours) { sub(/:$/, "", $1); print $1, $NF }
' "$tmp/defined" "$tmp/undefined" | sort -u > "$tmp/needs"

# The folder of an object, "core" when it cannot be told.
folder()
{
	local member=${1##*[:/]} found
	if [[ $1 =~ core/([a-z0-9_]+)/[^/:]*$ ]]; then
		echo "core/${BASH_REMATCH[1]}"
		return
	fi
	found=$(find core -name "${member%.o}.c" -printf '%h\n' 2> /dev/null)
	[[ $found == core/* && $found != *$'\n'* ]] && echo "$found" || echo core
}

while read -r object symbol; do
	[[ ${last-} == "$object" ]] || where=$(folder "$object")
	last=$object
	echo "$where ${object##*/} $symbol"
done < "$tmp/needs" > "$tmp/judge"
findings=$(awk -f "$lint_dir/pure.awk" "$lint_dir/pure.txt" "$tmp/judge")

of()
{
	sed -n "s/^$1	//p" <<< "$findings"
}

report "lint pure: core needs nothing of the outside world" "$(of pure)"
report "lint pure: memory comes from core/base alone" "$(of memory)"
report "lint pure: only core/codec calls a library" "$(of library)"
finish
