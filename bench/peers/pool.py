"""What Python's multiprocessing.Pool does in the scenarios of bench/run, with
two workers. Prints one number, or, for `hash`, the digests.

    pool.py hash FILE [CHUNKSIZE]
    pool.py apply COUNT | map COUNT CHUNKSIZE | echo MIB | start | retire COUNT
"""
import hashlib
import multiprocessing
import sys
import time


def digest(line):
    return hashlib.sha512(line).hexdigest()


def noop(x):
    return x


def triple(x):
    return x * 3


def hash_lines(path, chunksize=None):
    with open(path, "rb") as file:
        lines = file.read().splitlines()
    with multiprocessing.Pool(2) as pool:
        digests = pool.map(digest, lines, chunksize and int(chunksize))
    sys.stdout.write("\n".join(digests) + "\n")


def apply(count):
    """Nanoseconds of a round trip."""
    with multiprocessing.Pool(2) as pool:
        pool.apply(noop, (1,))
        began = time.perf_counter()
        for i in range(int(count)):
            pool.apply(noop, (i,))
        return (time.perf_counter() - began) * 1e9 / int(count)


def map_triple(count, chunksize):
    """Nanoseconds for an item."""
    inputs = list(range(int(count)))
    with multiprocessing.Pool(2) as pool:
        pool.map(triple, inputs[:100])
        began = time.perf_counter()
        pool.map(triple, inputs, int(chunksize))
        return (time.perf_counter() - began) * 1e9 / len(inputs)


def echo(mib):
    """Milliseconds for that much data to a task and back."""
    data = bytes(int(mib) << 20)
    with multiprocessing.Pool(2) as pool:
        pool.apply(noop, (data[:1000],))
        began = time.perf_counter()
        pool.apply(noop, (data,))
        return (time.perf_counter() - began) * 1e3


def start():
    """Milliseconds from nothing to the first result."""
    began = time.perf_counter()
    with multiprocessing.Pool(2) as pool:
        pool.apply(noop, (1,))
        return (time.perf_counter() - began) * 1e3


def retire(count):
    """Calls a second when each gets a worker of its own."""
    with multiprocessing.Pool(2, maxtasksperchild=1) as pool:
        began = time.perf_counter()
        pool.map(noop, range(int(count)), 1)
        return int(count) / (time.perf_counter() - began)


SCENARIOS = {"apply": apply, "map": map_triple, "echo": echo, "start": start,
             "retire": retire}

if __name__ == "__main__":
    if sys.argv[1] == "hash":
        hash_lines(*sys.argv[2:])
    else:
        print(f"{SCENARIOS[sys.argv[1]](*sys.argv[2:]):.3f}")
