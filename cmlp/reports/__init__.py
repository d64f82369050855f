"""What is measured of a network: a test as one HTML file without scripts, confusions, the range of learning rates."""

from cmlp.reports.page import report_page

__all__ = ["report_page"]
