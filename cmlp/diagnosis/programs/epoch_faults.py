"""What an epoch sees: samples are recognised where they reach a step, a function or a variable, and counted."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.examination import TRIAL, Examination
from cmlp.diagnosis.programs.instances import Instance
from cmlp.diagnosis.programs.isolation import OutOfTime
from cmlp.diagnosis.programs.reads import Recorded
from cmlp.diagnosis.programs.roles import parameters_of, role
from cmlp.diagnosis.programs.rows import Rows, rows_and_labels
from cmlp.diagnosis.programs.trials import LONGEST, Trials
from cmlp.diagnosis.programs.watching import Log, Tracer, traced
from cmlp.diagnosis.report import Severity

HOOKED = "forward", "the images"  # no function with this variable is anybody's own
EPOCHS = 2
FEW, NEARLY = 0.5, 0.95  # shares of the samples
FEWEST = 20  # samples, of which an epoch is counted
APART = 0.01  # share of labels that are not those of their images
TRACED = 1500  # samples in a run whose lines are traced
ITERATIONS = 200
SINGLE_STEPS = re.compile(r"iter|step|update|schritt|paso|wiederhol", re.IGNORECASE)
PORTIONS = r"\[\s*\w+\s*:\s*\w+\s*\+|range\(.*len\("  # how mini-batches are cut
STEP_BY_ONE = re.compile(r"range\(\s*len\((\w+)\)\s*//\s*([\w.]+)\s*\)")
EMPTY = "let every epoch begin anew: no return or break in its loop, and no iterator that is used up"
KNOWN = 0.9  # of what reaches the steps are samples that were given
DRAWN = 0.4  # of the images that reach a step are others, where they are drawn


Same = NDArray[np.intp]  # of each sample the number of the first one like it


def _drawn(visits: Any, n: int) -> bool:
    """Whether mini-batches are drawn, and not always the same."""
    return len(set(visits.tolist())) > DRAWN * min(n, len(visits))


def examine_epoch(case: Examination) -> None:
    """Count the samples that reach the steps of two epochs."""
    subject = case.subject
    if not subject.trains or len(case.usable) < FEWEST:
        return
    epochs = EPOCHS if subject.epochs is not None else None
    single = epochs is not None and SINGLE_STEPS.search(subject.epochs_name or "") is not None
    if single:  # each of them may be one step with a mini-batch that is drawn
        epochs = min(subject.epochs or 1, ITERATIONS)
    counted = _by_steps(case, epochs) or _by_trace(case, epochs) or _by_reads(case, epochs)
    if counted is None:
        return
    log, same, what = counted
    n = len(same)
    visits = np.array([row for row in log.rows if row >= 0])
    if len(visits) < KNOWN * len(log.rows):  # they are mixed, or noise was added
        return
    sizes = [size for size in log.sizes if size]
    case.batch = int(np.median(sizes)) if sizes else None
    case.facts["epoch"] = f"{len(set(visits.tolist())):,} of {n:,} samples, {len(visits):,} visits"
    one_step = len(sizes) == epochs and case.batch is not None and case.batch < n
    case.facts["visits"] = case.batch if one_step else len(visits) / (epochs or 1) / n * len(case.usable)
    if not (single and _drawn(visits, n)):
        _judge(case, log, visits, same, epochs or 1, what)
    _labels(case, log, same, what)


def _by_steps(case: Examination, epochs: int | None) -> tuple[Log, Same, str] | None:
    """Let its training run with a step that only counts, so that all samples are cheap."""
    subject = case.subject
    stepping = subject.steps
    if stepping is None or stepping.name == "given" or stepping.run_first:
        return None
    if any(role(p.name) == "epochs" for p in parameters_of(getattr(subject.given, stepping.name))):
        return None  # it is a whole training, which another function calls
    log, rows = Log(), Rows(case.train.x, case.train.records)
    instance = subject.instance()
    if not _shadow(instance, stepping.name, lambda *values: log.add(*rows_and_labels(list(values), rows, case.train))):
        return None
    try:
        with case.bounded(4.0), np.errstate(all="ignore"):
            subject.fit(instance, case.train.x, case.train.y, None, epochs)
    except (Exception, OutOfTime):
        return None
    return (log, rows.same, stepping.name) if log.rows else None


def _shadow(instance: Instance, name: str, note: Callable[..., None]) -> bool:
    def counting(*values: Any, **keywords: Any) -> None:
        note(*values, *keywords.values())

    try:
        setattr(instance.network, name, counting)
    except (AttributeError, TypeError):
        return False
    return True


def _by_trace(case: Examination, epochs: int | None) -> tuple[Log, Same, str] | None:
    """Trace the lines of its own code, and take the variable through which most samples pass in small portions."""
    subject = case.subject
    pick = np.sort(case.order[: int(np.clip(0.4 / case.cost, 200, TRACED))])
    x, y = case.train.x[pick], case.train.y[pick]
    instance = subject.instance()
    case.facts["traced_y"] = y
    tracer = Tracer(Rows(x, case.train.records), case.train)
    hook = _hook(instance, tracer) if subject.framework.name == "torch" else None
    try:
        with case.bounded(5.0), np.errstate(all="ignore"), traced(tracer):
            subject.fit(instance, x, y, None, epochs)
    except (Exception, OutOfTime) as error:
        case.facts["trace"] = repr(error)
        return None
    finally:
        if hook is not None:
            hook.remove()
    named = {place: log for place, log in tracer.logs.items() if log.rows}
    chosen = _stream(named, len(pick))
    return None if chosen is None else (named[chosen], tracer.rows.same, f"{chosen[1]} in {chosen[0]}")


def _by_reads(case: Examination, epochs: int | None) -> tuple[Log, Same, str] | None:
    """Hand over images that note which of them are read, in mini-batches that are put into no variable."""
    subject = case.subject
    if subject.samples.pairs or subject.samples.loader is not None or subject.samples.records is not None:
        return None
    pick = np.sort(case.order[:TRACED])
    x, y = case.train.x[pick], case.train.y[pick]
    images, labels = subject.samples.images(x), subject.samples.labels(y)
    if type(images) is not np.ndarray or len(images) != len(pick):
        return None
    log = Log()
    try:
        with case.bounded(4.0), np.errstate(all="ignore"):
            subject.fit(subject.instance(), x, y, None, epochs, None, (Recorded.of(images, log), labels))
    except (Exception, OutOfTime):
        return None
    return (log, np.arange(len(pick)), "what is read of the images") if len(log.sizes) > 1 else None


def _hook(instance: Instance, tracer: Tracer) -> Any:
    def look(module: Any, values: Any) -> None:
        import torch

        if torch.is_grad_enabled() and values:
            found, labels = rows_and_labels(list(values), tracer.rows, tracer.samples)
            if found:
                tracer.logs.setdefault(HOOKED, Log()).add(found, labels)

    return instance.network.register_forward_pre_hook(look)


def _stream(logs: dict[tuple[str, str], Log], n: int) -> tuple[str, str] | None:
    """Return the variable that has the mini-batches: many portions that are small, and most samples altogether."""
    if HOOKED in logs:
        return HOOKED
    small = {place: log for place, log in logs.items() if np.median(log.sizes) < 0.6 * n}
    portions = {place: log for place, log in small.items() if len(log.sizes) > 1}
    if not portions:
        return None
    return max(portions, key=lambda place: _rank(portions[place]))


def _rank(log: Log) -> tuple[int, bool, int]:
    """Rank a variable by how many samples pass through it, and whether labels come with all of them."""
    return len(set(log.rows)), len(log.labels) == len(log.rows), len(log.rows)


def _judge(case: Examination, log: Log, visits: Any, same: Same, epochs: int, what: str) -> None:
    n, kinds = len(same), len(set(same.tolist()))
    kinds, images = (n, "images") if kinds > NEARLY * n else (kinds, "different images")
    distinct = len(set(visits.tolist()))
    half = visits[: len(visits) // epochs]
    first = len(set(half.tolist()))
    size = f" in mini-batches of {case.batch}" if case.batch and case.batch > 1 else ""
    place = case.line_like(PORTIONS) or case.place_of("fit")
    where = f" ({place})" if place else ""
    spent = "; a zip or a generator is empty once it was read" if case.train.iterator else ""
    if distinct > 0.9 * kinds and len(visits) < 0.6 * epochs * n:
        case.found(
            "later-epochs-empty",
            Severity.ERROR,
            "Only the first epoch sees any images.",
            f"in {epochs} epochs {len(visits):,} images reached {what}, and not {epochs * n:,}{spent}{where}",
            _listed(case) if case.train.iterator else EMPTY,
            after=_whole(case),
        )
    elif first < FEW * kinds:
        times = len(half) / max(first, 1)
        starts = f"range(0, len(data), {case.batch})" if case.batch and case.batch > 1 else None
        own = STEP_BY_ONE.sub(r"range(0, len(\1), \2)", place.partition(": ")[2]) if STEP_BY_ONE.search(place) else ""
        repair = own or (
            f"let k run over {starts}: mini-batches begin {case.batch} apart"
            if starts and times > 1.5
            else "let the mini-batches of an epoch cover all samples"
        )
        case.found(
            "epoch-sees-few",
            Severity.ERROR,
            f"An epoch sees {first:,} of {kinds:,} {images}.",
            f"counted at {what}: {len(half):,} images{size}, each of these {times:.3g} times{_overlap(log)}{where}",
            repair,
        )
    elif first < NEARLY * kinds:
        case.found(
            "epoch-leaves-out",
            Severity.NOTE,
            f"An epoch leaves out {kinds - first:,} of {kinds:,} {images}.",
            f"counted at {what}: {first:,} different images{size}{where}",
            "take the last, shorter mini-batch, too",
        )


def _listed(case: Examination) -> str:
    """Return a line that makes a list of an iterator, under the name that its training has for it."""
    function = case.function("fit")
    parameters = parameters_of(function) if function is not None else []
    likely = [p.name for p in parameters if role(p.name) == "pairs"] + [p.name for p in parameters if "batch" in p.name]
    name = next(iter(likely), "training_data")
    return f"{name} = list({name})"


def _whole(case: Examination) -> float | None:
    """Return what its own steps reach with all of its epochs, where they can be repeated."""
    trials, eta, epochs = Trials(case), case.subject.eta, case.subject.epochs
    if not trials.quick or eta is None or epochs is None:
        return None
    visits = min(epochs * len(case.usable), LONGEST)
    return trials.by_gradient(trials.each(eta), fresh=False, mean=False, visits=visits, seconds=3 * TRIAL)


def _overlap(log: Log) -> str:
    if len(log.sizes) < 2 or not log.sizes[0]:
        return ""
    one, other = log.rows[: log.sizes[0]], log.rows[log.sizes[0] : log.sizes[0] + log.sizes[1]]
    common = len(set(one) & set(other))
    return f"; the first two mini-batches share {common} of {len(one)} images" if common and len(one) > 1 else ""


def _labels(case: Examination, log: Log, same: Same, what: str) -> None:
    if len(log.labels) != len(log.rows) or "wrong-targets" in case.codes:
        return
    table = case.facts.get("traced_y", case.train.y)
    classes, unclear = case.train.classes, _unclear(same, table)
    seen = zip(log.rows, log.labels, strict=True)
    pairs = [(table[row], label) for row, label in seen if row >= 0 and row not in unclear]
    if not pairs or _are_parts(pairs):
        return
    wrong = np.array([(label - own) % classes for own, label in pairs])
    share = float(np.mean(wrong != 0))
    if share < APART:
        return
    shift = int(np.bincount(wrong).argmax())
    moved = shift and np.mean(wrong == shift) > 0.9
    verdict = (
        f"The labels that reach {what} are moved by {shift}."
        if moved
        else f"The labels that reach {what} are not those of the images."
    )
    place = case.place_of("fit")
    case.found(
        "labels-apart",
        Severity.ERROR,
        verdict,
        f"{100 * (1 - share):.1f} % of {len(pairs):,} images came with the label that they have in the data"
        + (f" ({place})" if place else ""),
        "shuffle images and labels by one permutation",
    )


def _unclear(same: Same, y: NDArray[Any]) -> set[int]:
    """Return the samples that stand in the data more than once, with several labels."""
    first = y[same] if len(y) == len(same) else y
    return set(same[first != y].tolist()) if len(first) == len(same) else set()


def _are_parts(pairs: list[tuple[int, int]]) -> bool:
    """Whether the targets are no labels but say of each whether it is among some classes, as one against the rest."""
    aims: dict[int, set[int]] = {}
    for own, label in pairs:
        aims.setdefault(own, set()).add(label)
    given = {label for labels in aims.values() for label in labels}
    return len(given) < len(aims) and all(len(labels) == 1 for labels in aims.values())
