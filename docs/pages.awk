# pages.awk - the manual pages of section 3, from the public header, so that
# they say what it says. Reads sopool.h; writes a page for each of its sections
# and sopool.3 into the folder `out`, and a page that refers to its section's
# for each function.
#
#     awk -v out=DIR -v version=VERSION -v date=DATE -v examples=DIR \
#         -f pages.awk sopool.h
#
# What it relies on: a section begins with "/* ---- name: title ---- */"; a
# comment at the start of a line belongs to the declarations up to the next
# empty line; in comments, " *  - " begins a list entry and " *     " stands
# before what is to be set as it is.

BEGIN {
    section = 0
    unit = 0
}

# ---- reading -----------------------------------------------------------------

/^\/\* ---- / {
    title = $0
    sub(/^\/\* ---- /, "", title)
    sub(/ -+ \*\/$/, "", title)
    name = title
    sub(/:.*/, "", name)
    if (title ~ /:/)
        sub(/^[^:]*: /, "", title)
    section++
    page[section] = "sopool_" name
    about[section] = title
    units[section] = 0
    next
}

# The comment at the head of the file is the overview.
section == 0 && /^\/\* sopool\.h/ { overview = 1; next }
section == 0 && overview == 1 && /^ \*\// { overview = 2; next }
section == 0 && overview == 1 {
    line = $0
    sub(/^ \*/, "", line)
    sub(/^ /, "", line)
    general = general line "\n"
    next
}
section == 0 { next }

/^#endif$/ && in_macro { in_macro = 0; next }
/^#(if|ifndef|ifdef|else|endif)/ { next }
/^(extern "C" \{|\})$/ { next }

/^\/\*/ {
    begin_unit()
    in_comment = 1
    line = $0
    sub(/^\/\* ?/, "", line)
    if (sub(/ ?\*\/$/, "", line))
        in_comment = 0
    text[section, unit] = line "\n"
    next
}
in_comment {
    line = $0
    if (sub(/ ?\*\/$/, "", line))
        in_comment = 0
    sub(/^ \*? ?/, "", line)
    text[section, unit] = text[section, unit] line "\n"
    next
}

# The macros that a macro is made of are nobody's business.
/^#define SOPOOL_ARGS?(_|\()/ { skipping = ($0 ~ /\\$/); next }
skipping { skipping = ($0 ~ /\\$/); next }

/^$/ { open_unit = 0; next }

