#!/bin/bash
# Every codec has a fuzzer: core/codec/x.h wants tests/fuzz/fuzz_x.c, unless
# fuzzers.txt says why not. Nothing is asked before the first fuzzer exists.
# EXCEPT names another list (selftest.sh).

set -euo pipefail
. "$(dirname "$0")/lib.sh"

except=${EXCEPT:-$lint_dir/fuzzers.txt}
findings=
if compgen -G 'tests/fuzz/fuzz_*.c' > /dev/null; then
	for header in core/codec/*.h; do
		name=$(basename "$header" .h)
		[[ $name == '*' || $name == *_priv ]] && continue
		[[ -e tests/fuzz/fuzz_$name.c ]] && continue
		grep -q "^$name	" "$except" && continue
		findings+="$header has no tests/fuzz/fuzz_$name.c"$'\n'
	done
	while IFS=$'\t' read -r name _; do
		[[ -z $name || $name == '#'* ]] && continue
		[[ -e core/codec/$name.h ]] || findings+="$except: no codec $name"$'\n'
		[[ -e tests/fuzz/fuzz_$name.c ]] &&
			findings+="$except: $name has a fuzzer"$'\n'
	done < "$except"
fi
report "lint fuzzers: every codec has a fuzzer" "${findings%$'\n'}"
finish
