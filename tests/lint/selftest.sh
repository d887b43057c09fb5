#!/bin/bash
# Tests of the checks in this folder: each passes on a small clean tree, and
# fails, naming the culprit, once something wrong is planted. Prints TAP.

set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export LINT_ROOT
LINT_ROOT=$(mktemp -d)
trap 'rm -rf "$LINT_ROOT"' EXIT
count=0
failed=0

# A clean tree.
tree()
{
	rm -rf "${LINT_ROOT:?}"/*
	mkdir -p "$LINT_ROOT"/{core/{base,codec,flow,port,route},adapters/{sip,net}}
	put core/base/mem.h '#pragma once' '#include <stddef.h>' '' \
		'void *mem_alloc(size_t size);'
	put core/base/mem.c '#include "core/base/mem.h"' '' '#include <stdlib.h>' \
		'' 'void *mem_alloc(size_t size)' '{' '	return malloc(size);' '}'
	put core/codec/x.h '#pragma once' '' 'int x_parse(const char *text);'
	cp "$here/../../.clang-format" "$LINT_ROOT"
}

# put FILE LINE...: writes a file; add FILE LINE...: adds to it.
put()
{
	local file=$LINT_ROOT/$1
	shift
	mkdir -p "$(dirname "$file")"
	printf '%s\n' "$@" > "$file"
}

add()
{
	local file=$LINT_ROOT/$1
	shift
	printf '%s\n' "$@" >> "$file"
}

# clean NAME COMMAND...: the check finds nothing.
clean()
{
	local name=$1 said status
	shift
	said=$("$@" 2>&1)
	status=$?
	verdict "$name" $((status != 0)) "$said"
}

# caught NAME TEXT COMMAND...: the check fails and says TEXT.
caught()
{
	local name=$1 text=$2 said status
	shift 2
	said=$("$@" 2>&1)
	status=$?
	if [[ $status -eq 1 && $said == *"not ok"* && $said == *"$text"* ]]; then
		verdict "$name" 0 "$said"
	else
		verdict "$name" 1 "$said"
	fi
	tree
}

verdict()
{
	count=$((count + 1))
	if (($2)); then
		failed=$((failed + 1))
		echo "not ok $count - lint self-test: $1"
		echo "    ${3//$'\n'/$'\n'    }"
	else
		echo "ok $count - lint self-test: $1"
	fi
}

build()
{
	local source object
	rm -rf "$LINT_ROOT/build"
	for source in "$LINT_ROOT"/core/*/*.c; do
		object=$LINT_ROOT/build/core/${source#"$LINT_ROOT"/core/}
		mkdir -p "$(dirname "$object")"
		"${CC:-cc}" -std=gnu17 -O1 -w -I"$LINT_ROOT" -c "$source" \
			-o "${object%.c}.o" || return 2
	done
}

pure()
{
	build && "$here/pure.sh" "$LINT_ROOT/build/core"
}

pure_archive()
{
	build && ar rcs "$LINT_ROOT/build/core.a" \
		"$LINT_ROOT"/build/core/*/*.o &&
		"$here/pure.sh" "$LINT_ROOT/build/core.a"
}

tree
clean "a clean tree has good layers" "$here/layers.sh"
clean "a clean tree calls nothing banned" "$here/banned.sh"
clean "the headers of a clean tree compile" "$here/headers.sh"
clean "a clean tree is pure" pure
clean "an archive of a clean tree is pure" pure_archive
clean "a tree without fuzzers passes" "$here/fuzzers.sh"
if command -v clang-format-14 clang-format > /dev/null; then
	clean "a clean tree is laid out" env FORMAT=1 "$here/format.sh"
fi

put core/port/p.h '#pragma once'
add core/route/r.c '#include "core/port/p.h"'
caught "core includes a port outside flow" \
	"core/route may not include core/port/p.h" "$here/layers.sh"
put core/port/p.h '#pragma once'
put core/flow/f.c '#include "core/port/p.h"' '#include "core/codec/x.h"'
put adapters/sip/s.c '#include "core/port/p.h"' '#include "adapters/net/n.h"' \
	'#include <sofia-sip/nta.h>' '#include <string.h>'
clean "flow and an adapter include what they may" "$here/layers.sh"
add core/base/mem.c '#include "core/codec/x.h"'
caught "a folder includes one above it" "core/base may not" "$here/layers.sh"
add core/codec/x.h '#include "tests/fake/f.h"'
caught "the product includes a test" "includes tests/" "$here/layers.sh"
put adapters/fax/f.c '#include "core/base/mem.h"'
caught "a folder is not in the table" "adapters/fax is not" "$here/layers.sh"
put core/flow/f.c '#include "core/codec/x_priv.h"'
caught "a private header leaves its folder" "belongs to core/codec" \
	"$here/layers.sh"
put adapters/net/n.c '# include <sqlite3.h>'
caught "a foreign header is used by another" \
	"sqlite3.h belongs to adapters/store" "$here/layers.sh"
put adapters/net/n.c '#include <zmq.h>'
caught "a foreign header has no owner" "zmq.h has no owner" "$here/layers.sh"
put adapters/net/n.c '#include "n.h"'
caught "an include is no full path" "not a path" "$here/layers.sh"
put cycle.txt 'edge core/base core/codec' 'edge core/codec core/base'
caught "the table has a cycle" "core/base names core/codec" \
	env LAYERS="$LINT_ROOT/cycle.txt" "$here/layers.sh"

for call in 'time(0)' 'socket(1, 2, 3)' 'printf("%d", size)' 'getenv("A")' \
	'clock_gettime(0, 0)' 'nta_agent_create()' 'xmpp_send(0, 0)' \
	'pthread_self()' 'getrandom(0, 0, 0)' 'no_such_function(1)'; do
	put core/route/r.c "int f(int size) { return (long)$call; }"
	caught "core calls ${call%%(*}" "r.o needs " pure
done
put core/route/r.c 'void *f(void) { return malloc(7); }'
caught "core takes memory outside base" "r.o needs malloc (memory)" pure
put core/route/r.c 'void *f(void) { return malloc(7); }'
caught "an archive takes memory outside base" "needs malloc (memory)" \
	pure_archive
put core/route/r.c 'int f(void) { return xmlReadMemory(); }'
caught "core calls libxml2 outside codec" "xmlReadMemory (library)" pure
put core/codec/x.c 'int f(void) { return xmlReadMemory(); }'
clean "codec may call libxml2" pure
put core/base/a.c 'static int time(int x) { return x + f(time); }'
put core/route/r.c 'int f(int x) { return time(x); }'
caught "a private function hides no symbol" "needs time (clock)" pure

add core/base/mem.c 'int f(char *a) { return strcpy (a, "b") != 0; }'
caught "a banned function is called" "mem.c:9: strcpy" "$here/banned.sh"
add core/base/mem.c '/* strcpy(a, b)' 'strcat(a, b) */' \
	'int mem_system(int); // sprintf(a)' \
	"char *s = \"gets(\\\" system(\"; int q = '\"'; int atoi_x(void);" \
	'int g(struct a *p) { return p->system(1) + mem_system(2); }'
clean "comments, literals and other names are let be" "$here/banned.sh"
add core/base/mem.c "int q = '\"'; int r = atoi(0);"
caught "a literal does not hide a call" ": atoi" "$here/banned.sh"
add core/base/mem.c '/* TO''DO: more */'
caught "a work mark is left" "mem.c:9:" "$here/banned.sh"

put core/base/y.h '#pragma once' 'size_t y_size(void);'
caught "a header does not compile alone" "core/base/y.h:" "$here/headers.sh"

put tests/fuzz/fuzz_y.c ''
caught "a codec has no fuzzer" "fuzz_x.c" "$here/fuzzers.sh"
put tests/fuzz/fuzz_y.c ''
put except.txt "x	only writes"
clean "a codec is excepted" env EXCEPT="$LINT_ROOT/except.txt" \
	"$here/fuzzers.sh"
put except.txt "x	only writes" "z	gone"
put tests/fuzz/fuzz_y.c ''
caught "an exception is out of date" "no codec z" \
	env EXCEPT="$LINT_ROOT/except.txt" "$here/fuzzers.sh"

if command -v clang-format-14 clang-format > /dev/null; then
	add core/base/mem.c 'int f ( void ) { return 1 ; }'
	caught "a file is laid out otherwise" "core/base/mem.c" \
		env FORMAT=1 "$here/format.sh"
fi
if command -v shellcheck > /dev/null; then
	put tool '#!/bin/bash' 'cd $1'
	caught "a shell script has a fault" "tool:2" "$here/shell.sh"
fi
if command -v cppcheck > /dev/null; then
	put core/base/c.c 'int f(void) { int a[2] = { 1, 2 }; return a[2]; }'
	caught "a C file has a fault" "c.c:1" "$here/cppcheck.sh"
fi

echo "1..$count"
exit $((failed > 0))
