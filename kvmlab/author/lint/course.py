"""Rules for what belongs to no one lab: the course's folders, its book, its chapters' quizzes."""

from __future__ import annotations

from typing import TypeVar

from kvmlab.author.lint.fault import FaultNotes, LintFinding
from kvmlab.author.lint.terms import lint_terms
from kvmlab.author.lint.todo import left_to_do
from kvmlab.author.lint.widths import too_wide
from kvmlab.course import Chapter, Course
from kvmlab.course.book import Book, book_file, read_book
from kvmlab.course.front_matter import read_front
from kvmlab.course.quiz.model import FEWEST, QuestionKind, Quiz, answers_file, has_quiz, quiz_file, read_quiz
from kvmlab.course.source import read_source
from kvmlab.grading.load import load_answers
from kvmlab.words import t

T = TypeVar("T")
CHINESE = "zh"


def lint_course(course: Course) -> list[LintFinding]:
    """The faults of the course as a whole."""
    return _CourseRules(course).all()


class _CourseRules(FaultNotes):
    """Goes through the course, and notes what it finds."""

    def all(self) -> list[LintFinding]:
        self.folders()
        self.book()
        self.todo()
        self.attempt(f"labs/terms.{CHINESE}.toml", "terms", self.terms)
        quizzes = [one for one in self.course.chapters if has_quiz(self.course.root, one.id)]
        for chapter in self.course.chapters if quizzes else ():
            self.quiz(chapter)
        return self.faults

    def folders(self) -> None:
        """Checkers and solutions that belong to no lab: a lab was renamed, or its name misspelt."""
        known = {(entry.chapter, entry.name) for entry in self.course.entries.values()}
        known |= {(chapter.id, "quiz") for chapter in self.course.chapters}
        root = self.course.root
        orphans = [path for path in sorted((root / "checkers").glob("*/*.py")) if path.stem != "__init__"]
        orphans += [path for path in sorted((root / "solutions").glob("*/*")) if path.is_dir()]
        for path in orphans:
            if (path.parent.name, path.stem) not in known:
                message = t("there is no lab labs/{chapter}/{name}.", chapter=path.parent.name, name=path.stem)
                self.error(str(path.relative_to(root)), 1, "course", message)

    def book(self) -> None:
        """Where there is a book, it has every chapter, each ending in its labs, alike in both languages."""
        english = self.attempt("course.md", "book", lambda: read_book(self.course.root))
        if english is None or not english.chapters:
            return
        for lang in ("en", CHINESE):
            self._pictures(lang)
        for chapter in self.course.chapters:
            self._labs_of(chapter, english)
        if not book_file(self.course.root, CHINESE).is_file():
            self.error("course.md", 1, "language", t("there is no course.zh.md beside it."))
            return
        chinese = self.attempt("course.zh.md", "book", lambda: read_book(self.course.root, CHINESE))
        if chinese is not None:
            for chapter in self.course.chapters:
                self._alike(chapter, english, chinese)

    def todo(self) -> None:
        """What is still to be done on the book."""
        for path in (book_file(self.course.root, lang) for lang in ("en", CHINESE)):
            for line, said in left_to_do(path) if path.is_file() else ():
                self.warning(path.name, line, "todo", said)

    def terms(self) -> None:
        """One word for one thing, in the translation."""
        self.faults += lint_terms(self.course.root, CHINESE)

    def _pictures(self, lang: str) -> None:
        """No picture of the book is too wide for a terminal."""
        path = book_file(self.course.root, lang)
        if path.is_file():
            body = read_front(read_source(path, self.course.root), needed=False).body
            for below, message in too_wide(body.text):
                self.warning(path.name, body.place.line + below, "picture", message)

    def _labs_of(self, chapter: Chapter, book: Book) -> None:
        found = book.chapter(chapter.title("en"))
        if found is None:
            message = t("the book has no chapter `## {title}`.", title=chapter.title("en"))
            self.error("course.md", 1, "book", message)
            return
        line = found.place.line
        for lab in found.labs:
            if lab not in chapter.labs:
                self.error("course.md", line, "book", t("no section of this chapter can end in `{lab}`.", lab=lab))
        for lab in chapter.labs:
            if lab not in found.labs:
                self.error("course.md", line, "book", t("no section ends in its lab: Lab: `{lab}`", lab=lab))

    def _alike(self, chapter: Chapter, english: Book, chinese: Book) -> None:
        """The same sections, ending in the same labs."""
        one, other = english.chapter(chapter.title("en")), chinese.chapter(chapter.title(CHINESE))
        if one is None:
            return
        if other is None:
            message = t("the book has no chapter `## {title}`.", title=chapter.title(CHINESE))
            self.error("course.zh.md", 1, "language", message)
            return
        line = other.place.line
        if len(one.sections) != len(other.sections):
            numbers = {"here": len(other.sections), "there": len(one.sections)}
            self.error("course.zh.md", line, "language", t("{here} sections, {there} in course.md.", **numbers))
        if one.labs != other.labs:
            message = t("its sections end in other labs than in course.md.")
            self.error("course.zh.md", line, "language", message)

    def quiz(self, chapter: Chapter) -> None:
        """A chapter's quiz: enough questions, in both languages, an answer for each live one."""
        root = self.course.root
        file = str(quiz_file(root, chapter.id).relative_to(root))
        if not has_quiz(root, chapter.id):
            self.error(file, 1, "quiz", t("the chapter has no quiz."))
            return
        quiz = self.attempt(file, "quiz", lambda: read_quiz(root, chapter.id))
        if quiz is None:
            return
        if len(quiz.questions) < FEWEST:
            numbers = {"number": len(quiz.questions), "fewest": FEWEST}
            few = t("{number} questions; a chapter has at least {fewest}.", **numbers)
            self.warning(file, 1, "quiz", few)
        if not quiz_file(root, chapter.id, CHINESE).is_file():
            self.error(file, 1, "language", t("there is no quiz.zh.md beside it."))
        else:
            self.attempt(f"labs/{chapter.id}/quiz.zh.md", "language", lambda: read_quiz(root, chapter.id, CHINESE))
        self._live(chapter, quiz, file)

    def _live(self, chapter: Chapter, quiz: Quiz, file: str) -> None:
        live = {one.id: one for one in quiz.questions if one.kind is QuestionKind.LIVE}
        path = answers_file(self.course.root, chapter.id)
        answers = f"checkers/{chapter.id}/quiz.py"
        for one in live.values():
            if one.lab not in self.course.entries:
                self.error(file, one.title.place.line, "quiz", t("there is no lab `{lab}`.", lab=one.lab))
        if not live and not path.is_file():
            return
        known = self.attempt(answers, "quiz", lambda: load_answers(path)) or {}
        for name in live.keys() - known.keys():
            line = live[name].title.place.line
            self.error(file, line, "quiz", t("{file} has no answer to `{question}`.", file=answers, question=name))
        for name in known.keys() - live.keys():
            self.error(answers, 1, "quiz", t("`{question}` is no live question of the quiz.", question=name))
