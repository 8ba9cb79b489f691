#!/usr/bin/env bats
# What could stand next on the command line: asked of the command itself, and
# in each shell.

load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    mkdir folder
    touch words pool.yaml other.yml
    found=$(find "$SOPOOL_TEST_STAGE" -path '*/bash-completion/completions/sopool')
}

# next WORD...: what the command offers, without what it means.
next() {
    sopool help --complete "$@" | cut -f 1
}

@test "commands" {
    run next ""
    ends 0
    has list apply map starmap check new inspect test replay top help version --help --version
    run sopool help --complete star
    is "starmap	Runs one call for each line, which has all arguments"
    run next help to
    is top
    # Every command of the help, and no other.
    diff <(next help "" | sort) <(sopool help |
        sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' |
        grep -vxE 'help|version' | sort)
}

@test "options: each that the help shows, and no other" {
    local command
    for command in $(next help ""); do
        diff <(next "$command" -- | sort) <(sopool "$command" --help |
            grep -oE '^  (-.,|   ) --[a-z-]+' | grep -oE -- '--[a-z-]+' |
            sort)
    done
    run next map --prog
    is "--progress"
    run sopool help --complete map --no-s
    is ""
}

@test "values of options: what the option allows, and no other" {
    local command option words allowed argument
    while IFS=$'\t' read -r _ command option _ _ words _; do
        if [ "$words" = - ]; then
            continue
        fi
        argument=(x)
        [ "$command" != serve ] || argument=()
        run sopool "$command" "$option" 'no such word' "${argument[@]}" \
            </dev/null
        allowed=${output#*"$option: 'no such word' is not right; allowed: "}
        [ "$allowed" != "$output" ]
        allowed=${allowed%%$'\n'*}
        # Of numbers, the word that stands for one of them.
        allowed=$(sed 's/^[0-9]* to [0-9]*, or //; s/, the latter .*//
            s/,//g' <<<"$allowed")
        if [ "$words" != "$allowed" ]; then
            echo "$command $option: '$words', not '$allowed'" >&2
            return 1
        fi
    done < <(sopool help --options | grep ^option)
    run next new --build m
    is $'make\nmeson'
    run next new --lang ""
    is $'c\nc++\nrust'
    run next map --progress ""
    is $'always\nnever\nauto'
    run next map --progress n
    is never
    run next map --progress=n
    is --progress=never
    run next map -j ""
    is auto
    run next map --timeout ""
    is ""
    run next map --nonsense=
    is ""
}

@test "tasks and plugins" {
    run next map math.sq
    is math.square
    run next apply --timeout 3s math.sq
    is math.square
    run next list ma
    has $'math\n' math.square
    run next map faults.di
    is ""
    run next map --plugin-path "$SOPOOL_TEST_PLUGINS" faults.die_o
    has faults.die_odd faults.die_once
    echo "plugins: {path: [$SOPOOL_TEST_PLUGINS]}" >config.yaml
    SOPOOL_PLUGIN_PATH= run next starmap -c config.yaml faults.die_od
    is faults.die_odd
}

@test "files, config files and folders" {
    run next map math.square ""
    is ":file"
    run next map --config ""
    is ":yaml"
    run next check ""
    is ":yaml"
    run next map --plugin-path ""
    is ":dir"
    run next replay ""
    is ":dir"
}

@test "behind a task of apply come arguments, behind -- no options" {
    run next apply math.square --p
    is ":file"
    run next map -- --p
    is ""
    run next map --progress never --pr
    has --progress --processes
}

@test "what is no command, and nothing at all" {
    run sopool help --complete frob ""
    ends 0
    is ""
    run sopool help --complete
    ends 0
    is ""
    run sopool help --frob
    ends 2
    has "help takes a command, not '--frob'"
}

# ---- in the shells

# in_bash WORD...: what bash offers for the last one. bash takes words apart
# at =.
in_bash() {
    bash -c '
        source "$1"
        shift
        COMP_WORDS=(sopool "$@")
        COMP_CWORD=$#
        _sopool sopool "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf "%s\n" "${COMPREPLY[@]}" | LC_ALL=C sort' bash "$found" "$@"
}

@test "bash" {
    run in_bash sta
    is starmap
    run in_bash map --progr
    is --progress
    run in_bash map --progress ne
    is never
    run in_bash map --progress = ne
    is never
    run in_bash map --progress =
    is $'always\nauto\nnever'
    run in_bash map math.squ
    is math.square
    run in_bash map math.square wo
    is words
    run in_bash check ""
    is $'folder\nother.yml\npool.yaml'
    run in_bash map -c po
    is pool.yaml
    run in_bash map --plugin-path ""
    is folder
}

# in_zsh WORD...: what zsh offers, its own functions being replaced.
in_zsh() {
    zsh -f -c '
        compset() { return 0 }
        _describe() { print -l -- "${(P@)2}" }
        _files() { print -- files "$@" }
        file=$1
        shift
        words=(sopool "$@") CURRENT=$(($# + 1)) PREFIX=${@[-1]}
        functions[_sopool_file]=$(<$file)
        _sopool_file' zsh "${found%/bash-completion/*}/zsh/site-functions/_sopool" "$@"
}

@test "zsh" {
    command -v zsh >/dev/null || skip "there is no zsh"
    run in_zsh sta
    is "starmap:Runs one call for each line, which has all arguments"
    run in_zsh map --progr
    has "--progress:show on standard error"
    run in_zsh map --progress ne
    is never
    run in_zsh map --progress=ne
    is never
    run in_zsh map math.squ
    has math.square:
    run in_zsh map math.square wo
    is "files"
    run in_zsh check ""
    is "files -g *.(yaml|yml)(-.)"
    run in_zsh map --plugin-path ""
    is "files -/"
    head -n 1 "${found%/bash-completion/*}/zsh/site-functions/_sopool" |
        grep -qx '#compdef sopool'
}

# in_fish LINE: what fish offers for it.
in_fish() {
    HOME=$BATS_TEST_TMPDIR fish --no-config -c '
        source $argv[1]
        complete -C $argv[2]' \
        "${found%/bash-completion/*}/fish/vendor_completions.d/sopool.fish" "$1"
}

@test "fish" {
    command -v fish >/dev/null || skip "there is no fish"
    run in_fish "sopool sta"
    is "starmap	Runs one call for each line, which has all arguments"
    run in_fish "sopool map --progr"
    has "--progress	show on standard error"
    run in_fish "sopool map --progress ne"
    is never
    run in_fish "sopool map --progress=ne"
    is --progress=never
    run in_fish "sopool map math.squ"
    has "math.square	"
    run in_fish "sopool map math.square wo"
    is words
    run in_fish "sopool check p"
    is pool.yaml
    run in_fish "sopool map --plugin-path "
    is folder/
}
