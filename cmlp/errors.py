"""The exceptions of cmlp. Each message is one sentence: what, which rule, what was found, and where."""


class CmlpError(Exception):
    """Anything that cmlp raises on purpose."""


class DataError(CmlpError, ValueError):
    """Images, labels or a data file break a rule."""


class ModelError(CmlpError, ValueError):
    """A network, its training or a model file breaks a rule."""
