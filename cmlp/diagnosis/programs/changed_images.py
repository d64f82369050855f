"""Images that are changed by the code that they are given to."""

import numpy as np

from cmlp.diagnosis.programs.examination import WAIT, Array, Examination
from cmlp.diagnosis.programs.isolation import OutOfTime
from cmlp.diagnosis.programs.running import ask
from cmlp.diagnosis.programs.tensors import as_array
from cmlp.diagnosis.report import Severity


def examine_images_in_training(case: Examination) -> None:
    """Train with a few images, and see whether they are still the same."""
    subject, pick = case.subject, case.order[:40]
    samples = subject.samples
    if samples.loader is not None or samples.records is not None or samples.objects or not samples.plain:
        return
    given = subject.samples.make(case.train.x[pick], case.train.y[pick], listed=True)
    parts = [image for image, _ in given] if subject.samples.pairs else [given[0]]
    images = [array for array in map(as_array, parts) if array is not None]
    if len(images) < len(parts):
        return
    kept = [np.array(image) for image in images]
    try:
        with case.bounded(WAIT), np.errstate(all="ignore"):
            nothing = np.zeros((0, case.train.depth))
            subject.fit(
                subject.instance(), nothing, np.zeros(0), None, None if subject.epochs is None else 1, given=given
            )
    except (Exception, OutOfTime):
        return
    changed = [
        (old, new) for old, new in zip(kept, images, strict=True) if not np.array_equal(old, new, equal_nan=True)
    ]
    shuffled = not subject.samples.pairs and np.array_equal(np.sort(kept[0], axis=None), np.sort(images[0], axis=None))
    if changed and not shuffled:
        old, new = changed[0]
        case.found(
            "forward-changes-images",
            Severity.ERROR,
            "Training changes the images that it is given, so that later epochs see others.",
            f"pixels in {old.min():.3g}..{old.max():.3g} before it, in {new.min():.3g}..{new.max():.3g} after it "
            f"({case.place_of('fit')})",
            "work on a copy: x = x / 255 instead of x /= 255",
        )


def examine_images_in_calls(case: Examination, rows: Array) -> None:
    """Run the network, and see whether the images are still the same."""
    subject, instance = case.subject, case.subject.instance()
    assert subject.runs is not None
    handed = subject.samples.image(rows[0]) if subject.samples.pairs else subject.samples.images(rows[:2])
    if as_array(handed) is None:
        return
    kept = np.array(as_array(handed))
    try:
        with subject.framework.running(instance.network), np.errstate(all="ignore"):
            ask(subject, instance, handed, subject.runs)
    except Exception:
        return
    after = as_array(handed)
    if after is not None and not np.array_equal(kept, after, equal_nan=True):
        place = case.place_of("forward")
        case.found(
            "forward-changes-images",
            Severity.ERROR,
            "Running the network changes the images that it is given.",
            f"pixels in {kept.min():.3g}..{kept.max():.3g} before the call, in {after.min():.3g}..{after.max():.3g} "
            "after it" + (f" ({place})" if place else ""),
            "work on a copy: x = x / 255 instead of x /= 255",
            where="network",
        )
