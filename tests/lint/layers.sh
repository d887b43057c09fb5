#!/bin/bash
# Who includes whom: every include line of the product against layers.txt.
# LAYERS names another table (selftest.sh).

set -euo pipefail
. "$(dirname "$0")/lib.sh"

mapfile -t files < <(c_files '*.[ch]')
findings=$(awk -f "$lint_dir/layers.awk" "${LAYERS:-$lint_dir/layers.txt}" \
	"${files[@]}")

of()
{
	sed -n "s/^$1	//p" <<< "$findings"
}

report "lint layers: the table has no cycle" "$(of table)"
report "lint layers: folders include only what they may" "$(of edge)"
report "lint layers: private headers stay in their folder" "$(of private)"
report "lint layers: foreign headers stay with their owner" "$(of owner)"
report "lint layers: includes are full paths from the root" "$(of path)"
finish
