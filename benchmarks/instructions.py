"""Count the instructions of an epoch and of a prediction: a guard against getting slower that needs no clock.

valgrind counts the same for the same binary on every machine: it has an instruction set of its own (no AVX-512), so
that cmlp and BLAS take the same paths everywhere where they have the same versions. What is counted is the difference
between 2k and k repetitions, so that what a call or an import costs once does not count.

    python benchmarks/instructions.py             # compare with instructions.json
    python benchmarks/instructions.py --record    # write instructions.json anew
"""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

RECORDED = Path(__file__).with_name("instructions.json")
TOLERANCE = 0.05  # the same code counts 3.5 % more or less, as its memory happens to lie
REPETITIONS = {"epoch": 1, "prediction": 200}
MARKER = "getppid"  # a function that nobody else calls: valgrind writes its counts whenever it begins


# ---------------------------------------------------------------------------------------------------------------------
# In valgrind


def work():
    """Do k and 2k repetitions of everything, with a marker before and after, and print what the counts depend on."""
    import numpy as np

    import cmlp

    training, test = cmlp.load_digits()
    network = cmlp.Network([64, 16, 16, 10], dtype="float32")
    image = np.ascontiguousarray(test[0][0], np.float32)

    def epochs(k):
        network.train(training, k, 3.0, mini_batch_size=10, progress=False)

    def predictions(k):
        for _ in range(k):
            network(image)

    for function, k in zip((epochs, predictions), REPETITIONS.values(), strict=True):
        function(k)
        for repetitions in (k, 2 * k):
            os.getppid()
            function(repetitions)
        os.getppid()
    print(json.dumps(environment()))


def environment():
    """Return what the counts depend on: the compiler and the versions, and the paths that cmlp and BLAS have taken."""
    import numpy
    import scipy
    import threadpoolctl

    from cmlp.core import engine, simd

    blas = {f"{b['internal_api']} {b['version']} {b.get('architecture')}" for b in threadpoolctl.threadpool_info()}
    return {
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "scipy": scipy.__version__,
        "cython": type(simd.choose_simd_path).__module__.removeprefix("_cython_"),  # where its types live
        "compiler": compiler_of(Path(engine.__file__)),
        "libc": " ".join(platform.libc_ver()),
        "vectors": simd.simd_path_names()[0],
        "blas": sorted(blas),
        "machine": platform.machine(),
    }


def compiler_of(library):
    """Return what the compiler has written of itself into a library, or nothing where it has not."""
    found = re.search(rb"(?:GCC: \([^)]*\)|clang version) [\w.]+", library.read_bytes())
    return found[0].decode() if found else ""


# ---------------------------------------------------------------------------------------------------------------------
# Around valgrind


def count():
    """Return the instructions of one epoch and of one prediction, and what they depend on."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            "valgrind",
            "--tool=callgrind",
            f"--dump-before={MARKER}",
            f"--callgrind-out-file={folder}/counts",
            sys.executable,
            "-P",  # the installed cmlp, and not a folder of that name that one happens to be in
            __file__,
            "--work",
        ]
        variables = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
        done = subprocess.run(command, env=variables, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"valgrind failed: {done.stderr[-2000:]}")
        parts = [total(Path(folder, f"counts.{part + 1}")) for part in range(3 * len(REPETITIONS))]
    counts = {
        name: round((parts[3 * part + 2] - parts[3 * part + 1]) / k)
        for part, (name, k) in enumerate(REPETITIONS.items())
    }
    return counts, json.loads(done.stdout) | {"valgrind": valgrind_version()}


def valgrind_version():
    return subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=True).stdout.strip()


def total(file):
    """Return the instructions between two markers."""
    return int(re.search(r"^totals: (\d+)", file.read_text(), re.MULTILINE)[1])


def read_recorded():
    """Return the recorded counts, their tolerance and what they depend on."""
    return json.loads(RECORDED.read_text())


def why_not_comparable(recorded, found):
    """Say in which ways the recorded counts are of something else, or nothing if they are not."""
    return "; ".join(
        f"{key} is {found[key]} and was {recorded[key]}" for key in recorded if found.get(key) != recorded[key]
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true", help=f"write {RECORDED.name} anew")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        work()
        return
    if not shutil.which("valgrind"):
        parser.error("valgrind is not installed")
    counts, environment = count()
    if arguments.record:
        content = {"instructions": counts, "tolerance": TOLERANCE, "environment": environment}
        RECORDED.write_text(json.dumps(content, indent=2) + "\n")
    recorded = read_recorded()
    print(why_not_comparable(recorded["environment"], environment) or "of the same versions as the recorded counts")
    for name, found in counts.items():
        before = recorded["instructions"][name]
        print(f"{name:10}  {found:>12,} instructions, recorded {before:,}: {100 * (found / before - 1):+.2f} %")


if __name__ == "__main__":
    main()
