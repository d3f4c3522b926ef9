"""The verbs are tried on the small course of tests/course."""

from tests.course.conftest import ask, copy, edit, example, progress, record, state, told

__all__ = ["ask", "copy", "edit", "example", "progress", "record", "state", "told"]
