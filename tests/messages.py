"""Which messages does no test expect?

A message is a string in a call of one of the functions in SPEAKERS. A test
expects it if three words of it, one after the other, stand in a test. What the
system says (strerror) and that memory ran out is not counted: faults.bats and
nomem.sh see to these.

    messages.py SOURCE      prints FILE:LINE: MESSAGE of each; exits 1 if any
"""
import re
import sys
from pathlib import Path

# What the command says, and the library to those who use the command.
FILES = """cli/*.c cli/service/*.c core/config/*.c core/plugin/*.c core/worker/chaos.c
    core/value/text.c core/pool/cause.c core/pool/dispatch.c
    core/pool/obituary.c core/pool/options.c""".split()
SPEAKERS = """message message_refuse usage unfit wrong complain wrong_value
    error_set bad broken""".split()
TESTS = "tests/*.sh tests/*/*.[ch] tests/*/*.bats tests/*/*.sh".split()

# Not worth the time that it takes.
SKIPPED = {"a worker did not get ready in time": "a minute"}

STRING = r'"(?:[^"\\\n]|\\.)*"'
TEXT = re.compile(rf"{STRING}(?:\s*(?:[A-Z][A-Za-z0-9_]+\s*)?{STRING})*")
PLACE = re.compile(r"%[-+ #0-9.*]*(?:hh|h|ll|l|z|j)?[a-zA-Z%]")


def plain(text):
    """Without the quoting of C, and with the lines joined that go on."""
    text = re.sub(r"\\\n\s*", "", text)
    text = re.sub(r'"\s*"', "", text)
    return re.sub(r"\\(.)", r"\1", text)


def arguments(code):
    """(position, what stands in the brackets) of each call of a speaker."""
    for call in re.finditer(r"\b(%s)\(" % "|".join(SPEAKERS), code):
        depth, at = 1, call.end()
        while depth > 0 and at < len(code):
            string = re.compile(STRING).match(code, at)
            if string:
                at = string.end()
                continue
            depth += {"(": 1, ")": -1}.get(code[at], 0)
            at += 1
        yield call.start(), code[call.end() : at - 1]


def messages(path):
    """(line, its longest piece that is always the same) of each message."""
    code = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", "", m[0]),
                  path.read_text(), flags=re.S)
    for at, call in arguments(code):
        if "strerror" in call:
            continue
        for text in TEXT.finditer(call):
            # A macro between two strings is a place, as in "%" PRIu64.
            joined = re.sub(r'"\s*[A-Z]\w*\s*"', "d%d", text[0][1:-1])
            pieces = [p.strip(" ;:,.'\n") for p in PLACE.split(plain(joined))]
            piece = max(pieces, key=len)
            if " " in piece and "out of memory" not in piece:
                yield code.count("\n", 0, at) + 1, piece


def expected(piece, tests):
    words = piece.split()
    runs = range(max(1, len(words) - 2))
    return any(" ".join(words[i : i + 3]) in tests for i in runs)


def main(source):
    tests = "\n".join(plain(path.read_text()) for pattern in TESTS
                      for path in source.glob(pattern))
    count = missing = 0
    for path in sorted(p for pattern in FILES for p in source.glob(pattern)):
        for line, piece in messages(path):
            count += 1
            if piece not in SKIPPED and not expected(piece, tests):
                missing += 1
                print(f"{path.relative_to(source)}:{line}: {piece}")
    print(f"{count} messages, {missing} in no test")
    return count < 100 or missing > 0


sys.exit(main(Path(sys.argv[1])))
