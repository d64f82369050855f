"""A test as a page: one HTML file with all its pictures, which loads nothing and runs nothing."""

from cmlp.reports.page import report_page

__all__ = ["report_page"]
