"""What docs/performance.md shows of each bench, in the order of the page. How the benches work is in bench/README.md."""

from bench import layout, plots, results
from bench.layout import Bars, Column, Curves, Section, Table
from bench.plots import Limit
from bench.results import Results

HEAD = """
# Performance

<!-- Written by `make performance` from the files in bench/saved. Edit bench/sections.py instead. -->

How fast the webhook is, next to what else there is, and how its cost grows. Every figure comes from a file that a bench has written;
[bench/README.md](../bench/README.md) says how each bench works and what its rows are.

`make bench-all` measures everything again, saves it and writes this page, in less than half an hour on two cores.
`python -m bench.throughput --compare bench/saved/throughput.json` compares a run with what is saved, on any machine: only ratios within
a run and amounts are compared, and a difference within the spread of the rounds does not count.

A figure is the median of the rounds, with the lowest and the highest round in parentheses. The rows of a table take turns in each
round, so compare them by their ratios: these are taken within each round, and the machine's speed cancels out. Where two ranges
overlap, the figures do not show a difference.
"""

NOT_SHOWN = """
What the page does not show:

- **A network.** Servers, clients and API server talk over loopback on one machine. A real API server is a network away, which adds the
  same to every webhook.
- **Several cores.** A replica is one process on one core. More replicas serve more; how much more, nobody measured here.
- **A quiet machine.** What else ran on it, nobody knows for sure. This is why there are ranges.
- **Real workloads.** Pods are recorded reviews of the built-in runtimes. No kubelet runs them, and where a section says so, a stand-in takes
  the place of a controller or of an API server.
- **Your configuration.** Templates with long loops cost more; the section on the worst bodies says how much at most.
"""


