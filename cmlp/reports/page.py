"""The HTML report of a test: scores as text and tables, pictures embedded."""

from base64 import b64encode
from hashlib import sha256
from html import escape
from importlib.resources import files
from io import BytesIO
from math import isnan
from typing import Any

from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.data.pixels import scaled
from cmlp.notebook.names import short_names, titled
from cmlp.plotting.datasets import grey_limits
from cmlp.plotting.style import DARK, png
from cmlp.reports.charts import calibration_chart
from cmlp.reports.scores import Scores
from cmlp.utils.optional import require

MOST_CLASSES = 40  # above which the confusion matrix is left out
MOST_MISTAKES = 40
CONFUSIONS = 8
SHORT = 3  # letters of a name that stands upright above a narrow column
IN_MATRIX, IN_TEXT, IN_TABLE = 14, 24, 40  # letters of the longest names there

PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="cmlp {version}">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'sha256-{digest}'">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{about}</p>
{sections}
</main>
<footer>Made by cmlp {version}.</footer>
</body>
</html>
"""


def report_page(scores: Scores, data: Dataset, *, title: str, about: str, version: str) -> str:
    """Return the HTML report of a test.

    Parameters
    ----------
    scores : Scores
        The scores of the network.
    data : Dataset
        The images that were tested.
    title : str
        Title of the page, such as the names of network and data.
    about : str
        A line below the title that describes both.
    version : str
        The version of cmlp.

    Returns
    -------
    str
        HTML, whose content security policy forbids scripts and external resources.

    Raises
    ------
    MissingExtraError
        If matplotlib, which is the extra ``cmlp[plot]``, is not installed.
    """
    style = files("cmlp.reports").joinpath("report.css").read_text("utf-8")
    sections = [_accuracy(scores), _confusion(scores), _classes(scores), _calibration(scores), _mistakes(scores, data)]
    return PAGE.format(
        digest=b64encode(sha256(style.encode()).digest()).decode(),
        style=style,
        title=escape(title),
        about=escape(about),
        sections="\n".join(filter(None, sections)),
        version=escape(version),
    )


def _accuracy(scores: Scores) -> str:
    low, high = scores.interval
    total = len(scores.labels)
    return (
        f'<div class="figure">{scores.accuracy:.2f} %</div>\n'
        f"<p>{scores.right:,} of {total:,} predictions are right. The 95 % confidence interval of the accuracy is "
        f"{low:.2f} to {high:.2f} %, if the images are a random sample (Wilson's interval).</p>"
    )


def _section(title: str, text: str, content: str) -> str:
    return f"<section>\n<h2>{title}</h2>\n<p>{text}</p>\n{content}\n</section>"


def _confusion(scores: Scores) -> str:
    pairs = scores.confusions(CONFUSIONS)
    names = _names(scores, IN_TEXT)
    if not pairs:
        return _section("Confusions", "None: every prediction is right.", "")
    listed = "; ".join(f"{names[label]} as {names[said]} ({count:,})" for label, said, count in pairs)
    text = f"The most frequent: {listed}."
    if len(names) > MOST_CLASSES:
        return _section("Confusions", text, "")
    names = _names(scores, IN_MATRIX)
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    largest = pairs[0][2]
    rows = "\n".join(
        f'<tr><th scope="row">{names[label]}</th>{_cells(row, label, largest)}</tr>'
        for label, row in enumerate(scores.confusion.tolist())
    )
    kind = "confusion" if max(map(len, scores.names)) <= SHORT else "confusion long"
    table = f'<table class="{kind}">\n<thead><tr><td></td>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>'
    text += " Rows are the true classes, columns the predicted ones."
    return _section("Confusions", text, _wide("Confusions", table))


def _names(scores: Scores, longest: int) -> list[str]:
    """Return the names of all classes as HTML, the long ones shortened."""
    return [titled(*pair) for pair in zip(scores.names, short_names(scores.names, longest), strict=True)]


def _cells(row: list[int], label: int, largest: int) -> str:
    def kind(said: int, count: int) -> str:
        if not count:
            return "none"
        return "right" if said == label else f"m{1 + 3 * count // max(largest, 3)}"

    return "".join(f'<td class="{kind(said, count)}">{count:,}</td>' for said, count in enumerate(row))


def _wide(title: str, table: str) -> str:
    """Return a table in a region that scrolls, also by keys, where the screen is narrower."""
    return f'<div class="wide" role="region" aria-label="Table: {title}" tabindex="0">\n{table}\n</div>'


def _classes(scores: Scores) -> str:
    counts = scores.confusion.sum(axis=1).tolist()
    columns = zip(_names(scores, IN_TABLE), counts, scores.precision, scores.recall, scores.f1, strict=True)
    rows = "\n".join(
        f'<tr><th scope="row">{name}</th><td>{count:,}</td>'
        + "".join(f"<td>{'&ndash;' if isnan(value) else f'{100 * value:.1f} %'}</td>" for value in values)
        + "</tr>"
        for name, count, *values in columns
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("class", "images", "precision", "recall", "F1"))
    table = f'<table class="classes">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>'
    text = (
        "Precision: the share of predictions of this class that are right. Recall: the share of its images that are "
        "found. F1: the harmonic mean of both."
    )
    return _section("Classes", text, _wide("Classes", table))


def _calibration(scores: Scores) -> str:
    bins = scores.calibration
    if bins is None or scores.calibration_error is None:
        return _section("Calibration", "The outputs are not in [0, 1], and cannot be read as confidences.", "")
    text = (
        "If the strongest output is the probability that a prediction is right, the points lie on the line; below it "
        f"the network is overconfident. Confidence and accuracy differ by {100 * scores.calibration_error:.1f} "
        "percentage points on average (expected calibration error)."
    )
    light, dark = _embedded(png(calibration_chart(bins))), _embedded(png(calibration_chart(bins, DARK)))
    chart = (
        f'<picture><source media="(prefers-color-scheme: dark)" srcset="{dark}">'
        f'<img class="chart" width="575" src="{light}" alt="Accuracy by confidence"></picture>'
    )
    return _section("Calibration", text, chart)


def _mistakes(scores: Scores, data: Dataset) -> str:
    worst = scores.worst(MOST_MISTAKES).tolist()
    total = len(scores.labels) - scores.right
    if not worst:
        return ""
    limits = grey_limits([data])
    names = _names(scores, IN_TEXT)
    items = "\n".join(_mistake(scores, names, index, data, limits) for index in worst)
    shown = "All" if len(worst) == total else f"The {len(worst)} worst of all"
    text = f"{shown} {total:,}, the most confident first, with the index of the image."
    return _section("Mistakes", text, f'<ol class="mistakes">\n{items}\n</ol>')


def _mistake(scores: Scores, names: list[str], index: int, data: Dataset, limits: tuple[float, float]) -> str:
    label, said = int(scores.labels[index]), int(scores.answers[index])
    outputs = scores.outputs[index]
    image = ""
    if data.picture_shape is not None:
        picture = scaled(data.images[index], data.scale).reshape(data.picture_shape)
        image = f'<img src="{_embedded(_tile(picture, limits))}" alt="image {index}">'
    return (
        f'<li>{image}<span class="said">predicted {names[said]} ({outputs[said]:.2f})</span>'
        f'<span>is {names[label]} ({outputs[label]:.2f})</span><span class="number">image {index:,}</span></li>'
    )


def _tile(picture: NDArray[Any], limits: tuple[float, float]) -> bytes:
    """Return a picture as the bytes of a PNG file of the same size in pixels."""
    image = require("matplotlib.image", "matplotlib", "plot", "a report")
    stream = BytesIO()
    image.imsave(stream, picture, cmap="gray", vmin=limits[0], vmax=limits[1], format="png")
    return stream.getvalue()


def _embedded(content: bytes) -> str:
    return f"data:image/png;base64,{b64encode(content).decode()}"
