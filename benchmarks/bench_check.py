"""What `cmlp.check` says of pairs and networks that it was not made for: false alarms, and faults called sound.

A third of the families of generators is held out from tuning; their figures stand by themselves. MNIST is part of it
where CMLP_MNIST names a folder with the four IDX files, Fashion-MNIST where Debian's dataset-fashion-mnist is.

    python benchmarks/bench_check.py [sound] [faulty] [networks] [--every K] [--held-out | --tuning] [--match TEXT] [-v]
"""

import argparse
import sys
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parent))

from pairs.faulty import faulty_pairs
from pairs.networks import examine_networks
from pairs.sound import sound_pairs

import cmlp

HEAD = """\
| what | number | error | warning | nothing can be said | sound | crash | costly, called sound | median |
|---|---|---|---|---|---|---|---|---|"""
COSTS = 5.0  # points from which on a fault must not be called sound


@dataclass(frozen=True)
class Result:
    """What the check said of one case.

    Attributes
    ----------
    name : str
    held_out : bool
    verdict : str
        "error", "warning", "unknown", "sound" or "crash".
    codes : tuple of str
    seconds : float
    cost : float
        Points of accuracy that the fault costs, 0 where there is none.
    """

    name: str
    held_out: bool
    verdict: str
    codes: tuple[str, ...]
    seconds: float
    cost: float = 0.0


def verdict_of(report):
    """Return the gravest word of a report."""
    gravest = max(
        (finding.severity.name.lower() for finding in report), key=("note", "warning", "error").index, default=""
    )
    if gravest in ("error", "warning"):
        return gravest
    return "sound" if "sound" in str(report) else "unknown"


def examine(case, cost=0.0):
    start = perf_counter()
    try:
        report = cmlp.check(*case.datasets(), progress=False)
    except Exception:
        return Result(
            case.name, case.held_out, "crash", (traceback.format_exc(limit=-2),), perf_counter() - start, cost
        )
    codes = tuple(f"{finding.severity.name.lower()}:{finding.code}" for finding in report)
    return Result(case.name, case.held_out, verdict_of(report), codes, perf_counter() - start, cost)


def examine_all(cases, verbose, cost=lambda case: 0.0, looked_at=()):
    results = []
    for case in cases:
        results.append(examine(case, cost(case)))
        result = results[-1]
        if verbose or result.verdict in looked_at:
            print(
                f"{result.verdict:8}{result.cost:6.1f}{result.seconds:6.1f} s  {result.name}  {' '.join(result.codes)}",
                flush=True,
            )
    return results


def table_of(kind, results):
    """Return a row of the table in the documentation for all, and one for what was held out from tuning."""
    for who, some in (("all", results), ("held out", [r for r in results if r.held_out])):
        if some:
            counts, costly = Counter(r.verdict for r in some), [r for r in some if r.cost >= COSTS]
            missed = sum(r.verdict == "sound" for r in costly)
            yield (
                f"| {kind}, {who} | {len(some)} | {counts['error']} | {counts['warning']} | {counts['unknown']} | "
                f"{counts['sound']} | {counts['crash']} | {f'{missed} of {len(costly)}' if costly else '-'} | "
                f"{sorted(r.seconds for r in some)[len(some) // 2]:.2f} s |"
            )


def chosen(cases, arguments):
    cases = [case for case in cases if arguments.match in case.name][:: arguments.every]
    if arguments.held_out or arguments.tuning:
        cases = [case for case in cases if case.held_out == arguments.held_out]
    return cases


def main(arguments):
    lines = []
    if "sound" in arguments.kinds:
        found = examine_all(
            chosen(sound_pairs(), arguments), arguments.verbose, looked_at=("error", "warning", "crash")
        )
        lines += table_of("sound pairs", found)
    if "faulty" in arguments.kinds:
        cases = chosen(faulty_pairs(), arguments)
        found = examine_all(cases, arguments.verbose, lambda case: case.cost(), ("sound", "crash"))
        lines += table_of("faulty pairs", found)
    if "networks" in arguments.kinds:
        print("\n".join(examine_networks(arguments)))
    print("\n" + HEAD)
    print("\n".join(lines))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", default=["sound", "faulty", "networks"])
    parser.add_argument("--every", type=int, default=1, help="only every K-th case")
    parser.add_argument("--held-out", action="store_true", help="only families that are held out from tuning")
    parser.add_argument("--tuning", action="store_true", help="only the others")
    parser.add_argument("--match", default="", help="only cases whose name has this text")
    parser.add_argument("-v", "--verbose", action="store_true", help="print a line for every case")
    return parser.parse_args()


if __name__ == "__main__":
    main(parse())
