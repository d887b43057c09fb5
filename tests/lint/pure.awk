# Judge core's undefined symbols by pure.txt (see there).
# Input: pure.txt, then lines "FOLDER OBJECT SYMBOL".
# Output: lines "KIND<TAB>object needs symbol (why)"; KIND is memory, library
# or pure.

# A shell pattern as a regular expression.
function regex(pattern)
{
	gsub(/\*/, ".*", pattern)
	return "^" pattern "$"
}

NR == FNR {
	if ($0 ~ /^(#|$)/)
		next
	for (i = 3; i <= NF; i++) {
		rules++
		allow[rules] = ($1 == "allow")
		arg[rules] = $2
		match_re[rules] = regex($i)
	}
	next
}

{
	for (i = 1; i <= rules; i++) {
		if ($3 !~ match_re[i])
			continue
		if (allow[i] && arg[i] != "core" && arg[i] != $1)
			continue
		break
	}
	if (i <= rules && allow[i])
		next
	why = i <= rules ? arg[i] : "not in pure.txt"
	kind = why == "memory" || why == "library" ? why : "pure"
	print kind "\t" $2 " needs " $3 " (" why ")"
}
