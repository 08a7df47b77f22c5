"""``python -m bench.everything``: run every bench, save the results in bench/saved, and write docs/performance.md.

A bench that fails is reported at the end, and the others go on. The soak is not part of it, because it takes half an hour alone.
"""

import argparse
import subprocess
import sys
import time

from bench import page

#: By the name of its file: the module of each bench, with its options; GO stands for the Go command. The options make all of them
#: together take no more than half an hour; rounds are left as they are, since their number decides what can be told apart.
BENCHES = {
    "throughput": ["bench.throughput", "--seconds", "1"],
    "peers": ["bench.peers", "--seconds", "1", "--starts", "3"],
    "tails": ["bench.tails", "--seconds", "6"],
    "cluster": ["bench.cluster", "--seconds", "1"],
    "scale": ["bench.scale"],
    "workloads": ["bench.workloads"],
    "templates": ["bench.templates", "--go", "GO"],
    "worst-bodies": ["bench.worst_bodies"],
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--go", default="go", help="the Go command; `make bench-all` installs one")
    parser.add_argument("--only", action="append", choices=BENCHES, help="run this bench; may be repeated")
    arguments = parser.parse_args()
    page.SAVED.mkdir(exist_ok=True)
    failed = []
    chosen = arguments.only or list(BENCHES)
    started = time.monotonic()
    for number, name in enumerate(chosen, 1):
        words = [arguments.go if word == "GO" else word for word in BENCHES[name]]
        print(f"[{number}/{len(chosen)}, minute {(time.monotonic() - started) / 60:.0f}] {name}", flush=True)
        began = time.monotonic()
        command = [sys.executable, "-m", *words, "--save", str(page.SAVED / f"{name}.json")]
        if status := subprocess.run(command, check=False, cwd=page.ROOT).returncode:
            failed.append(f"{name}: exit status {status} of {' '.join(command[1:])}")
        print(f"{name} took {(time.monotonic() - began) / 60:.1f} minutes", flush=True)
    page.main([])
    for failure in failed:
        print(failure, file=sys.stderr)
    print(f"done in {(time.monotonic() - started) / 60:.0f} minutes")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
