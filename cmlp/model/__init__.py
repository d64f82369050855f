"""What a network is, and what it answers: its architecture, parameters and samples, and the record that is stored."""

from cmlp.model.record import Model

__all__ = ["Model"]
