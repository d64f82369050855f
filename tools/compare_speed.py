"""Compare the speed of two builds of cmlp, in turn: ``python tools/compare_speed.py ROUNDS FOLDER FOLDER``.

Each folder holds a compiled package. Printed are the medians of the rounds, and of their ratios, for one image and for
an epoch of the built-in digits, whose networks are so small that most of the time is Python's.
"""

import json
import os
import statistics
import subprocess
import sys

MEASURE = """
import json, time
import cmlp
train, test = cmlp.load_digits()
network = cmlp.Network([64, 16, 16, 10], dtype="float32", seed=0)
image = test.images[0] / 16

def fastest(work, calls, repeats):
    def once():
        begin = time.perf_counter()
        for _ in range(calls):
            work()
        return (time.perf_counter() - begin) / calls
    return min(once() for _ in range(repeats))

network.train(train, 1, 3.0, mini_batch_size=10)
print(json.dumps({
    "one image": fastest(lambda: network(image), 2000, 20),
    "an epoch": fastest(lambda: network.train(train, 1, 3.0, mini_batch_size=10), 1, 40),
}))
"""


def measured(folder: str) -> dict[str, float]:
    """Return the seconds that the build in a folder takes."""
    environment = os.environ | {"PYTHONPATH": folder, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", MEASURE], env=environment, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def main() -> None:
    """Measure, and print."""
    rounds, first, second = int(sys.argv[1]), *sys.argv[2:]
    pairs = [(measured(first), measured(second)) for _ in range(rounds)]
    for what in pairs[0][0]:
        before, after = (statistics.median(pair[side][what] for pair in pairs) for side in (0, 1))
        ratio = statistics.median(pair[1][what] / pair[0][what] for pair in pairs)
        print(f"{what}: {before * 1e6:.2f} µs and {after * 1e6:.2f} µs, {100 * (ratio - 1):+.1f} %")


if __name__ == "__main__":
    main()
