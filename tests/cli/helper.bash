# helper.bash - what the tests of the command share.

bats_require_minimum_version 1.5.0

# faults COMMAND ARGUMENT...: sopool with the plugins that misbehave in reach.
faults() {
    local command=$1
    shift
    sopool "$command" --plugin-path "$SOPOOL_TEST_PLUGINS" "$@"
}

# use_installed: pkg-config then finds what this build has installed.
use_installed() {
    PKG_CONFIG_PATH=$(find "$SOPOOL_TEST_STAGE" -name pkgconfig | tr '\n' ':')
    export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR=$SOPOOL_TEST_STAGE
}

# Standard output alone is compared; standard error goes to $err.
err=$BATS_TEST_TMPDIR/err
out=$BATS_TEST_TMPDIR/out

# is TEXT: fails, showing both, unless $output is the text.
is() {
    if [ "$output" != "$1" ]; then
        printf 'expected: %s\ngot:      %s\n' "$1" "$output" >&2
        return 1
    fi
}

# has TEXT...: fails unless $output contains each text.
has() {
    local text
    for text; do
        if [[ $output != *"$text"* ]]; then
            printf 'not found: %s\nin:        %s\n' "$text" "$output" >&2
            return 1
        fi
    done
}

# ends STATUS: fails, showing what was said, unless that is $status.
ends() {
    if [ "$status" -ne "$1" ]; then
        printf 'status %s, not %s; output: %s\n' "$status" "$1" "$output" >&2
        return 1
    fi
}

# marked COMMAND...: runs it so that `leftover` knows its processes.
marked() {
    SOPOOL_TEST_MARK=$BATS_TEST_TMPDIR "$@"
}

# leftover: prints the processes of `marked` commands that are still there
# after a while.
leftover() {
    local wait found
    for wait in {1..20}; do
        # A process that ends meanwhile is no error.
        found=$(grep -slzxF "SOPOOL_TEST_MARK=$BATS_TEST_TMPDIR" \
            /proc/[0-9]*/environ || true)
        [ -n "$found" ] || return 0
        sleep 0.1
    done
    echo "left over after $wait looks:" $found
}

# signalled SIGNAL COMMAND...: sends the signal to the command once it has
# written a line, and prints how it ended, as a shell does, and its standard
# error. Its input stays open.
signalled() {
    python3 - "$@" <<'END'
import signal, subprocess, sys

number = getattr(signal, sys.argv[1])
# A shell may have made us deaf to it, and our children with us.
if number != signal.SIGKILL:
    signal.signal(number, signal.SIG_DFL)
p = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE,
                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
p.stdin.write(b"1\n")
p.stdin.flush()
p.stdout.readline()
p.send_signal(number)
try:
    p.wait(20)
except subprocess.TimeoutExpired:
    p.kill()
    print("it goes on")
    sys.exit(1)
print(128 - p.returncode if p.returncode < 0 else p.returncode)
sys.stdout.write(p.stderr.read().decode())
END
}

# on_terminal COMMAND...: runs it with standard error on a terminal of 100
# columns and standard output on $out; prints what the terminal got, carriage
# returns as newlines.
on_terminal() {
    python3 - "$out" "$@" <<'END'
import fcntl, os, pty, struct, subprocess, sys, termios

master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 25, 100, 0, 0))
with open(sys.argv[1], "wb") as out:
    p = subprocess.Popen(sys.argv[2:], stdout=out, stderr=slave)
os.close(slave)
got = b""
while True:
    try:
        piece = os.read(master, 65536)
    except OSError:
        break
    if not piece:
        break
    got += piece
p.wait()
sys.stdout.write(got.decode().replace("\r\n", "\n").replace("\r", "\n"))
sys.exit(p.returncode)
END
}

# await COMMAND...: until it succeeds; fails after 20 seconds.
await() {
    local end=$((SECONDS + 20))
    until "$@"; do
        if [ $SECONDS -gt $end ]; then
            echo "did not come: $*" >&2
            return 1
        fi
        sleep 0.05
    done
}