{
    if (!open_unit)
        begin_unit()
    line = $0
    if (sub(/^SOPOOL_API /, "", line) || in_function) {
        in_function = (line !~ /;$/)
        if (match(line, /sopool_[a-z0-9_]+\(/))
            add_function(substr(line, RSTART, RLENGTH - 1))
        sub(/^                +/, "    ", line)
    }
    code[section, unit] = code[section, unit] line "\n"
}

function begin_unit() {
    unit = ++units[section]
    open_unit = 1
}

function add_function(name) {
    functions[section] = functions[section] (functions[section] == "" ? "" \
        : ", ") name
    names[section, unit] = names[section, unit] \
        (names[section, unit] == "" ? "" : ", ") name
    home[name] = page[section]
}

# ---- writing -----------------------------------------------------------------

function escape(line) {
    gsub(/\\/, "\\e", line)
    gsub(/-/, "\\-", line)
    gsub(/`/, "", line)
    sub(/^\./, "\\\\\\&.", line)
    sub(/^'/, "\\\\\\&'", line)
    return line
}

# Paragraphs, list entries, and what stands as it is: so much to the right that
# it is no entry's text.
function write_text(file, body,   lines, count, i, line, verbatim, gap, entry) {
    count = split(body, lines, "\n")
    for (i = 1; i < count; i++) {
        line = lines[i]
        if (line == "") {
            gap = !verbatim
            entry = 0
            continue
        }
        if (!entry && line ~ /^    / && line !~ /^ +- /) {
            if (!verbatim)
                print ".PP\n.nf\n.RS" > file
            else if (lines[i - 1] == "")
                print "" > file
            verbatim = 1
            gap = 0
            print escape(substr(line, 5)) > file
            continue
        }
        if (verbatim) {
            print ".RE\n.fi" > file
            verbatim = 0
            gap = 1
        }
        if (line ~ /^ +- /) {
            sub(/^ +- /, "", line)
            print ".IP \\(bu 3" > file
            entry = 1
        } else if (gap) {
            print ".PP" > file
        }
        gap = 0
        sub(/^ +/, "", line)
        print escape(line) > file
    }
    if (verbatim)
        print ".RE\n.fi" > file
}

function head(file, name, title, listed) {
    printf ".TH %s 3 \"%s\" \"sopool %s\" \"C API of sopool\"\n", \
        toupper(name), date, version > file
    print ".SH NAME" > file
    printf "%s \\- %s\n", listed, escape(title) > file
    print ".SH SYNOPSIS\n.nf\n.B #include <sopool.h>" > file
}

function see_also(file, own,   i, first) {
    print ".SH SEE ALSO" > file
    printf ".BR sopool (1)" > file
    if (own != "sopool")
        printf ",\n.BR sopool (3)" > file
    for (i = 1; i <= section; i++)
        if (page[i] != own)
            printf ",\n.BR %s (3)", page[i] > file
    print "" > file
}

# The entries of the overview's list: what holds for every function.
function conventions(file,   body) {
    body = general
    sub(/^.*Conventions[^\n]*\n/, "", body)
    sub(/\n\nThe names and.*/, "\n", body)
    print ".SH CONVENTIONS\nUnless a function says otherwise:" > file
    write_text(file, body)
}

# The type that a declaration defines, if it does.
function type_of(body,   name) {
    if (body !~ /^typedef /)
        return ""
    name = body
    if (name ~ /^typedef [a-z_ ]*[ *]sopool_[a-z_]*\(/) {
        sub(/\(.*/, "", name)
    } else {
        sub(/;\n$/, "", name)
    }
    sub(/^.*[ *]/, "", name)
    return name
}

function write_section(s,   file, u, i, n, lines, heading, written) {
    file = out "/" page[s] ".3"
    head(file, page[s], about[s], \
         functions[s] == "" ? page[s] : page[s] ", " functions[s])
    for (u = 1; u <= units[s]; u++)
        if (code[s, u] != "") {
            print ".PP" > file
            n = split(code[s, u], lines, "\n")
            for (i = 1; i < n; i++)
                print escape(lines[i]) > file
        }
    print ".fi\n.SH DESCRIPTION" > file
    written = 0
    for (u = 1; u <= units[s]; u++) {
        if (text[s, u] == "")
            continue
        heading = names[s, u] != "" ? names[s, u] : type_of(code[s, u])
        if (heading != "")
            printf ".SS %s\n", heading > file
        else if (written)
            print ".PP" > file
        written = 1
        write_text(file, text[s, u])
    }
    conventions(file)
    see_also(file, page[s])
    close(file)
}

function write_overview(   file, i, body) {
    file = out "/sopool.3"
    head(file, "sopool", "pools of worker processes that run tasks", "sopool")
    print ".PP\ncc program.c $(pkg\\-config \\-\\-cflags \\-\\-libs libsopool)" \
        > file
    print ".fi\n.SH DESCRIPTION" > file
    body = general
    sub(/\nConventions.*/, "\n", body)
    print "A pool runs the tasks of plugins, or functions of the program, in" \
        "\nworker processes." > file
    write_text(file, body)
    print ".PP\nThe pages of its parts:" > file
    for (i = 1; i <= section; i++)
        printf ".TP\n.BR %s (3)\n%s\n", page[i], escape(about[i]) > file
    conventions(file)
    body = general
    sub(/^.*\n\nThe names and/, "The names and", body)
    print ".PP" > file
    write_text(file, body)
    print ".SH EXAMPLES" > file
    printf "The programs in\n.I %s\n", examples > file
    print "are a tutorial; its README names them in the order of reading." > file
    see_also(file, "sopool")
    close(file)
}

END {
    write_overview()
    for (s = 1; s <= section; s++)
        write_section(s)
    for (name in home)
        if (name != home[name]) {
            file = out "/" name ".3"
            printf ".so man3/%s.3\n", home[name] > file
            close(file)
        }
}
