# Check the include lines of C files against layers.txt (see there).
# Input: layers.txt, then the files, with paths from the root.
# Output: lines "CHECK<TAB>path:line: what is wrong"; CHECK is one of table,
# edge, private, owner, path.

function wrong(check, text)
{
	print check "\t" FILENAME ":" FNR ": " text
}

# The folder a path belongs to: its first two components.
function folder(path,   part)
{
	split(path, part, "/")
	return part[1] "/" part[2]
}

function may(from, to,   n, i, list, rule)
{
	n = split(edges[from], list, " ")
	for (i = 1; i <= n; i++) {
		rule = list[i]
		if (rule == folder(to) || rule == to)
			return 1
		if (rule ~ /\*$/ && place[folder(to)] < place[from] &&
		    index(to, substr(rule, 1, length(rule) - 1)) == 1)
			return 1
	}
	return 0
}

FNR == 1 {
	here = folder(FILENAME)
	table = (NR == 1)
	if (!table && !(here in place))
		wrong("edge", here " is not in the table")
}

table && ($1 == "" || $1 ~ /^#/) { next }

table && $1 == "edge" {
	if ($2 in place)
		wrong("table", $2 " has two lines")
	for (i = 3; i <= NF; i++) {
		edges[$2] = edges[$2] " " $i
		if ($i !~ /\*$/ && !(folder($i) in place))
			wrong("table", $2 " names " $i ", which is not further up")
	}
	place[$2] = ++places
	next
}

table && $1 == "own" {
	owners[$2] = ""
	for (i = 3; i <= NF; i++)
		owners[$2] = owners[$2] " " $i
	next
}

table && $1 == "libc" {
	for (i = 2; i <= NF; i++)
		libc[$i] = 1
	next
}

table {
	wrong("table", "unknown line " $1)
	next
}

/^[ \t]*#[ \t]*include/ {
	path = $0
	sub(/^[ \t]*#[ \t]*include[ \t]*/, "", path)
	angle = (path ~ /^</)
	if (path !~ /^["<][^">]+[">]/) {
		wrong("path", "the included file is not written out")
		next
	}
	path = substr(path, 2)
	sub(/[">].*/, "", path)

	if (path ~ /^(core|adapters|gateway|tests)\//) {
		if (path ~ /^tests\//)
			wrong("edge", "the product includes " path)
		else if (folder(path) != here && !may(here, path))
			wrong("edge", here " may not include " path)
		if (path ~ /_priv\.h$/ && folder(path) != here)
			wrong("private", path " belongs to " folder(path))
		if (angle)
			wrong("path", path " is ours: write it in quotes")
		next
	}
	for (prefix in owners)
		if (index(path, prefix) == 1) {
			if (index(owners[prefix] " ", " " here " ") == 0)
				wrong("owner", path " belongs to" owners[prefix])
			next
		}
	if (!angle) {
		wrong("path", path " is not a path from the root")
		next
	}
	top = path
	if (sub(/\/.*/, "/", top) + 1 && (top in libc))
		next
	wrong("owner", path " has no owner in layers.txt")
}
