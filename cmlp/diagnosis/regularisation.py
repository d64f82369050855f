"""Too much regularisation, and too little: settings that keep a network from learning, and what it knows by heart."""

from contextlib import suppress
from typing import Any

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.case import Case
from cmlp.diagnosis.report import Finding, Severity
from cmlp.diagnosis.trials import GAIN, beyond_luck
from cmlp.errors import CmlpError

OFF: dict[str, Any] = {
    "lmbda": 0.0, "l1": 0.0, "max_norm": None, "clip_norm": None, "clip_value": None, "label_smoothing": 0.0,
}  # fmt: skip
WORDS = {
    "lmbda": "weight decay (lmbda)", "l1": "the penalty on absolute weights (l1)",
    "max_norm": "the bound on the weights (max_norm)", "clip_norm": "the bound on the gradient (clip_norm)",
    "clip_value": "the bound on the gradient (clip_value)",
    "label_smoothing": "label smoothing", "dropout": "dropout",
}  # fmt: skip
BY_HEART = 15.0  # points that test data may be worse than training data
FAR = 25.0  # points from which on that is told even where no remedy helps
REMEDIES: tuple[dict[str, Any], ...] = ({"dropout": 0.3}, {"lmbda": 5.0}, {"lmbda": 0.5})


def too_much(case: Case) -> Finding | None:
    """Train new networks with the settings of the last training, and without what holds the weights back."""
    settings = case.network.settings
    if not {"eta", "optimizer", "images"} <= settings.keys():
        return None
    on = {name: settings.get(name) for name, off in OFF.items() if settings.get(name, off) != off}
    if any(case.network.architecture.dropouts):
        on["dropout"] = max(case.network.architecture.dropouts)
    if not on:
        return None
    with_all = _reached(case, ())
    without = {name: _reached(case, (name,)) for name in on}
    name = max(without, key=without.__getitem__)
    trials = case.trials
    if not trials.convincing(with_all, without[name]):
        return None
    verdict = f"Too much regularisation: {WORDS[name]} keeps the network from learning."
    measured = (
        f"{name} is {on[name]:g}; a new network trained with the same settings reaches {with_all:.1f} % on rows it was "
        f"not trained on, and {without[name]:.1f} % without it"
    )
    eta = trials.etas[0]
    repaired = trials.trained(trials.new(0.0 if name == "dropout" else None), trials.fitted, eta)
    repair = f"{trials.new_line}; {trials.training_line(eta)}"
    if name == "dropout":
        repair = repair.replace(f", dropout={list(case.network.architecture.dropouts[:-1])!r}", "")
    return case.found(
        "too-much-regularisation", "training", verdict, measured, repair, trials.reached(repaired, case.judged)
    )


def _reached(case: Case, left_out: tuple[str, ...]) -> float:
    """Return the accuracy in percent of a new network, trained as the given one was but for some settings."""
    settings, trials = case.network.settings, case.trials
    rows = trials.fitted
    penalties = {name: settings.get(name, off) for name, off in OFF.items()} | {
        name: OFF[name] for name in left_out if name in OFF
    }
    for name in ("lmbda", "l1"):  # divided by the number of rows in each step
        penalties[name] = penalties[name] * len(rows) / settings["images"]
    network = trials.new(0.0 if "dropout" in left_out else None)
    epochs = min(settings.get("epochs") or trials.epochs, trials.epochs)
    optimizer = settings["optimizer"]["name"]
    with suppress(CmlpError):
        network.train(
            rows, epochs, settings["eta"], mini_batch_size=settings["mini_batch_size"],
            optimizer=optimizer if optimizer != "lbfgs" else "adam", progress=False, **penalties,
        )  # fmt: skip
    return trials.reached(network)


def overfitting(case: Case) -> Finding | None:
    """Compare training and test data; where the network knows only the first, remedies are tried."""
    trials, test = case.trials, case.test
    if test is None or case.judged is not test:
        return None
    given, found = trials.given, trials.reached(case.network, test)
    if given - found < beyond_luck(given, found, min(len(test), len(trials.held_out)), BY_HEART):
        return None
    new, reached, eta = trials.retrained
    if reached - trials.reached(new, test) >= beyond_luck(
        reached, trials.reached(new, test), min(len(test), len(trials.held_out)), GAIN
    ):
        return None  # the sets differ, whatever the network
    tried = {"the same settings": trials.reached(new, test)} | {
        _words(remedy): _with(case, remedy, test, eta) for remedy in REMEDIES
    }
    best = max(tried, key=tried.__getitem__)
    helps = tried[best] - found >= beyond_luck(found, tried[best], len(test), GAIN / 2)
    if not helps and given - found < FAR:
        return None
    verdict = "The network knows the training data by heart: it is overfitted."
    measured = (
        f"it has {given:.1f} % of the training data right, and {found:.1f} % of the test data; new networks reach "
    )
    measured += ", ".join(f"{accuracy:.1f} % with {how}" for how, accuracy in tried.items())
    after = tried[best] if helps else None
    repair = _line(case, next((r for r in REMEDIES if _words(r) == best), {}), eta) if helps else None
    return Finding("overfitting", Severity.WARNING, "training", verdict, measured, repair, found, after)


def _line(case: Case, remedy: dict[str, Any], eta: float) -> str:
    """Return the line of Python that makes and trains a network with a remedy."""
    new, training = case.trials.new_line, case.trials.training_line(eta)
    if "dropout" in remedy and "dropout=" not in new:
        new = f"{new[:-1]}, dropout={remedy['dropout']:g})"
    return f"{new}; {training[:-1]}, lmbda={remedy['lmbda']:g})" if "lmbda" in remedy else f"{new}; {training}"


def _words(remedy: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value:g}" for name, value in remedy.items())


def _with(case: Case, remedy: dict[str, Any], test: Dataset, eta: float) -> float:
    trials = case.trials
    trained = trials.trained(trials.new(remedy.get("dropout")), trials.fitted, eta, lmbda=remedy.get("lmbda", 0.0))
    return trials.reached(trained, test)
