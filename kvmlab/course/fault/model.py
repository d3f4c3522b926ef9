"""A fault as it is for one lab in one variant: every template filled in.

What a repair that runs has to know of it is plain data (`to_json`, `from_json`), kept outside of the lab host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from kvmlab.course.lab.fences import Step

LEVELS = (1, 2, 3)
"""1: fails at once; 2: shows only at the next start or boot, or now and then; 3: two that hide each other."""
PLACES = ("host", "peer", "gateway")
"""Where on the lab host's LAN a symptom's command is run: on the host itself, a colleague's computer, the gateway."""


class Symptom(NamedTuple):
    """A command that fails while the fault is there, and ends with status 0 once it is mended.

    `place`: one of PLACES; `guest`: in this guest instead, or "". `upcoming`: in a copy of the lab host after its next
    boot, with all its guests started.
    """

    id: str
    code: str
    place: str = "host"
    guest: str = ""
    upcoming: bool = False


class Story(NamedTuple):
    """What is read of a fault, as Markdown, in one language. `title` names the cause: it is shown afterwards."""

    title: str
    ticket: str
    hints: tuple[str, ...]
    story: str


class FaultCure(NamedTuple):
    """A cure, or one that is none (a reboot alone): steps carried out on the broken lab host."""

    title: str
    steps: tuple[Step, ...]


class Fault(NamedTuple):
    """One fault of one lab. `stories`: by language, "en" always among them.

    `yours`: what mending it may change besides, `forbids`: what it must not touch, both as a lab's `yours`
    (kvmlab.grading.as_it_was). `file`: where it is written, or "" for one of the general library.
    """

    id: str
    level: int
    stories: dict[str, Story]
    symptoms: tuple[Symptom, ...]
    breaks: tuple[Step, ...]
    undo: tuple[Step, ...] = ()
    cures: tuple[FaultCure, ...] = ()
    wrong: tuple[FaultCure, ...] = ()
    yours: tuple[str, ...] = ()
    forbids: tuple[str, ...] = ()
    file: str = ""

    def story(self, lang: str) -> Story:
        """Its texts in `lang`, else in English."""
        return self.stories.get(lang) or self.stories["en"]

    def to_json(self) -> dict[str, Any]:
        """What a repair has to know while it runs; how it is broken and mended is left out."""
        return {
            "id": self.id,
            "level": self.level,
            "stories": {lang: one._asdict() for lang, one in self.stories.items()},
            "symptoms": [one._asdict() for one in self.symptoms],
            "yours": list(self.yours),
            "forbids": list(self.forbids),
        }

    @classmethod
    def from_json(cls, data: Any) -> Fault:
        """What `to_json` has written. Anything else: ValueError."""
        try:
            stories = {lang: Story(**{**one, "hints": tuple(one["hints"])}) for lang, one in data["stories"].items()}
            symptoms = tuple(Symptom(**one) for one in data["symptoms"])
            yours, forbids = (tuple(map(str, data[name])) for name in ("yours", "forbids"))
            made = cls(str(data["id"]), int(data["level"]), stories, symptoms, (), yours=yours, forbids=forbids)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a fault: {error}") from None
        if "en" not in stories or not symptoms:
            raise ValueError("a fault without a story or a symptom")
        return made
