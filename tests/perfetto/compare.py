"""Does Perfetto find in a trace what is in its file? In TAP.

    compare.py TRACE        with ./trace_processor_shell

A duration Perfetto takes as a double, times 1000, and cuts off what is below a
nanosecond, which may make it one less.
"""
import collections, csv, json, subprocess, sys
from decimal import Decimal

path = sys.argv[1]


def ask(query):
    with open("query.sql", "w") as file:
        file.write(query)
    run = subprocess.run(
        ["./trace_processor_shell", "-q", "query.sql", path],
        capture_output=True, encoding="utf-8")
    if run.returncode != 0:
        sys.exit(run.stderr)
    return list(csv.reader(run.stdout.splitlines()))[1:]


def tell(fine, what, *details):
    print("ok 1 - " if fine else "not ok 1 - ", what, sep="")
    for detail in details:
        print("#", detail)


def same(what, found, there):
    tell(found == there, f"{what}: {sum(found.values())} of {sum(there.values())}",
         *[f"only the file has {item}" for item in list((there - found).items())[:5]],
         *[f"only Perfetto has {item}" for item in list((found - there).items())[:5]])


# What is in the file: an event a line, of which the last may be cut off.
events = []
for line in open(path, encoding="utf-8"):
    try:
        events.append(json.loads(line.strip().rstrip(","), parse_float=Decimal))
    except ValueError:
        pass
processes = {e["pid"]: e["args"]["name"] for e in events
             if e["ph"] == "M" and e["name"] == "process_name"}
threads = {(e["pid"], e["tid"]): e["args"]["name"] for e in events
           if e["ph"] == "M" and e["name"] == "thread_name"}


def value(it):
    if isinstance(it, Decimal):
        return f"{it:.6f}"
    return it.encode().hex() if isinstance(it, str) else str(it)


def track(event):
    return (processes[event["pid"]], threads[event["pid"], event["tid"]])


drawn = [e for e in events if e["ph"] in "Xi"]
there = collections.defaultdict(list)
for e in drawn:
    args = sorted(("args." + key, value(it)) for key, it in e.get("args", {}).items())
    there[(*track(e), e["cat"], e["name"], *args)].append(
        (int(e["ts"] * 1000), int(e.get("dur", 0) * 1000)))

# What is in Perfetto's tables, where a mark is a slice, too, of no duration.
args = collections.defaultdict(list)
for number, key, it in ask("""
        select arg_set_id, key, case value_type when 'string'
            then lower(hex(string_value)) when 'real' then real_value
            else int_value end
        from args"""):
    args[number].append((key, it))
slices = ask("""
    select process.name, thread.name, slice.category, slice.name,
        slice.arg_set_id, slice.ts, slice.dur, slice.track_id
    from slice join thread_track on slice.track_id = thread_track.id
        join thread using (utid) join process using (upid)""")
found = collections.defaultdict(list)
for process, thread, cat, name, number, ts, dur, _ in slices:
    found[(process, thread, cat, name, *sorted(args.get(number, [])))].append(
        (int(ts), int(dur)))
# Those within others, and by how much they outlast them.
inner = [(*names, int(by)) for *names, by in ask("""
    select inner.name, outer.name,
        inner.ts + inner.dur - outer.ts - outer.dur
    from slice as inner join slice as outer on inner.parent_id = outer.id""")]

errors = ask("""select name, severity, value from stats
    where value > 0 and severity in ('error', 'data_loss')""")
tell(not errors, "Perfetto opens it without an error", *errors)
same("tracks",
     collections.Counter(names[:2] for names in {(s[0], s[1], s[7]) for s in slices}),
     collections.Counter(track(dict(pid=pid, tid=tid)) for pid, tid in
                         {(e["pid"], e["tid"]) for e in drawn}))
for kind in sorted({(e["cat"], e["name"]) for e in drawn}):
    same(", ".join(kind),
         collections.Counter(kind for s in slices if (s[2], s[3]) == kind),
         collections.Counter(kind for e in drawn if (e["cat"], e["name"]) == kind))
same("all of them with their tracks and arguments",
     collections.Counter({key: len(them) for key, them in found.items()}),
     collections.Counter({key: len(them) for key, them in there.items()}))
times = [(key[:4], mine, its) for key in there
         for mine, its in zip(sorted(there[key]), sorted(found[key]))]
off = [item for item in times if item[1] != item[2]]
far = [item for item in off if item[1][0] != item[2][0]
       or not 0 <= item[1][1] - item[2][1] <= 1]
tell(not far, f"their times, but for {len(off)} that last a nanosecond less", *far[:5])
overlaps = [item for item in inner if item[-1] > 0]
tell(not overlaps, "none ends after one that it is within; such there are: "
     f"{len(inner)}", *overlaps[:5])
for names, count in collections.Counter(item[:2] for item in inner).items():
    print("#", names[0], "in", names[1] + ":", count)
