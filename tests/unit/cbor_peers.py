"""cbor_peers.py PROGRAM - the codec beside cbor2, both ways, byte for byte.

PROGRAM is the filter of cbor_peers.c.
"""

import math
import random
import struct
import subprocess
import sys

import cbor2

# The encoder in Python: the one in C does not shorten 32768.0 and above.
try:
    from cbor2.encoder import dumps
except ImportError:
    from cbor2._encoder import dumps

ITEMS = 3000
INTEGERS = [0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**64 - 1]
LETTERS = "az0\n\u00fc\u6c34\U00010151\ud7ff\ue000"


def run(*args, data=""):
    done = subprocess.run(args, input=data, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(args)}: exit status {done.returncode}")
    return done.stdout.splitlines()


def canonical(value):
    return dumps(value, canonical=True).hex()


def random_float(rng):
    bits = rng.getrandbits(64)
    form, width = rng.choice([("<d", 8), ("<f", 4), ("<e", 2)])
    return struct.unpack(form, struct.pack("<Q", bits)[:width])[0]


def random_text(rng):
    return "".join(rng.choices(LETTERS, k=rng.choice([0, 1, 2, 3, 9, 90])))


def random_leaf(rng):
    kind = rng.randrange(7)
    if kind == 0:
        return rng.choice(INTEGERS)
    if kind == 1:
        return -1 - (rng.getrandbits(64) >> rng.randrange(64))
    if kind == 2:
        return random_float(rng)
    if kind == 3:
        return random_text(rng)
    if kind == 4:
        return rng.randbytes(rng.choice([0, 1, 23, 24, 255, 256]))
    return rng.choice([None, False, True])


def random_value(rng, depth=0):
    kind = rng.randrange(3)
    if depth == 5 or kind == 0:
        return random_leaf(rng)
    count = rng.randrange(6)
    if kind == 1:
        return [random_value(rng, depth + 1) for _ in range(count)]
    return {random_text(rng): random_value(rng, depth + 1)
            for _ in range(count)}


def check(name, pairs):
    """Every pair (what is wanted, what came) is of equal lines."""
    wrong = [pair for pair in pairs if pair[0] != pair[1]]
    for want, got in wrong[:3]:
        print(f"# {name}: want {want[:200]}")
        print(f"# {name}: got  {got[:200]}")
    return not wrong


def they_read_ours(program):
    lines = run(program, "emit", "3", str(ITEMS))
    assert len(lines) == ITEMS
    return check("cbor2 of ours", [
        (line, canonical(cbor2.loads(bytes.fromhex(line)))) for line in lines])


def we_read_theirs(program):
    rng = random.Random(4)
    lines = [canonical(random_value(rng)) for _ in range(ITEMS)]
    lines += [canonical(x) for x in (math.nan, math.inf, -math.inf, -0.0)]
    got = run(program, "copy", data="\n".join(lines) + "\n")
    assert len(got) == len(lines)
    return check("ours of cbor2", list(zip(lines, got)))


def main():
    tests = [they_read_ours, we_read_theirs]
    failed = [t.__name__ for t in tests if not t(sys.argv[1])]
    if failed:
        sys.exit("failed: " + ", ".join(failed))


main()
