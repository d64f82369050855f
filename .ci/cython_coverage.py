"""Print which share of the lines of Cython ran, as counted by a build with CFLAGS=--coverage and LDFLAGS=--coverage.

Usage: python .ci/cython_coverage.py BUILD, where BUILD is the folder of the object files.

gcov counts lines of C. Before the C of each of its lines Cython writes which line that is, so a line of Cython ran if
any line of its C did. The C that ends a function belongs to none.
"""

import gzip
import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

MARK = re.compile(r'\s*/\* "(cmlp/core/[\w.]+)":(\d+)$')


def counts_of(objects):
    """Return how often each line of C ran: {file: {line: count}}."""
    counts = defaultdict(lambda: defaultdict(int))
    with TemporaryDirectory() as scratch:
        files = [str(path.resolve()) for path in objects]
        subprocess.run(["gcov", "--json-format", *files], cwd=scratch, check=True, stdout=subprocess.DEVNULL)
        for report in Path(scratch).glob("*.gz"):
            for file in json.loads(gzip.decompress(report.read_bytes()))["files"]:
                for line in file["lines"]:
                    counts[file["file"]][line["line_number"]] += line["count"]
    return counts


def lines_of_cython(source, counts):
    """Yield (file, line, count) of a file of C that Cython wrote."""
    place = None
    for number, text in enumerate(source.read_text().splitlines(), 1):
        if found := MARK.match(text):
            place = found.groups()
        elif text.startswith("}") or text.strip() == "/* function exit code */":
            place = None
        elif place and number in counts:
            yield *place, counts[number]


def main(build):
    """Print the share of each file, and of all."""
    ran = defaultdict(bool)
    for file, counts in counts_of(build.rglob("*.gcda")).items():
        if re.fullmatch(r"cmlp/core/\w+\.c", file):
            for *place, count in lines_of_cython(Path(file), counts):
                ran[*place] |= count > 0
        elif file.startswith("cmlp/core/") and file.endswith(".h"):
            for line, count in counts.items():
                ran[file, line] |= count > 0
    for name in sorted({name for name, _ in ran}):
        lines = [value for (file, _), value in ran.items() if file == name]
        print(f"{name:36} {len(lines):5} lines {100 * sum(lines) / len(lines):6.1f} %")
    print(f"{'Cython and its headers':36} {len(ran):5} lines {100 * sum(ran.values()) / len(ran):6.1f} %")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
