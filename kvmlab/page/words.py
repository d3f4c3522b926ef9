"""What the page itself says, by the short names its scripts use."""

from __future__ import annotations

from kvmlab.words import speaking, t


def page_words(lang: str) -> dict[str, str]:
    """All of it in one language; `{name}` in a text is the script's to fill in."""
    with speaking(lang):
        return {
            "skip": t("To the terminal"),
            "login": t("This browser has not been let in. Open the link that `kvmlab serve` has printed."),
            "gone": t("The page's server does not answer. Trying again…"),
            "minutes": t("{minutes} min"),
            "points": t("{points} of {most} points"),
            "quiz": t("quiz {known}/{most}"),
            "start": t("Start"),
            "resume": t("Go on where it was"),
            "reset": t("Reset"),
            "finish": t("Finish"),
            "solve": t("Show the solution being carried out"),
            "sure-reset": t("Throw the lab host away, and start another?"),
            "sure-finish": t("Remove the lab host? Your progress is kept."),
            "sure-solve": t("Have the solution carried out on this lab host? The lab then counts as solved by kvmlab."),
            "yes": t("Yes"),
            "no": t("No"),
            "text": t("Text"),
            "hint": t("Next hint"),
            "hint-number": t("hint {number} of {all}"),
            "explanation": t("explanation"),
            "terminal": t("Terminal {number}"),
            "more-terminals": t("Another terminal"),
            "leave": t("Ctrl+F6 leaves the terminal"),
            "reader": t("for screen readers"),
            "ended": t("This terminal has ended. Press Enter for another."),
            "lost": t("The connection is lost; trying again…"),
            "type": t("Type it into the terminal"),
            "found": t("{found}, wanted {wanted}"),
            "state-": t("looking…"),
            "state-none": t("not started"),
            "state-starting": t("starting"),
            "state-running": t("running"),
            "state-stopping": t("being removed"),
            "state-stopped": t("its lab host no longer runs"),
            "state-damaged": t("its record is damaged"),
            "state-exam": t("part of the exam that runs"),
            "state-error": t("could not look"),
            "new": t("new"),
            "begun": t("begun"),
            "running": t("running"),
            "stopped": t("no longer runs"),
            "done": t("done"),
            "solved": t("solution seen"),
            "passed": t("passed"),
            "blocked": t("waits"),
            "error": t("could not look"),
            "unmet": t("not yet"),
        }
