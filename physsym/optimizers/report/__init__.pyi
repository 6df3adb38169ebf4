from .lines import Line, Report
from .subjects import report

__all__ = ["Line", "Report", "report"]
