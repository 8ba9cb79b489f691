#!/usr/bin/python3
"""Calls a service from Python, without any library: see docs/service.md.

    sopool serve --name default &
    examples/service.py $XDG_RUNTIME_DIR/sopool-services/default.sock 1 2 3

prints the squares of the numbers. All requests are sent at once, so that all
workers have something to do; answers come as they are there.
"""
import json
import socket
import sys


def call_all(path, method, inputs):
    """The results of one call for each of the inputs, in their order."""
    with socket.socket(socket.AF_UNIX) as service:
        service.connect(path)
        lines = service.makefile("rw", encoding="utf-8")
        for index, params in enumerate(inputs):
            json.dump({"jsonrpc": "2.0", "id": index, "method": method,
                       "params": params}, lines)
            lines.write("\n")
        lines.flush()
        answers = sorted((json.loads(lines.readline()) for _ in inputs),
                         key=lambda answer: answer["id"])
    for answer in answers:
        if "error" in answer:
            sys.exit(f"service.py: {answer['error']['message']}")
    return [answer["result"] for answer in answers]


if __name__ == "__main__":
    numbers = [[int(word)] for word in sys.argv[2:]]
    for square in call_all(sys.argv[1], "math.square", numbers):
        print(square)
