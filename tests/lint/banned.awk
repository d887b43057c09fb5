# Print "path:line: function" for each call of a function named in the variable
# "names" (a|b|c), comments and literals left out.

BEGIN { call = "(^|[^A-Za-z0-9_.>])(" names ")[ \t]*\\(" }

FNR == 1 { inside = 0 }

{
	text = $0
	code = ""
	while (text != "") {
		if (inside) {
			at = index(text, "*/")
			if (at == 0)
				break
			text = substr(text, at + 2)
			inside = 0
			code = code " "
			continue
		}
		if (!match(text, /\/\*|\/\/|["']/)) {
			code = code text
			break
		}
		code = code substr(text, 1, RSTART - 1)
		mark = substr(text, RSTART, RLENGTH)
		text = substr(text, RSTART + RLENGTH)
		if (mark == "//")
			break
		if (mark == "/*") {
			inside = 1
		} else {
			code = code mark mark
			if (mark == "\"")
				match(text, /^([^"\\]|\\.)*"/)
			else
				match(text, /^([^'\\]|\\.)*'/)
			text = RSTART ? substr(text, RLENGTH + 1) : ""
		}
	}
	while (match(code, call)) {
		name = substr(code, RSTART, RLENGTH - 1)
		gsub(/^[^A-Za-z0-9_]|[ \t]+$/, "", name)
		print FILENAME ":" FNR ": " name
		code = substr(code, RSTART + RLENGTH)
	}
}
