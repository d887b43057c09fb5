#!/bin/bash
# tests/lint/symbols.sh PROGRAM FOLDER...: no function of ours has the name of
# one that a linked library exports: calls of either would end in the other.
# Shims (files *_shim.o) do so on purpose. TAP.
set -u

program=$1
shift
ours=$(mktemp) theirs=$(mktemp)
trap 'rm -f "$ours" "$theirs"' EXIT
find "$@" -name '*.o' | while read -r object; do
	case $object in
	*_shim.o) ;;
	*) nm --defined-only -g "$object" | awk '$2 ~ /[TDBRV]/ { print $3 }' ;;
	esac
done | sort -u >"$ours"
ldd "$program" | awk '$3 ~ /^\// { print $3 }' | while read -r lib; do
	nm -D --defined-only "$lib" | awk '{ sub(/@.*/, "", $3); print $3 }'
done | sort -u >"$theirs"
both=$(comm -12 "$ours" "$theirs" | grep -v '^main$')
if [ -z "$both" ] && [ -s "$ours" ] && [ -s "$theirs" ]; then
	echo "ok 1 - no name of ours is a linked library's"
else
	echo "not ok 1 - no name of ours is a linked library's"
	printf '%s\n' "$both" | sed 's/^/# /'
fi
echo 1..1
