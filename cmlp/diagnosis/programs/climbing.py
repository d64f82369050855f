"""The search for a learning rate, uphill from the one that is given."""

from collections.abc import Callable

POOR = 15  # points above a constant answer


def climb(
    attempt: Callable[[float], float], base: float, chance: float, enough: Callable[[], bool]
) -> dict[float, float]:
    """Search the learning rate by powers of ten around `base`, uphill, and return what each reached."""
    results: dict[float, float] = {}

    def tried(eta: float) -> None:
        if eta not in results and not (enough() and results):
            results[eta] = attempt(eta)

    for factor in (1, 10, 0.1):
        tried(float(f"{base * factor:.3g}"))
    for _ in range(5):
        best, low, high = max(results, key=results.__getitem__), min(results), max(results)
        if results[best] < chance + POOR:  # as by chance: nothing tells the way
            tried(float(f"{low / 10:.3g}"))
            tried(float(f"{high * 10:.3g}"))
        elif results[high] == results[best]:  # also where all reach the same
            tried(float(f"{high * 10:.3g}"))
        elif results[low] == results[best]:
            tried(float(f"{low / 10:.3g}"))
        else:
            break
    best = max(results, key=results.__getitem__)
    if results[best] > chance + 10:
        tried(float(f"{best * 3:.3g}"))
        tried(float(f"{best / 3:.3g}"))
    return results
