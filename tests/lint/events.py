#!/usr/bin/python3
"""Every event that the source logs is in the vocabulary of causeway-log(7)
(gateway/daemon/events.c), which is in order and has no word that is never
logged. Events are constants: the second argument of log_info() and its
neighbours, or one of the accounting events."""

import glob
import re
import sys

CALL = re.compile(r"\blog_(?:error|warning|info|debug)\(", re.S)
TABLE = "gateway/daemon/events.c"
# said by a variable: act.c logs what is accounted, sink.c puts a line itself
OTHER = re.compile(r'(?:page_account|queue_account)\([^;{]*|'
                   r'r->event = [^;]*|event=([a-z_]+) ', re.S)


def arguments(text, at):
    """The second argument of the call whose parenthesis ends before at."""
    depth, start, commas = 1, None, 0
    in_string = False
    i = at
    while depth and i < len(text):
        c = text[i]
        if in_string:
            if c == "\\":
                i += 1
            elif c == '"':
                in_string = False
        elif c == '"':
            in_string = True
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif c == "," and depth == 1:
            commas += 1
            if commas == 1:
                start = i + 1
            else:
                break
        i += 1
    return text[start:i] if start else ""


def logged():
    found = {}
    for path in sorted(glob.glob("core/*/*.c") + glob.glob("adapters/*/*.c") +
                       glob.glob("gateway/*/*.c")):
        if path == TABLE:
            continue
        with open(path, encoding="utf-8") as f:
            text = f.read()
        for m in CALL.finditer(text):
            for word in re.findall(r'"([a-z_0-9]+)"',
                                   arguments(text, m.end())):
                found.setdefault(word, path)
        for m in OTHER.finditer(text):
            for word in re.findall(r'"([a-z_]+)"', m.group(0)):
                found.setdefault(word, path)
            if m.group(1):
                found.setdefault(m.group(1), path)
    return found


def main():
    with open(TABLE, encoding="utf-8") as f:
        text = f.read()
    table = text[text.index("log_events[]"):text.index("accounting_fields[]")]
    known = re.findall(r'\{ "([a-z_0-9]+)",', table)
    found = logged()
    wrong = ["%s logs %s, which %s does not have" % (path, word, TABLE)
             for word, path in sorted(found.items()) if word not in known]
    wrong += ["%s has %s, which nobody logs" % (TABLE, word)
              for word in known if word not in found]
    if known != sorted(known):
        wrong.append("%s is not in order" % TABLE)
    if len(found) < 30:
        wrong.append("only %d events were found: is the search broken?" %
                     len(found))
    for line in wrong:
        print("# " + line, file=sys.stderr)
    print("1..1\n%s 1 - lint events: what is logged is in the vocabulary" %
          ("not ok" if wrong else "ok"))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
