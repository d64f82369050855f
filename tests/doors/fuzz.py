"""Try the doors of cmlp with arrays of every kind, case by case, each reproducible by its number.

Usage: python -m doors.fuzz WHICH FIRST COUNT FILE, where WHICH is networks or estimators. What is wrong is printed as
JSON, a line for each case; FILE holds the case under way, so that one knows it after a crash.
"""

import json
import os
import sys
import warnings
from collections import Counter

import numpy as np
from doors.arrays import memory_of
from doors.rules import Refused, Unsaid

KINDS = ("networks", "estimators")
MOST = 20  # complaints, after which it is enough


def cases_of(which, number):
    """Yield the cases of a number, of which there are several for the calls of one estimator."""
    rng = np.random.default_rng([KINDS.index(which), number])
    if which == "networks":
        from doors.networks import Doors

        yield from Doors(rng).cases()
    else:
        from doors.estimators import Sequence

        yield from Sequence(rng).cases()


def attempt(case):
    """Make the call of a case, and return how it ended: as "accepted", "refused" or "unsaid"; else complain."""
    before, state = [memory_of(each.value) for each in case.given], case.state()
    try:
        with np.errstate(all="ignore"):
            expected, wanted = case.rule(), "accepted"
    except Refused as error:
        wanted = f"refused ({error})"
    except Unsaid:
        wanted = "unsaid"
    try:
        found, outcome = case.call(), "accepted"
    except case.errors as error:
        outcome = "refused"
        assert str(error) and not (case.one_sentence and "\n" in str(error)), "an error must be a sentence"
        assert wanted != "accepted", f"refused: {error}"
        same = case.state() == state
        assert same or case.may_change or wanted == "unsaid", f"refused ({error}), and yet changed"
    else:
        assert not wanted.startswith("refused"), f"accepted, but to be {wanted}"
        if wanted == "accepted":
            case.verify(found, expected)
    assert [memory_of(each.value) for each in case.given] == before, "an argument has changed"
    return "unsaid" if wanted == "unsaid" else outcome


def run(which, first, count, path):
    """Try cases, and print complaints and how often each end was seen."""
    seen, complaints = Counter(), 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number in range(first, first + count):
        for case in cases_of(which, number):
            text = f"{which} {number}: {case}".encode()
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, text, 0)
            try:
                seen[case.name, attempt(case)] += 1
            except Exception as error:
                complaint = f"{type(error).__name__}: {error}"[:500]
                print(json.dumps({"case": text.decode(), "complaint": complaint}), flush=True)
                complaints += 1
                break
        if complaints >= MOST:
            break
    print(json.dumps({"seen": sorted([*key, value] for key, value in seen.items())}))


if __name__ == "__main__":
    which, first, count, path = sys.argv[1:]
    warnings.simplefilter("ignore")
    if which == "networks":
        warnings.simplefilter("error", RuntimeWarning)
    run(which, int(first), int(count), path)
