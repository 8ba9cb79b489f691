#!/usr/bin/env bats
# sopool inspect: what a plugin's file is, and whether a pool can use it.

load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    chmod 755 .
}

# shared FILE.so FLAG...: a shared object from the lines on stdin.
shared() {
    local file=$1
    shift
    cat >"${file%.so}.c"
    # Unquoted: the compiler may have flags.
    (umask 022 && ${SOPOOL_TEST_CC%% *} -I"$SOPOOL_TEST_SOURCE/sdk/include" \
        -shared -fPIC -o "$file" "${file%.so}.c" "$@")
}

# plugin FLAG...: hello.so, which calls helped() if it is told to.
plugin() {
    shared hello.so "$@" <<'END'
#include <sopool/task.h>
#ifdef HELPED
int helped(void);
#else
#define helped() 1
#endif
SOPOOL_TASK(twice, i64, "Twice x.", (i64, x))
{
    (void)call;
    *out = a->x * 2 * helped();
    return SOPOOL_OK;
}
SOPOOL_PLUGIN(hello, "2.5", twice);
END
}

@test "a plugin that can be used" {
    plugin -O2 -Wl,-z,now
    run sopool inspect hello.so
    ends 0
    has "file        hello.so" "name        hello" "version     2.5" \
        "abi         1." "trust       ok" \
        "tasks       hello.twice (x: i64) -> i64 Twice x." "needs       " \
        "no function looks for an overrun: -fstack-protector-strong"
    [[ $output != *"addresses are looked up as they are used"* ]]
    [[ $output != *unresolved* ]]
    plugin -O2
    run sopool inspect hello.so
    has "addresses are looked up as they are used: link with -Wl,-z,now"
}

@test "--json" {
    plugin -Wl,-z,now -Wl,--build-id=0x1234
    run sopool inspect --json ./hello.so
    ends 0
    python3 - "$output" <<'END'
import json, sys
is_ = json.loads(sys.argv[1])
assert is_["file"] == "./hello.so" and is_["name"] == "hello", is_
assert is_["version"] == "2.5" and is_["abi"].startswith("1."), is_
assert is_["build_id"] == "1234" and is_["refused"] is None, is_
assert is_["usable"] is True and is_["unresolved"] == [], is_
assert is_["tasks"] == [{"name": "hello.twice", "signature": "(x: i64) -> i64",
                         "doc": "Twice x."}], is_
assert is_["hardening"]["now"] and not is_["hardening"]["textrel"], is_
assert all(lib["file"].startswith("/") for lib in is_["needs"]), is_
END
}

@test "a symbol that no library has" {
    run faults inspect "$SOPOOL_TEST_PLUGINS/unlinked.so"
    ends 2
    has "unknown option '--plugin-path'"
    run sopool inspect "$SOPOOL_TEST_PLUGINS/unlinked.so"
    ends 1
    has "unresolved  sopool_test_nobody_has_this"
    # The command has it, but who runs the plugin has not.
    shared hello.so <<'END'
#include <sopool/task.h>
void *json_object_new_object(void);
SOPOOL_TASK(one, bool, "", (i64, x))
{
    (void)call;
    *out = json_object_new_object() != a;
    return SOPOOL_OK;
}
SOPOOL_PLUGIN(hello, "1", one);
END
    run sopool inspect hello.so
    ends 1
    has "unresolved  json_object_new_object"
}

@test "libraries of its own: there, elsewhere, and gone" {
    shared libhelper.so <<<'int helped(void); int helped(void) { return 1; }'
    plugin -DHELPED -L. -lhelper -Wl,-rpath,'$ORIGIN'
    run sopool inspect hello.so
    ends 0
    has "needs       libhelper.so  ./libhelper.so" 'runpath     $ORIGIN'
    run sopool inspect "$PWD/hello.so"
    ends 0
    has "libhelper.so  $PWD/libhelper.so"
    plugin -DHELPED -L. -lhelper
    run sopool inspect hello.so
    ends 1
    has "libhelper.so  NOT FOUND" "unresolved  helped"
    run sopool inspect --json hello.so
    ends 1
    has '{"name":"libhelper.so","file":null}' '"usable":false' '["helped"]'
}

@test "a library that dies as it is opened takes nothing with it" {
    shared libhelper.so <<'END'
#include <stdlib.h>
int helped(void);
int helped(void) { return 1; }
__attribute__((constructor)) static void die(void) { abort(); }
END
    plugin -DHELPED -L. -lhelper -Wl,-rpath,'$ORIGIN'
    run sopool inspect hello.so
    ends 2
    has "hello.so: opening the libraries that it needs ended in SIGABRT"
    shared libhelper.so <<'END'
#include <unistd.h>
int helped(void);
int helped(void) { return 1; }
__attribute__((constructor)) static void leave(void) { _exit(7); }
END
    run sopool inspect hello.so
    ends 2
    has "hello.so: the libraries that it needs cannot be looked at"
}

@test "who may have written it" {
    plugin
    chmod go+w hello.so
    run sopool inspect hello.so
    ends 1
    has "trust       ./hello.so: refused, because its group and everybody may \
write to it; run: chmod go-w './hello.so'" "hello.twice"
    chmod go-w hello.so
    chmod o+w .
    run sopool inspect "$PWD/hello.so"
    ends 1
    has "trust       $PWD: refused, because everybody may write to it"
    run sopool inspect --json hello.so
    ends 1
    has '"refused":".: refused, because everybody may write to it'
}

@test "what is no plugin" {
    run sopool inspect
    ends 2
    has "inspect takes one plugin's file, not 0"
    run sopool inspect none.so
    ends 2
    has "cannot open the plugin none.so: No such file or directory"
    run sopool inspect .
    ends 2
    has ".: not a file"
    run sopool inspect /bin/sh
    ends 2
    has "/bin/sh: "
    echo 'no plugin' >text.so
    run sopool inspect text.so
    ends 2
    has "text.so: not an ELF file"
    shared empty.so <<'END'
#include <sopool/abi.h>
static const struct {
    sopool_record head;
    char texts[8];
} record __attribute__((used, section("sopool_manifest"), aligned(4))) = {
    {SOPOOL_RECORD_MAGIC, sizeof(sopool_record) + 8, SOPOOL_RECORD_PLUGIN,
     SOPOOL_ABI_MAJOR << 16},
    "empty\0001"};
END
    run sopool inspect empty.so
    ends 2
    has "empty.so: a plugin without a task"
}

@test "a file that is damaged, anywhere" {
    plugin
    python3 - <<'END'
import random, subprocess
with open("hello.so", "rb") as file:
    good = file.read()
random.seed(1)
for i in range(60):
    bad = bytearray(good)
    for _ in range(random.choice((1, 5, 50))):
        bad[random.choice((random.randrange(len(bad)), random.randrange(64)))] \
            = random.randrange(256)
    if i % 5 == 0:
        del bad[random.randrange(len(bad)):]
    with open("bad.so", "wb") as file:
        file.write(bad)
    run = subprocess.run(["sopool", "inspect", "bad.so"], capture_output=True)
    assert run.returncode in (0, 1, 2), (i, run)
    assert run.returncode < 2 or run.stderr, (i, run)
END
}
