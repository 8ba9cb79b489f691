"""What Python's multiprocessing.Pool does: the lines of a file, hashed with
SHA-512 by two workers.

    pool.py FILE [CHUNKSIZE] >digests
"""
import hashlib
import multiprocessing
import sys


def digest(line):
    return hashlib.sha512(line).hexdigest()


if __name__ == "__main__":
    chunksize = int(sys.argv[2]) if len(sys.argv) > 2 else None
    with open(sys.argv[1], "rb") as file:
        lines = file.read().splitlines()
    with multiprocessing.Pool(2) as pool:
        digests = pool.map(digest, lines, chunksize)
    sys.stdout.write("\n".join(digests) + "\n")
