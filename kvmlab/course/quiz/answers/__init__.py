"""Typed answers, each compared as what it is: a name, a number with its unit, a path, an option, a command, …

The author says so in the question's heading, `{#port kind=text answer=port}`; KINDS has the words. A kind compares a
right answer, as the author wrote it, with what was typed, and says what is wrong with what an author wrote.
Rejected: one comparison for all (lower case, no blanks) with every spelling listed by the author: it takes `-f` for
`-F`, and nobody lists all spellings of a command.
"""

from kvmlab.course.quiz.answers.answer import KINDS, PLAIN, Answer, fault, flaw, shown_answer, speaks

__all__ = ["KINDS", "PLAIN", "Answer", "fault", "flaw", "shown_answer", "speaks"]
