#!/bin/sh
# The manual pages of section 3, in TAP: each function that the library exports
# has one, each page can be formatted without complaint and has what belongs to
# a page.

[ -n "${SOPOOL_TEST_STAGE-}" ] || exec sh tests/env sh "$0" # in a build folder

man=$(find "$SOPOOL_TEST_STAGE" -type d -name man3)
lib=${LD_LIBRARY_PATH%%:*}/libsopool.so

failed=0
# result NUMBER NAME FOUND
result() {
    if [ -z "$3" ]; then
        echo "ok $1 - $2"
        return
    fi
    echo "not ok $1 - $2"
    echo "$3" | sed 's/^/# /'
    failed=1
}

functions() {
    nm -D --defined-only "$lib" |
        awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }'
}

# The page that a function's page refers to, or that is its own.
page_of() {
    to=$(sed -n 's|^\.so man3/||p' "$man/$1.3" 2>/dev/null)
    echo "$man/${to:-$1.3}"
}

without_page() {
    functions | while read -r name; do
        grep -q "^\.SS .*\<$name\>" "$(page_of "$name")" 2>/dev/null ||
            echo "$name is described nowhere"
    done
}

without_function() {
    for page in "$man"/sopool_*.3; do
        grep -q '^\.so' "$page" || continue
        name=${page##*/}
        functions | grep -qx "${name%.3}" || echo "${name%.3} is no function"
    done
}

pages() {
    grep -L '^\.so' "$man"/*.3
}

complaints() {
    for page in $(pages); do
        mandoc -T lint -W warning "$page"
    done
}

incomplete() {
    for page in $(pages); do
        for part in NAME SYNOPSIS DESCRIPTION CONVENTIONS 'SEE ALSO'; do
            grep -qx "\.SH $part" "$page" || echo "$page has no $part"
        done
    done
}

[ -n "$(functions)" ] && [ -n "$(pages)" ] || {
    echo "Bail out! no library or no pages"
    exit 99
}
echo 1..4
result 1 "each function is described by a page" "$(without_page)"
result 2 "each page is of a function or of a group" "$(without_function)"
result 3 "each page has its parts" "$(incomplete)"
if command -v mandoc >/dev/null; then
    result 4 "each page can be formatted" "$(complaints)"
else
    echo "ok 4 - each page can be formatted # SKIP there is no mandoc"
fi
exit $failed
