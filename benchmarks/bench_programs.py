"""What `cmlp.check` says of hand-written networks: sound programs and broken ones, in many styles.

Each style is a program in benchmarks/programs/, sound as it stands, with a table of cases beside it: the text that is
replaced, and the codes that would be a right answer. It needs MNIST: CMLP_MNIST names a folder with the four IDX files.

    python benchmarks/bench_programs.py [--folder FOLDER] [--match TEXT] [--every K] [--seed N] [--images N] [-v]
                                        [--write PAGE]

`--write` puts the table, with the command that made it, into a page between the lines ``<!-- programs -->`` and
``<!-- /programs -->``.
"""

import argparse
import gzip
import importlib.util
import linecache
import os
import random
import sys
import time
import tomllib
import traceback
import types
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import cmlp
from cmlp.diagnosis.report import Severity

PROGRAMS = Path(__file__).parent / "programs"
FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
SAME = {"labels-apart": "labels-mismatched"}  # what the check of the data calls the same fault
TESTED = 2000  # test images
MARKS = "<!-- programs -->", "<!-- /programs -->"
HEAD = """\
| style | cases | sound | of them accused | broken | of them named | median time of the processor |
|---|---|---|---|---|---|---|"""


@dataclass(frozen=True)
class Case:
    """A program, and what would be a right answer.

    Attributes
    ----------
    style, name : str
    number : int
        Among the cases of the style.
    source : str
        The program with the texts replaced.
    codes : frozenset of str
        Right answers; empty for a sound program.
    harmless : bool
        Whether the fault was measured to cost nothing, so that nothing or a note is a right answer, too.
    """

    style: str
    name: str
    number: int
    source: str = field(repr=False)
    codes: frozenset[str] = frozenset()
    harmless: bool = False


@dataclass(frozen=True)
class Result:
    """What the check said.

    Attributes
    ----------
    case : Case
    found : tuple of (str, Severity)
    accuracy : float or None
    seconds : float
        Of the processor.
    text : str
        The report, or the traceback of a crash.
    """

    case: Case
    found: tuple[tuple[str, Severity], ...]
    accuracy: float | None
    seconds: float
    text: str = field(repr=False)

    @property
    def accused(self):
        """The codes of errors and warnings."""
        return {code for code, severity in self.found if severity > Severity.NOTE}

    @property
    def right(self):
        """Whether a sound program is not accused, and a broken one named by a right code."""
        if not self.case.codes:
            return not self.accused
        named = bool(self.case.codes & {code for code, _ in self.found})
        return named or (self.case.harmless and not self.accused)


def mnist(folder, images):
    """Return images in 0..1 and labels: of training, of test."""
    contents = [gzip.decompress((Path(folder) / name).read_bytes()) for name in FILES]
    arrays = [
        np.frombuffer(content, np.uint8, offset=16 if "images" in name else 8)
        for name, content in zip(FILES, contents, strict=True)
    ]
    x, y, test_x, test_y = arrays
    made = x.reshape(-1, 784)[:images] / 255, y[:images].astype(np.int64)
    return (*made, test_x.reshape(-1, 784)[:TESTED] / 255, test_y[:TESTED].astype(np.int64))


def cases(folder=PROGRAMS, match="", every=1):
    """Yield the cases of the styles whose packages are installed."""
    for path in sorted(Path(folder).glob("*.toml")):
        table = tomllib.loads(path.read_text())
        missing = importlib.util.find_spec(table["requires"]) is None if "requires" in table else False
        if match not in path.stem or missing:
            continue
        program = path.with_suffix(".py").read_text()
        for number, entry in list(enumerate(table["case"]))[::every]:
            source = program
            for old, new in entry.get("replace", []):
                assert source.count(old) == 1, (
                    f"{path.stem}: {entry['name']}: {old!r} is there {source.count(old)} times"
                )
                source = source.replace(old, new)
            codes = {*entry["codes"], *(SAME[code] for code in entry["codes"] if code in SAME)}
            harmless = entry.get("harmless", False)
            yield Case(path.stem, entry["name"], number, source, frozenset(codes), harmless)


def loaded(case, folder):
    """Return a program as a module, from a file of its own, so that places in it can be named."""
    name = f"{case.style}_{case.number}"
    path = Path(folder) / f"{name}.py"
    path.write_text(case.source)
    linecache.checkcache(str(path))
    module = types.ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module
    exec(compile(case.source, str(path), "exec"), module.__dict__)
    return module


def examined(case, data, folder, seed=0, seconds=30.0):
    """Return the result of a case."""
    np.random.seed(seed + case.number)  # noqa: NPY002 (the programs draw from it)
    random.seed(seed + case.number)
    began = time.process_time()
    try:
        train, test, keywords = loaded(case, folder).case(*(array.copy() for array in data))
        report = cmlp.check(train, test, **keywords, seconds=seconds, progress=False)
        found, accuracy, text = tuple((f.code, f.severity) for f in report), report.accuracy, str(report)
    except Exception:
        found, accuracy, text = (("crash", Severity.ERROR),), None, traceback.format_exc()
    return Result(case, found, accuracy, time.process_time() - began, text)


def row(style, results):
    """Return a line of the table."""
    sound = [result for result in results if not result.case.codes]
    broken = [result for result in results if result.case.codes]
    accused, named = sum(not result.right for result in sound), sum(result.right for result in broken)
    seconds = float(np.median([result.seconds for result in results]))
    return f"| {style} | {len(results)} | {len(sound)} | {accused} | {len(broken)} | {named} | {seconds:.1f} s |"


def written(page, table, command):
    """Return the text of a page with a new table, and the command that made it."""
    before, _, rest = page.partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    return f"{before}{MARKS[0]}\n```text\n$ {command}\n```\n\n{table}\n{MARKS[1]}{after}"


def main():
    """Examine the cases, and print the table."""
    import tempfile

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", default=PROGRAMS)
    parser.add_argument("--match", default="")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("-v", "--verbose", action="store_true", help="print the reports of wrong answers")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the table into a page")
    options = parser.parse_args()
    if options.every < 1:
        parser.error(f"--every must be 1 or more, got {options.every}")
    every = list(cases(options.folder, options.match, options.every))
    if not every:
        sys.exit(f"no style in {options.folder} has {options.match!r} in its name and its packages installed")
    folder = os.environ.get("CMLP_MNIST", "")
    if not all((Path(folder) / name).is_file() for name in FILES):
        sys.exit(f"CMLP_MNIST must name a folder with {', '.join(FILES)}, got {folder!r}")
    data = mnist(folder, options.images)
    by_style = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for case in every:
            result = examined(case, data, folder, options.seed)
            by_style[case.style].append(result)
            if not result.right:
                codes = ", ".join(f"{code} ({severity.name.lower()})" for code, severity in result.found) or "nothing"
                print(
                    f"{case.style} {case.number}, {case.name}: {codes}; right: {', '.join(case.codes) or 'nothing'}",
                    file=sys.stderr,
                )
                if options.verbose:
                    print(result.text, file=sys.stderr)
    rows = [row(style.replace("_", " "), results) for style, results in by_style.items()]
    rows.append(row("**all**", [result for results in by_style.values() for result in results]))
    table = "\n".join([HEAD, *rows])
    print(table)
    if options.write is not None:
        given = sys.argv[1:]
        place = given.index("--write")
        command = " ".join(["python benchmarks/bench_programs.py", *given[:place], *given[place + 2 :]])
        options.write.write_text(written(options.write.read_text(), table, command))


if __name__ == "__main__":
    main()
