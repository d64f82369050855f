"""Why is it 10 %? The examination of anyone's network: it runs, steps and trains copies, and explains what it measures.

======================  ==============================================================================================
the program             `subject`, found out by `running`, with `outputs`, and `interface`: names are `roles`,
                        arguments `calls`, in the order of `network_first`; `first_trainings`; `own_code`
its data and settings   `samples` in their `containers`, `forms` and `axes`, `sample_objects`, `records`, `loaders`,
                        `tensors`; `places` of settings; `lines` of its code
its parameters          `parameters` are `blocks` of `leaves`, to which `paths` lead; `usual_values`; `precision`
copies                  `copies`, as `instances`, run in `isolation`, with `generators` seeded; `snapshots` of what is
                        outside of them; PyTorch and Keras: `frameworks`; attributes are asked for by `access`
the asker's own         files in an `overlay`, by `file_functions` that `files` exchanges; the `process`
the forward pass        `forward_faults`, in one of the `modes` that `mode_search` finds; `number_faults` of
                        `float_events`, `parameter_faults`, `changed_images`
the same as layers      `replica`, found by `replica_search` among `chains`, `activations` and `scalings`
a step                  `stepping`, as `one_step` or as steps `one_by_one`, with `gentle_samples`, explained by
                        `explanation` with the formulas of `deltas`, by `fits`, and `partly_updated`; or measured by
                        `slopes`; what it aimed at: `targets`
what is wrong with it   `step_faults`, `bias_faults`, `size_faults`, `target_faults`, `dropout_faults`; `later_steps`,
                        with `kept_gradients`
an epoch                `epoch_faults`, counted by `watching` which `rows` are used, and by `reads`; `pace`
its own training        `training_run`, as long as its `cost` allows; `still_parameters`
what would help         `trials`, with `climbing` and `descent`, and a `small_network` beside them; `setting_faults`,
                        `starting_weights`, `penalties`, `momentum`, `early_stops`, weighed by `judging`; of
                        scikit-learn `estimators`; what the others are `lacking`; the score: `score_faults`
the report              `examination`, `conclusions`, `advice`; `face` joins it with that on the data, of which some
                        have `unlike_scales`
======================  ==============================================================================================
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from cmlp.core.blas_threads import single_blas_thread
from cmlp.diagnosis.programs.advice import FIT, FORWARD, TIME
from cmlp.diagnosis.programs.conclusions import conclude
from cmlp.diagnosis.programs.dropout_faults import examine_dropout
from cmlp.diagnosis.programs.epoch_faults import examine_epoch
from cmlp.diagnosis.programs.estimators import examine_estimator, is_estimator
from cmlp.diagnosis.programs.examination import Examination
from cmlp.diagnosis.programs.files import kept_files
from cmlp.diagnosis.programs.forward_faults import examine_forward
from cmlp.diagnosis.programs.instances import object_of
from cmlp.diagnosis.programs.isolation import OutOfTime, kept_state
from cmlp.diagnosis.programs.later_steps import examine_later_steps
from cmlp.diagnosis.programs.parameter_faults import examine_activations, examine_parameters
from cmlp.diagnosis.programs.process import kept_process
from cmlp.diagnosis.programs.replica import Replica
from cmlp.diagnosis.programs.replica_search import find_replica
from cmlp.diagnosis.programs.samples import Samples
from cmlp.diagnosis.programs.score_faults import examine_score
from cmlp.diagnosis.programs.setting_faults import examine_settings
from cmlp.diagnosis.programs.small_network import learned_by_a_small_network
from cmlp.diagnosis.programs.snapshots import snapshot_of
from cmlp.diagnosis.programs.step_faults import examine_step_faults
from cmlp.diagnosis.programs.stepping import examine_step
from cmlp.diagnosis.programs.subject import Subject
from cmlp.diagnosis.programs.training_run import train_as_given
from cmlp.diagnosis.programs.trials import Trials

__all__ = ["Samples", "examine"]

ONE_AT_A_TIME = threading.RLock()  # prints and warnings are kept away for the whole process
UNSTEADY = {"forward-not-repeatable", "batch-not-independent", "integer-parameters"}


def examine(
    train: Samples,
    test: Samples | None,
    network: Any,
    functions: dict[str, Callable[..., Any] | None],
    settings: dict[str, Any],
    *,
    seconds: float,
    progress: Callable[[str], None],
) -> Examination:
    """Examine a network of anybody's.

    Parameters
    ----------
    train, test : Samples
    network : object
    functions : dict
        "forward", "fit", "step" and "score", where they are given.
    settings : dict
        Keyword arguments of its training.
    seconds : float
        Of the processor.
    progress : callable
        Is told what is being tried.

    Returns
    -------
    Examination
        With the findings and notes.

    Raises
    ------
    ModelError
        If the network is a class that cannot be called without arguments.
    """
    with ONE_AT_A_TIME, kept_state(), kept_process() as started, kept_files(), one_thread():
        network = object_of(network)
        snapshot = snapshot_of(network, functions)
        try:
            subject = Subject(network, train, functions, settings)
            case = Examination(subject, train, test, seconds, progress)
            with kept_state(subject.shared_generators):
                _attempted(case)
        finally:
            changed = snapshot.restore()
    if started:
        case.note(
            f"Its code starts other programs ({', '.join(sorted(started))}): files that these write are not kept away."
        )
    if changed:
        case.note(
            "Its code changes variables outside of the copies that were trained; they were put back, and figures "
            "may be affected."
        )
    return case


@contextmanager
def one_thread() -> Iterator[None]:
    """Let products use one thread, whose waiting cores would cost time, and give back the caller's setting.

    The limit of cmlp's own products is around that of all libraries: both keep the setting they find, and trainings in
    other threads end in any order.
    """
    with single_blas_thread(), threadpool_limits(1):
        yield


def _attempted(case: Examination) -> None:
    try:
        _examined(case)
    except KeyboardInterrupt:
        case.note("The check was interrupted; this is what was known by then.")
    except OutOfTime:
        case.note(f"The time was up before everything was examined; {TIME}.")


def _examined(case: Examination) -> None:
    subject = case.subject
    try:
        subject.explore()
        if subject.runs is None and case.count_from_one():  # its first output may be that of the label 1
            subject.explore()
    except Exception as error:
        subject.reasons.append(f"{type(error).__name__}: {str(error)[:80]}")
    if is_estimator(subject.given):
        _guarded(case, "its settings", lambda: examine_estimator(case))
        return
    if subject.runs is None:
        why = f" ({subject.reasons[-1]})" if subject.reasons else ""
        case.note(f"No way was found to run the network{why}; {FORWARD}.")
        return
    for what, examination in (
        ("how it answers", examine_forward),
        ("its parameters", _parameters),
        ("its own training", _training),
        ("one step", _step),
        ("an epoch", examine_epoch),
        ("later steps", _later_steps),
        ("its own score", examine_score),
    ):
        case.progress(what)
        _guarded(case, what, partial(examination, case))
    if case.hangs:
        return
    if subject.trains or subject.steps:
        trials = Trials(case)
        case.progress("other settings")
        _guarded(case, "other settings", lambda: examine_settings(case, trials))
        case.progress("all repairs")
        _guarded(case, "all repairs", lambda: conclude(case, trials))
    elif "score-disagrees" not in case.codes:
        case.note(f"No way was found to train the network; {FIT}.")
    _noted(case)


def _guarded(case: Examination, what: str, examination: Callable[[], None]) -> None:
    """Go on after code of theirs has failed in a way that nobody foresaw."""
    if case.hangs and what in ("one step", "an epoch", "later steps", "its own score"):
        return
    if case.left < 0:
        case.note(f"The time was up before everything was examined; {TIME}.")
        return
    try:
        examination()
    except (Exception, OutOfTime) as error:
        case.facts.setdefault("failures", []).append((what, error))
        case.note(case.error_note(f"Examining {what}", error))


def _parameters(case: Examination) -> None:
    if case.subject.blocks:
        examine_parameters(case)
        if not case.codes & {"forward-not-repeatable", "batch-not-independent"}:
            fresh = case.subject.usual()
            case.replica = _of_steady(case) or find_replica(case.subject, fresh)
            case.facts["labels only"] = case.subject.outputs(fresh, case.train.x[:2]).ndim == 1
            examine_activations(case)


def _of_steady(case: Examination) -> Replica | None:
    """Return the replica of a network whose test scales the units by what dropout keeps, where nothing is dropped."""
    fresh = case.subject.usual()
    before = case.subject.outputs(fresh, case.train.x[:2])
    case.subject.steady(fresh)
    changed = not np.array_equal(before, case.subject.outputs(fresh, case.train.x[:2]), equal_nan=True)
    case.facts["scaled in tests"] = changed
    return find_replica(case.subject, fresh) if changed else None


def _training(case: Examination) -> None:
    if not (case.subject.trains or case.subject.steps):
        return
    case.facts["reference"] = learned_by_a_small_network(case)
    train_as_given(case)


def _step(case: Examination) -> None:
    if not case.subject.blocks or not (case.subject.trains or case.subject.steps) or case.codes & UNSTEADY:
        return
    step = examine_step(case)
    if step is not None:
        examine_step_faults(case, step)


def _later_steps(case: Examination) -> None:
    if case.step is not None:
        examine_later_steps(case, case.step)
        examine_dropout(case, case.step)


def _noted(case: Examination) -> None:
    subject = case.subject
    for note in subject.notes:
        case.note(note)
    subject.uncopied = [name for name in subject.uncopied if not name.startswith("_")]
    if subject.uncopied:
        case.note(
            f"{', '.join(sorted(set(subject.uncopied))[:5])} cannot be copied and "
            f"{'was' if len(set(subject.uncopied)) == 1 else 'were'} shared with the network that was given."
        )
    if subject.blocks and case.replica is None and (subject.trains or subject.steps):
        case.note(
            "The network is no chain of dense layers with known activations, so that formulas of its step cannot "
            "be named; its slopes were measured by differences."
        )
    if not subject.blocks and (subject.trains or subject.steps):
        case.note(
            "No arrays of parameters were found on which the outputs depend, so that its steps were not examined."
        )
