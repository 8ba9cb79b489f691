# text.bats - the plugin text, through the installed command.

setup() {
    sopool list text > /dev/null 2>&1 || skip "the plugin was not built"
    FILE=$BATS_TEST_TMPDIR/file
}

field() { # of a JSON object on standard input
    /usr/bin/python3 -c 'import json, sys
print(json.load(sys.stdin)[sys.argv[1]])' "$1"
}

check_count() {
    got=$(sopool apply text.count "$FILE")
    [ "$(echo "$got" | field bytes)" -eq "$(wc -c < "$FILE")" ]
    [ "$(echo "$got" | field lines)" -eq "$(wc -l < "$FILE")" ]
    [ "$(echo "$got" | field words)" -eq "$(LC_ALL=C wc -w < "$FILE")" ]
}

@test "count agrees with wc" {
    for i in 1 2 3; do
        seq -s '  ' $((i * 30000)) | tr 37 '\n\t' > "$FILE"
        check_count
    done
    : > "$FILE"
    check_count
    printf 'no newline' > "$FILE"
    check_count
    run sopool apply text.count "$BATS_TEST_TMPDIR"
    [ "$status" -eq 1 ]
}

@test "matches agrees with grep -o" {
    seq 100000 > "$FILE"
    for pattern in 7 '^1.*9$' '(12|34)+' '5{2,}'; do
        [ "$(sopool apply text.matches "$pattern" "$FILE")" -eq \
            "$(grep -oE "$pattern" "$FILE" | wc -l)" ]
    done
}

@test "empty matches and invalid UTF-8 come to an end" {
    [ "$(sopool apply text.match_count 'x*' abc)" -eq 4 ]
    [ "$(sopool apply text.match_count 'x*' axxb)" -eq 4 ]
    [ "$(sopool apply text.match_count '' Grüße)" -eq 6 ]
    printf 'a\377a\376\n' > "$FILE"
    [ "$(sopool apply text.matches a "$FILE")" -eq 2 ]
}

@test "a wrong pattern is named, a hostile one fails" {
    run sopool apply text.match_count '(a' aaa
    [ "$status" -eq 1 ]
    [[ "$output" == *"the pattern is wrong at character"* ]]
    run timeout 60 sopool apply text.match_count '(a+)+$' \
        "$(head -c 60 /dev/zero | tr '\0' a)b"
    [ "$status" -eq 1 ]
    [[ "$output" == *"match limit"* ]]
}
