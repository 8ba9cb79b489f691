"""pictures.py trace FILE CALLS: is it a trace of so many calls?
pictures.py report FILE: is it a page that is whole, and needs nothing else?

Prints what the tests look at, one line each."""
import collections
import html.parser
import json
import re
import sys


def nanoseconds(us):
    return round(us * 1000)


# Between two looks at clocks a thread may have to wait for its turn.
JITTER = 5_000_000


def check_track(track, slices, names, ready):
    """A worker has a name, does one thing at a time, and is ready before."""
    assert re.fullmatch(r"worker \d+ \(pid \d+\)", names[track]), track
    slices.sort()
    assert ready <= slices[0][0] + JITTER, (track, ready, slices[0])
    for (_, end, _), (start, _, _) in zip(slices, slices[1:]):
        assert end <= start, (track, end, start)


def trace(path, calls):
    with open(path, encoding="utf-8") as file:
        events = json.load(file)
    tracks = collections.defaultdict(list)
    names, ready, count = {}, {}, collections.Counter()
    for event in events:
        kind = event["ph"]
        assert kind in "MXi" and event["pid"] > 0, event
        if kind == "M" and event["name"] == "thread_name":
            names[event["tid"]] = event["args"]["name"]
        if kind == "M" and event["name"] == "process_name":
            print("process:", event["args"]["name"])
        if kind == "i":
            assert event["ts"] >= 0 and event["s"] == "t", event
            count[event["name"]] += 1
        if kind == "i" and event["name"] == "ready":
            ready[event["tid"]] = nanoseconds(event["ts"])
        if kind == "X":
            start = nanoseconds(event["ts"])
            end = start + nanoseconds(event["dur"])
            assert 0 <= start <= end, event
            count[event["cat"]] += 1
            tracks[event["tid"]].append((start, end, event["cat"]))
        if kind == "X" and event["cat"] == "call":
            args = event["args"]
            count[args["status"]] += 1
            assert (args["status"] == "done") == ("error" not in args), event
    for track, slices in tracks.items():
        if track != 0:
            check_track(track, slices, names, ready.get(track, 0))
    assert count["call"] == calls, count
    for name in sorted(count):
        print(f"{name}: {count[name]}")


class Page(html.parser.HTMLParser):
    """What is open, and what has been said where."""

    VOID = {"meta", "br"}
    DRAWN = {"path", "rect"}  # closed by themselves
    ALLOWED = {"a", "body", "caption", "code", "dd", "div", "dl", "dt",
               "figcaption", "figure", "footer", "g", "h1", "h2", "head",
               "header", "html", "li", "main", "p", "rect", "section", "small", "span",
               "style", "svg", "table", "tbody", "td", "th", "thead", "title",
               "tr", "ul"}

    def __init__(self):
        super().__init__()
        self.open, self.count = [], collections.Counter()
        self.text, self.ids, self.uses = [], set(), set()

    def handle_startendtag(self, tag, attributes):
        assert tag in self.DRAWN, tag

    def handle_starttag(self, tag, attributes):
        self.count[tag] += 1
        for name, value in attributes:
            assert not name.startswith("on"), (tag, name)
            assert name not in ("src", "srcset", "action", "data"), (tag, name)
            assert name != "href" or value.startswith("#"), value
            if name == "id":
                assert value not in self.ids, value
                self.ids.add(value)
            if name in ("aria-labelledby", "href"):
                self.uses.add(value.lstrip("#"))
        if tag in self.VOID:
            return
        assert tag in self.ALLOWED, tag
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, (tag, self.open)

    def handle_data(self, data):
        if "style" in self.open:
            assert "url(" not in data and "@import" not in data
        elif data.strip():
            self.text.append(data.strip())


def report(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert len(text.encode()) < 2_000_000, len(text)
    assert text.startswith("<!DOCTYPE html>")
    assert not re.search(r"<script|https?://", text, re.I)
    page = Page()
    page.feed(text)
    page.close()
    assert page.open == [] and page.uses <= page.ids
    assert page.count["h1"] == 1 and page.count["h2"] >= 4
    assert all(c.isprintable() or c in "\n\u202f" for c in text)
    print(" | ".join(page.text).replace("\u202f", " "))


if sys.argv[1] == "trace":
    trace(sys.argv[2], int(sys.argv[3]))
else:
    report(sys.argv[2])
