"""Measure cmlp beside its peers, all in one process and in turns.

The four IDX files of MNIST are read from the folder that CMLP_MNIST names; without it the built-in digits are used.

    python benchmarks/run.py                                  # every job, as markdown
    python benchmarks/run.py --jobs founding,image --rounds 9
    python benchmarks/run.py --json > results.json
"""

import argparse
import json
import os
import sys

import harness
import jobs
import numpy as np
import peers
from task import load_data


def main():
    arguments = parse_arguments()
    present, missing = peers.load()
    for file, complaint in missing.items():
        print(f"skipped: {file} ({complaint})", file=sys.stderr)
    context = jobs.Context(
        load_data("training"),
        load_data("test"),
        present,
        arguments.rounds,
        arguments.threads,
        harness.CLOCKS[arguments.clock],
    )
    about = harness.machine() | {"versions": [peer.version() for peer in present], "skipped": missing}
    if not arguments.json:
        print_about(about, arguments)
    results = {}
    for name in arguments.jobs:
        print(f"{name} ...", file=sys.stderr)
        result = jobs.JOBS[name](context)
        if not arguments.json:
            print(f"{result}\n", flush=True)
        results[name] = {"title": result.title, **result.figures}
    about["load average after"] = [round(load, 2) for load in os.getloadavg()]
    if arguments.json:
        settings = {key: getattr(arguments, key) for key in ("threads", "rounds", "clock")}
        print(json.dumps({"machine": about, **settings, "jobs": results}))
    else:
        print(f"Load average at the end: {about['load average after']}.")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=job_names, default=list(jobs.JOBS), help=f"of {', '.join(jobs.JOBS)}; all")
    parser.add_argument("--rounds", type=int, default=5, help="turns measured of each (default: 5)")
    parser.add_argument("--threads", type=int, choices=[1, 2], default=1, help="of the peers (default: 1)")
    parser.add_argument(
        "--clock",
        choices=list(harness.CLOCKS),
        default="wall",
        help="cpu counts the time on a processor, for machines with other work to do; with one thread (default: wall)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, with every turn, instead of tables")
    arguments = parser.parse_args()
    if arguments.clock == "cpu" and arguments.threads > 1:
        parser.error("--clock cpu counts one thread")
    return arguments


def job_names(text):
    names = text.split(",")
    unknown = [name for name in names if name not in jobs.JOBS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no such job: {', '.join(unknown)}; there are {', '.join(jobs.JOBS)}")
    return names


def print_about(about, arguments):
    caches = ", ".join(f"{name} {size}" for name, size in about["caches"].items())
    print(f"{about['cpu']}, {about['cores']} cores, {caches}. {about['platform']}.")
    print(f"{', '.join(about['versions'])}; {'; '.join(about['blas'])}.")
    print(
        f"{arguments.rounds} rounds after one that warms up, {arguments.clock} time, "
        f"load average {about['load average']}.\n"
    )


if __name__ == "__main__":
    # Naive sigmoids overflow, and only say so: that is what they do everywhere.
    with np.errstate(over="ignore"):
        main()
