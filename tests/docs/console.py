"""Runs every ```console block of a document and compares the output.

    console.py DOCUMENT...

The commands of a document run one after the other in one shell, in an empty
folder that is also $HOME; after one that goes on in the background (&) there is
a pause. "$ " begins a command, "> " goes on with it; the
lines below are its output, where a line "..." stands for any lines and "..."
inside a line for any text. What goes to standard error comes last. Each command
is one test, reported by TAP.
"""
import os
import re
import subprocess
import sys
import tempfile


def blocks(path):
    inside, lines = False, []
    for line in open(path, encoding="utf-8"):
        line = line.rstrip("\n")
        if line == "```console":
            inside, lines = True, []
        elif line == "```" and inside:
            inside = False
            yield lines
        elif inside:
            lines.append(line)


def commands(path):
    """Pairs of a command and its expected output."""
    for lines in blocks(path):
        command, output = None, []
        for line in lines:
            if line.startswith("$ "):
                if command is not None:
                    yield command, output
                command, output = line[2:], []
            elif line.startswith(">") and not output:
                command += "\n" + line[2:]
            else:
                output.append(line)
        if command is not None:
            yield command, output


def pattern(lines):
    text = ""
    for line in lines:
        if line == "...":
            text += r"(?:[^\n]*\n)*?"
        else:
            text += ".*".join(map(re.escape, line.split("..."))) + "\n"
    return re.compile(text)


def run_all(all_commands, folder):
    """What each of the commands has printed."""
    script = []
    with tempfile.TemporaryDirectory(prefix="sopool-console-") as files:
        for number, command in enumerate(all_commands):
            name = os.path.join(files, str(number))
            with open(name, "w", encoding="utf-8") as file:
                file.write(command + "\n")
            script.append(f". {name} >{name}.out 2>{name}.err </dev/null")
            if command.endswith("&"):
                script.append("sleep 2")
        subprocess.run(["bash", "-c", "\n".join(script)], cwd=folder,
                       env=dict(os.environ, HOME=folder), timeout=600,
                       stdin=subprocess.DEVNULL)
        for number, _ in enumerate(all_commands):
            printed = b""
            for kind in "out", "err":
                name = os.path.join(files, f"{number}.{kind}")
                if os.path.exists(name):
                    with open(name, "rb") as file:
                        printed += file.read()
            yield printed.decode()


def main():
    number = failed = 0
    for path in sys.argv[1:]:
        with tempfile.TemporaryDirectory(prefix="sopool-docs-") as folder:
            pairs = list(commands(path))
            outputs = run_all([command for command, _ in pairs], folder)
            for (command, expected), got in zip(pairs, outputs):
                number += 1
                good = pattern(expected).fullmatch(got) is not None
                failed += not good
                title = command.split("\n")[0].replace("#", "")
                print("ok" if good else "not ok", number, "-", title)
                if not good:
                    print("# expected:", *expected, sep="\n#   ")
                    print("# got:", *got.splitlines(), sep="\n#   ")
    print(f"1..{number}")
    return 1 if failed or number == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
