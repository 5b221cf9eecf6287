# Flatten one JSON document: a line per string, number or word, "path<TAB>value". Path parts are joined by "/";
# backslash, tab and newline in names and values are written as \\, \t and \n. Bad JSON ends with status 1.
BEGIN { for (i = 1; i < 256; i++) ord[sprintf("%c", i)] = i }
{ text = text (NR > 1 ? "\n" : "") $0 }
END {
    at = 1
    value("")
    blank()
    if (at <= length(text)) fail()
}
function fail() { exit 1 }
function blank() { while (substr(text, at, 1) ~ /[ \t\r\n]/ && at <= length(text)) at++ }
function utf8(code) {
    if (code == 0) return ""
    if (code < 128) return sprintf("%c", code)
    if (code < 2048) return sprintf("%c%c", 192 + int(code / 64), 128 + code % 64)
    if (code < 65536) return sprintf("%c%c%c", 224 + int(code / 4096), 128 + int(code / 64) % 64, 128 + code % 64)
    return sprintf("%c%c%c%c", 240 + int(code / 262144), 128 + int(code / 4096) % 64, 128 + int(code / 64) % 64, 128 + code % 64)
}
function hex4(where,    i, digit, code) {
    code = 0
    for (i = 0; i < 4; i++) {
        digit = index("0123456789abcdef", tolower(substr(text, where + i, 1)))
        if (!digit || where + i > length(text)) fail()
        code = code * 16 + digit - 1
    }
    return code
}
function literal(    out, run, c, code, low) {
    at++
    out = ""
    while (1) {
        if (at > length(text)) fail()
        # Long plain stretches in one go: user data may be large.
        run = substr(text, at, 4096)
        if (match(run, /["\\]/)) run = substr(run, 1, RSTART - 1)
        out = out run
        at += length(run)
        c = substr(text, at, 1)
        if (c == "\"") { at++; return out }
        if (c != "\\") continue
        c = substr(text, at + 1, 1)
        at += 2
        if (c == "n") out = out "\n"
        else if (c == "t") out = out "\t"
        else if (c == "r") out = out "\r"
        else if (c == "b") out = out "\b"
        else if (c == "f") out = out "\f"
        else if (c == "u") {
            code = hex4(at)
            at += 4
            if (code >= 55296 && code < 56320 && substr(text, at, 2) == "\\u") {
                low = hex4(at + 2)
                if (low >= 56320 && low < 57344) { code = 65536 + (code - 55296) * 1024 + low - 56320; at += 6 }
            }
            out = out utf8(code)
        }
        else if (c == "\"" || c == "\\" || c == "/") out = out c
        else fail()
    }
}
function flat(s) { gsub(/\\/, "\\\\", s); gsub(/\t/, "\\t", s); gsub(/\n/, "\\n", s); return s }
function value(path,    c, name, n, word) {
    blank()
    c = substr(text, at, 1)
    if (c == "{") {
        at++
        blank()
        if (substr(text, at, 1) == "}") { at++; return }
        while (1) {
            blank()
            if (substr(text, at, 1) != "\"") fail()
            name = literal()
            blank()
            if (substr(text, at, 1) != ":") fail()
            at++
            value(path (path == "" ? "" : "/") flat(name))
            blank()
            c = substr(text, at++, 1)
            if (c == "}") return
            if (c != ",") fail()
        }
    }
    if (c == "[") {
        at++
        n = 0
        blank()
        if (substr(text, at, 1) == "]") { at++; return }
        while (1) {
            value(path (path == "" ? "" : "/") n++)
            blank()
            c = substr(text, at++, 1)
            if (c == "]") return
            if (c != ",") fail()
        }
    }
    if (c == "\"") { print path "\t" flat(literal()); return }
    word = substr(text, at, 64)
    if (!match(word, /^[-+.0-9A-Za-z]+/)) fail()
    at += RLENGTH
    print path "\t" substr(word, 1, RLENGTH)
}
