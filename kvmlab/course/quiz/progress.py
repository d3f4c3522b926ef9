"""What a student has answered in the chapters' quizzes: per question, whether the last answer was right."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from kvmlab.paths import State
from kvmlab.state import record


class QuizProgress(NamedTuple):
    """One chapter: question → whether it was answered rightly the last time it was asked."""

    chapter: str
    answers: Mapping[str, bool] = MappingProxyType({})

    def known(self, questions: Iterable[str]) -> int:
        """How many of `questions` were answered rightly at last."""
        return sum(self.answers.get(one, False) for one in questions)


class Quizzes:
    """The quizzes of one course, in `state`; a chapter has to be one of the catalogue's."""

    def __init__(self, state: State, course_tag: str) -> None:
        self._state = state
        self._tag = course_tag

    def chapter(self, chapter: str) -> QuizProgress:
        """What has been answered; nothing yet: empty."""
        return record.read(self._path(chapter), lambda data: _from_json(chapter, data), QuizProgress(chapter))

    def answered(self, chapter: str, question: str, right: bool) -> None:
        """Note one answer, at once: what was answered stays answered, whatever happens next."""
        with self._state.lock(f"quiz-{self._tag}-{chapter}"):
            was = self.chapter(chapter)
            path = self._path(chapter)
            _ = self._state.progress  # the folder above, made for this user only
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            record.write(path, {"chapter": chapter, "answers": {**was.answers, question: right}})

    def _path(self, chapter: str) -> Path:
        return self._state.root / "progress" / self._tag / "quizzes" / f"{chapter}.json"


def _from_json(chapter: str, data: object) -> QuizProgress:
    answers = data.get("answers") if isinstance(data, dict) else None
    if not isinstance(answers, dict) or not all(isinstance(right, bool) for right in answers.values()):
        raise ValueError("not a quiz's answers")
    return QuizProgress(chapter, answers)
