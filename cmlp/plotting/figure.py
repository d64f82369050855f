"""A figure of matplotlib that a notebook shows, with pyplot or without."""

from matplotlib.figure import Figure

from cmlp.plotting.style import png

PIXELS = 96  # of a screen, per inch


class ShownFigure(Figure):
    """A figure with a picture for notebooks, which otherwise show only those that pyplot has made."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        width, height = (round(PIXELS * inches) for inches in self.get_size_inches().tolist())
        return png(self), {"width": width, "height": height}
