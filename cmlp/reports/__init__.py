"""Report a test as one HTML file, without scripts or external resources."""

from cmlp.reports.page import report_page

__all__ = ["report_page"]