def _engines(found: Results) -> str:
    """Return the table of template engines: a row for each kind of work."""
    lines = ["| work | Go µs | ours µs | gotpl µs | ours ÷ Go | gotpl ÷ ours |", "|---|---:|---:|---:|---:|---:|"]
    for measure in dict.fromkeys(series.measure for series in found.series):
        cells = [layout.figure(results.find(found, engine, measure).values) for engine in ("Go", "ours", "gotpl")]
        pairs = ("ours", "Go"), ("gotpl", "ours")
        cells += [layout.figure(results.ratio(found, name, base, measure)) for name, base in pairs]
        lines.append(f"| {measure.removesuffix(' µs')} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _growth(found: Results) -> str:
    """Return the table of what grows in a soak."""
    lines = ["| of that replica | after the warm-up | at the end | more each hour |", "|---|---:|---:|---:|"]
    values = {(one.name, one.measure): one.values[0] for one in found.series if one.x is None}
    for name, measure in values:
        if measure.endswith(" more each hour"):
            unit = measure.removesuffix(" more each hour")
            begin, end = (plots.number(values[name, f"{unit} {when}"]) for when in ("after the warm-up", "at the end"))
            more, margin = (plots.number(values[name, one]) for one in (measure, f"{measure}, margin"))
            what = name if unit == "count" else f"{name}, {unit}"
            lines.append(f"| {what} | {begin} | {end} | {more} ± {margin} |")
    return "\n".join(lines)


_PER_SECOND = "requests/s"
_CPU = "CPU µs per request"

THROUGHPUT = Section(
    "throughput",
    "Requests per second",
    "make bench",
    """
A server on one core answers `/mutate` over TLS, and the load keeps the other core busy. "constant" answers without looking at the
body, so it is what HTTP and TLS alone allow; "no-op webhook" reads the review and allows it, the least that an API server accepts.
"ours" gets pods of which no two are equal; "ours, pods of one controller" gets pods that differ only as the pods of a Deployment or Job
do, so that all but the first two get a remembered verdict. The CPU time is that of the server, and depends least on what else the machine does.
""",
    (
        Bars(
            "",
            "Requests per second, divided by those of a constant answer",
            "ratio by pair of rounds: median, and lowest to highest",
            _PER_SECOND,
            "constant",
        ),
        Table(
            (
                Column("requests/s", _PER_SECOND),
                Column("÷ constant", _PER_SECOND, "constant"),
                Column("÷ no-op webhook", _PER_SECOND, "no-op webhook"),
                Column("CPU µs", _CPU),
                Column("CPU ÷ no-op webhook", _CPU, "no-op webhook"),
            ),
            "server",
        ),
        Table((Column("µs", "part of a request µs"),), "part of a request, measured alone"),
    ),
)

PEERS = Section(
    "peers",
    "The same job done by others",
    "make bench-peers",
    """
Other webhooks that render the same pod: the same volumes, command, variables and image, and a record of similar size. They get the
same requests in the same run. Ours remembers verdicts about pods of one controller, and the others do not; the rows without "pods of
one controller" are about pods that are all different. "ours ÷ this" compares with ours in the row for the same pods: above 1, ours answers
more requests, or uses more CPU time.
""",
    (
        Bars("", "Requests per second", "requests/s: median, and lowest to highest round", _PER_SECOND),
        Table(
            (
                Column("requests/s", _PER_SECOND),
                Column("ours ÷ this", _PER_SECOND, over_this=True),
                Column("÷ constant", _PER_SECOND, "constant"),
                Column("CPU µs", _CPU),
                Column("ours ÷ this, CPU", _CPU, over_this=True),
                Column("resident MiB after it", "resident MiB after the load"),
            ),
            "server",
        ),
        Table((Column("s", "start to first answer s"),), "from the start to the first answer"),
    ),
)

TAILS = Section(
    "tails",
    "The slowest requests",
    "make bench-tails",
    """
Requests arrive at a fixed rate, half of what saturates the server, whether or not earlier ones have been answered. The time of each
counts from when it should have been sent, so a server that stops for a while pays for every request that had to wait. Meanwhile
the file with 3,000 runtimes, 1 MiB, is edited each second, or somebody else sends pods whose templates use up the budget of a request.
"Reloads in one piece" is what they were before: the configuration is read in a thread without pauses. How long a reload holds the event
loop at most is measured apart, as CPU time of the process, which a busy machine changes least.
""",
    (
        Bars("", "99.9 % of the requests are answered within", "ms: median, and lowest to highest round", "p99.9 ms"),
        Table(
            (
                Column("p50 ms", "p50 ms"),
                Column("p99 ms", "p99 ms"),
                Column("p99.9 ms", "p99.9 ms"),
                Column("longest ms", "longest ms"),
                Column("ms until an edit is in use", "ms until an edit is in use"),
                Column("edits in use", "edits in use"),
            ),
            "meanwhile",
        ),
        Table(
            (
                Column("loop held at most, ms", "loop held at most ms"),
                Column("CPU ms of a reload", "CPU ms of a reload"),
            ),
            "a reload",
        ),
    ),
)

_CLIENTS = "clients"

CLUSTER = Section(
    "cluster",
    "Pods created through an API server",
    "make bench-cluster",
    """
Clients create pods through a real API server, each the next one as soon as it has the answer. "policy, one annotation" is a
MutatingAdmissionPolicy, which the API server evaluates itself: the least that any change of a pod costs. "webhook, one annotation" does
the same from outside. "ready patch" is a webhook that answers with our patch, computed in advance: the cost of changing a pod so much,
whichever webhook does it. API server, etcd, webhook and clients share the cores, so with 16 clients each millisecond of CPU time lowers a
row's rate, whichever process uses it.
""",
    (
        Bars("1", "Pods per second, 1 client", "pods/s: median, and lowest to highest round", "pods/s", x=1),
        Bars("16", "Pods per second, 16 clients", "pods/s: median, and lowest to highest round", "pods/s", x=16),
        Table(
            (
                Column("pods/s", "pods/s"),
                Column("÷ no webhook", "pods/s", "no webhook"),
                Column("÷ policy", "pods/s", "policy, one annotation"),
                Column("÷ no-op webhook", "pods/s", "no-op webhook"),
                Column("÷ ready patch", "pods/s", "ready patch"),
                Column("p50 ms", "p50 ms"),
                Column("added", "p50 ms", added_to="no webhook"),
                Column("p99 ms", "p99 ms"),
                Column("added", "p99 ms", added_to="no webhook"),
                Column("API server CPU ms", "API server CPU ms per pod"),
                Column("webhook CPU ms", "webhook CPU ms per pod"),
            ),
            x=_CLIENTS,
        ),
    ),
    """
"added" is the median of the differences from "no webhook" in the same round.
""",
)

_SIZES = {
    "runtimes": ("runtimes, (one|all) in use", "Time of a decision, by runtimes in the configuration", "runtimes"),
    "containers": ("containers", "Time of a decision, by containers of the pod", "containers"),
    "workloads": ("followed workloads", "Time of a decision, by followed workloads", "followed workloads"),
}

SCALE = Section(
    "scale",
    "Many pods, and cost as the work grows",
    "make bench-scale",
    """
Pods as controllers create them, through a real API server that calls two replicas behind a Service. In the middle, one replica ends: killed
without warning, or replaced as in a roll-out. An API server does not repeat a request whose connection breaks, so what a killed
replica was working on fails, whatever a webhook does; it is counted apart.

After that, what a decision about a pod that was never seen before costs, as there are more runtimes, containers and followed workloads.
""",
    (
        *(
            Table(first="pods, and a replica that ends", names=f".*a replica is {end}", across=True)
            for end in ("killed", "replaced")
        ),
        *(
            Curves(name, title, axis, "CPU time, µs", "decision µs", names=names)
            for name, (names, title, axis) in _SIZES.items()
        ),
        *(
            Table(
                (
                    Column("decision µs", "decision µs"),
                    Column("resident MiB", "resident MiB"),
                    Column("at most", "most resident MiB"),
                    Column("start s", "start s"),
                    Column("start CPU s", "start CPU s"),
                    Column("counted after s", "counted after s"),
                ),
                names=f"{name}.*",
                x="size",
            )
            for name in ("runtimes", "containers", "followed workloads")
        ),
    ),
)

WORKLOADS = Section(
    "workloads",
    "Followed workloads",
    "make bench-workloads",
    """
What `--follow-workloads` costs a server: its memory, how long it takes until all are counted, and how long admissions take meanwhile,
one after the other. A stand-in for the API server serves the pods. Pages are requested three times in two seconds at most, which determines
how long counting takes. How long the loop is held is CPU time.
""",
    (
        Table(
            (
                Column("resident MiB", "resident MiB"),
                Column("at most", "most resident MiB"),
                Column("counted after s", "counted after s"),
                Column("p50 ms", "p50 ms"),
                Column("p99 ms", "p99 ms"),
                Column("p99.9 ms", "p99.9 ms"),
                Column("longest", "longest ms"),
            ),
            x="pods",
        ),
        Table((Column("ms", "held ms"),), "the loop is held for"),
    ),
)

TEMPLATES = Section(
    "templates",
    "Templates",
    "make bench-templates",
    """
The published vllm-cpu template in our engine, in Go itself, and in [gotpl](https://pypi.org/project/gotpl/), another implementation in
pure Python. All three must give the same output. Templates are compiled once, when a configuration is loaded, and rendered for each pod.
""",
    (_engines,),
)

LIMIT_MS = 50

WORST = Section(
    "worst bodies",
    "The worst bodies",
    "make bench-worst",
    """
How long one decision holds the server's loop, as CPU time, for bodies in which one list or map that a workload can fill takes up nearly
all of the room: 1 MB, or as much of it as is not denied because of its size. The limit is 50 ms for 1 MB. Requests that wait for such
a decision take that much longer.
""",
    (
        Curves(
            "",
            "How long the bodies hold the loop",
            "percent of all bodies that hold it for less",
            "ms",
            "held ms",
            names="all bodies",
            limit=Limit(LIMIT_MS, f"limit: {LIMIT_MS} ms for 1 MB"),
        ),
        Table(
            (Column("ms", "held ms"), Column("bytes", "body bytes")),
            "the slowest bodies",
            names="(?!all bodies).*",
        ),
        Table((Column("ms", "budget ms"),), "templates that use up the steps of a request"),
    ),
)

SOAK = Section(
    "soak",
    "A long time with everything at once",
    "make soak",
    """
Two replicas behind a Service, and a real API server. All the while, serving certificates and the CA are renewed, the agent configuration is
edited, and one replica is replaced as in a roll-out. The load sends pods, groups, updates, what must be denied, and garbage, which must be
refused. A request fails if its answer is missing or is another one than that. The other replica lives from the beginning to the end, and
its growth is what is shown. The first quarter of the time is a warm-up.
""",
    (
        Table((Column("sent", "requests count"), Column("failed", "requests failed")), "requests"),
        Table((Column("times", "count"),), "meanwhile"),
        Curves("memory", "Memory of the replica that lived throughout", "minutes", "MiB", "MiB over time", times=True),
        Curves(
            "counts", "Descriptors and threads of the same replica", "minutes", "count", "count over time", times=True
        ),
        _growth,
    ),
    """
The margin holds the true growth with 95 % probability, if it is steady. Growth that is smaller than its margin is not distinguishable
from none.
""",
)

SECTIONS = (THROUGHPUT, PEERS, TAILS, CLUSTER, SCALE, WORKLOADS, TEMPLATES, WORST, SOAK)
"""Of the page, in its order."""
