#!/usr/bin/env bats
# The manual pages of sections 1 and 5 say what there is, and nothing else.

load helper

setup() {
    page=$SOPOOL_TEST_SOURCE/docs/sopool.1
    config=$SOPOOL_TEST_SOURCE/docs/sopool.yaml.5
    sopool help --options >"$BATS_TEST_TMPDIR/dump"
}

# options [COMMAND]: those that the command takes.
options() {
    awk -F'\t' -v command="${1-}" '
        $1 == "option" && (command == "" || $2 == command) {
            print $3
            if ($4 != "-")
                print $4
        }' "$BATS_TEST_TMPDIR/dump" | sort -u
}

# described: "COMMANDS OPTION" for each option in the page's lists; where they
# are of many commands, COMMANDS is "any", else their names with commas.
described() {
    awk '
        /^What any command takes/ { of = "any" }
        $0 == "Of" { of = ""; collecting = 1; next }
        collecting && /^\.Cm / {
            for (i = 2; i <= NF; i++)
                if ($i ~ /^[a-z]+$/)
                    of = of (of == "" ? "" : ",") $i
            if ($NF == ":")
                collecting = 0
        }
        /^\.Sh / { of = "" }
        of != "" && /^\.It Fl / {
            for (i = 3; i <= NF && $i != "Ar"; i++)
                if ($i != "," && $i != "Fl")
                    print of, "-" $i
        }' "$page"
}

@test "sopool(1): every option of every command, and none other" {
    described >"$BATS_TEST_TMPDIR/described"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/described")" -gt 15 ]
    diff <(cut -d ' ' -f 2 "$BATS_TEST_TMPDIR/described" | sort -u) <(options)
}

@test "sopool(1): each option stands with the commands that take it" {
    # COMMAND OPTION, by the page and by the command itself.
    described | awk '$1 != "any" {
        for (i = split($1, command, ","); i > 0; i--)
            print command[i], $2
    }' | sort -u >"$BATS_TEST_TMPDIR/said"
    awk -F'\t' 'FNR == NR {
            split($0, part, " ")
            asked[part[2]] = 1
            next
        }
        $1 == "option" {
            for (i = 3; i <= 4; i++)
                if ($i in asked)
                    print $2, $i
        }' "$BATS_TEST_TMPDIR/said" "$BATS_TEST_TMPDIR/dump" | sort -u \
        >"$BATS_TEST_TMPDIR/taken"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/said")" -gt 30 ]
    diff "$BATS_TEST_TMPDIR/said" "$BATS_TEST_TMPDIR/taken"
}

@test "sopool(1): every command, and no option that is none" {
    local command option
    while IFS=$'\t' read -r _ command _; do
        grep -qx "\.It Cm $command" "$page"
        sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$page" |
            grep -qx "\.Cm $command"
    done < <(grep ^command "$BATS_TEST_TMPDIR/dump")
    for option in $(grep -oE '(^\.| )(Fl|Op Fl) -[a-z-]+' "$page" |
        sed 's/.* /-/' | sort -u); do
        [ "$option" = --version ] || options | grep -qx -- "$option"
    done
}

@test "sopool.yaml(5) and the guide: every key of a config file, none other" {
    local keys
    keys=$(awk -F'\t' '$1 == "key" && $3 == "file" { print $2 }' \
        "$BATS_TEST_TMPDIR/dump" | sort)
    [ "$(wc -l <<<"$keys")" -gt 10 ]
    diff <(sed -n 's/^\.It Ic \([a-z_.]*\) : .*/\1/p' "$config" | sort) \
        - <<<"$keys"
    diff <(sed -n -e '/^## /q' -e 's/^| `\([a-z_.]*\)` |.*/\1/p' \
        "$SOPOOL_TEST_SOURCE/docs/config.md" | sort) - <<<"$keys"
}

@test "a key that the pages have is one" {
    local key
    for key in $(sed -n 's/^\.It Ic \([a-z_.]*\) : .*/\1/p' "$config"); do
        case $key in
        *.*) echo "${key%.*}: {${key#*.}: {a: b}}" ;;
        *) echo "$key: {a: b}" ;;
        esac >"$BATS_TEST_TMPDIR/key.yaml"
        run sopool check "$BATS_TEST_TMPDIR/key.yaml"
        ends 2
        [[ $output != *"unknown key"* ]]
    done
}

@test "the example of sopool.yaml(5) is right" {
    sed -n '/^\.Bd/,/^\.Ed/p' "$config" | grep -v '^\.' \
        >"$BATS_TEST_TMPDIR/example.yaml"
    run sopool check "$BATS_TEST_TMPDIR/example.yaml"
    ends 0
}

@test "the pages are installed, and can be formatted" {
    local name
    for name in man1/sopool.1 man5/sopool.yaml.5; do
        [ -n "$(find "$SOPOOL_TEST_STAGE" -path "*/$name")" ]
    done
    command -v mandoc >/dev/null || skip "there is no mandoc"
    run mandoc -T lint -W error "$page" "$config"
    ends 0
    is ""
}
