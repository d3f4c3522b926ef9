"""What a typed answer is, and how one of that kind is compared with another."""

from __future__ import annotations

import ipaddress
import posixpath
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import NamedTuple

from kvmlab.course.quiz.answers.chords import read_chord
from kvmlab.course.quiz.answers.numbers import Number, bytes_in, read_number
from kvmlab.course.quiz.answers.synopsis import follows, read_synopsis
from kvmlab.course.quiz.answers.typed import bare, half_width
from kvmlab.words import t

_PORT = re.compile(
    r"(?:the )?(?:(tcp|udp)[ /:-]*)?(?:ports?|端口)?[ :/=#]*(?:(tcp|udp)[ /:-]*)?(\d+)(?:\s*[/ ]\s*\(?(tcp|udp)\)?)?",
    re.IGNORECASE,
)
_HOST_BEFORE = re.compile(r"(?:\w+://)?(?:[\w.-]*|\[[0-9a-fA-F:]*\]|\*):{1,2}(?=\d+/?$)")
_VALUE = re.compile(r"\s*=\s*(\S+)$")
_SYSCTL = re.compile(r"(?:sudo\s+)?sysctl\s+(?:(?:-w|--write|-n)\s+)?")


class Answer(NamedTuple):
    """What the answers to a question are. `unit`: of a number; `labels`: words that may stand around the answer."""

    kind: str = "words"
    unit: str = ""
    labels: tuple[str, ...] = ()


class _Kind(NamedTuple):
    """`same(answer, right, typed)`; `flaw(right)`: what is wrong with a right answer that an author wrote, or ""."""

    same: Callable[[Answer, str, str], bool]
    flaw: Callable[[str], str]


PLAIN = Answer()
_SAID_OF_ALL: Mapping[str, tuple[str, ...]] = {
    "option": ("option", "选项"),
    "command": ("subcommand", "command", "子命令", "命令"),
    "path": ("file", "path", "directory", "文件", "路径", "目录"),
    "variable": ("environment_variable", "variable", "环境变量", "变量"),
    "parameter": ("kernel_parameter", "parameter", "内核参数", "参数"),
}
"""Words that may stand around an answer of a kind, whatever the question."""


def speaks(answer: Answer, right: str, typed: str) -> bool:
    """Whether what was typed says the same as `right`."""
    same = KINDS[answer.kind].same
    return same(answer, right, typed) or any(same(answer, right, one) for one in _unlabelled(answer, typed))


def shown_answer(answer: Answer, right: str) -> str:
    """A right answer as it is shown: of a synopsis, the option asked for, or the whole command."""
    synopsis = read_synopsis(right) if answer.kind in ("command", "option") else None
    if synopsis is None:
        return right
    return f"`{synopsis.short() if answer.kind == 'option' else synopsis.whole()}`"


def flaw(answer: Answer, right: str) -> str:
    """What is wrong with a right answer as an author wrote it; "" if nothing."""
    return KINDS[answer.kind].flaw(right)


def fault(answer: Answer) -> str:
    """What is wrong with the question's declaration; "" if nothing."""
    if answer.kind not in KINDS:
        return t("no answer is a `{kind}`; there are: {kinds}.", kind=answer.kind, kinds=", ".join(KINDS))
    if answer.unit and answer.kind != "number":
        return t("only a number has a `unit=`.")
    if answer.unit and bytes_in(answer.unit) is None:
        return t("`{unit}` is no unit of size.", unit=answer.unit)
    return ""


def _unlabelled(answer: Answer, typed: str) -> list[str]:
    """What was typed without the question's own words around it: `type='qemu'`, `pid 1234`, `3 volumes`."""
    text = bare(typed)
    found = []
    for label in (*answer.labels, *_SAID_OF_ALL.get(answer.kind, ())):
        word = re.escape(label.replace("_", " "))
        between = r"(?:\s*[=:]\s*|\s+is\s+|\s+|(?<=[^\x00-\x7f])(?:是|为)?\s*)"
        if match := re.fullmatch(rf"(?:the )?(?:{word}{between}(.+)|(.+?)\s*{word})", text, re.IGNORECASE):
            found.append(bare(match[1] or match[2]))
    return found


def _words(answer: Answer, right: str, typed: str) -> bool:
    one, other = (" ".join(bare(text).lower().replace("-", " ").split()) for text in (right, typed))
    return one == other


def _name(answer: Answer, right: str, typed: str) -> bool:
    return bare(right) == bare(typed)


def _uuid(answer: Answer, right: str, typed: str) -> bool:
    one, other = (re.sub(r"^\{|\}$|^urn:uuid:|-", "", bare(text).lower()) for text in (right, typed))
    return one == other


def _address(answer: Answer, right: str, typed: str) -> bool:
    try:
        return ipaddress.ip_address(bare(right)) == ipaddress.ip_address(bare(typed))
    except ValueError:
        return False


def _variable(answer: Answer, right: str, typed: str) -> bool:
    found = re.fullmatch(r"(?:export\s+|set\s+)?\$?(\{)?([A-Za-z_]\w*)(?(1)\})(?:\s*=.*)?", bare(typed))
    return bool(found) and found[2] == bare(right)  # type: ignore[index]


def _path(answer: Answer, right: str, typed: str) -> bool:
    return _normal(right) == _normal(typed)


def _normal(path: str) -> str:
    path = bare(path)
    if "://" in path:
        path = path.removeprefix("file://")
    return re.sub("^//+", "/", posixpath.normpath(path)) if path else ""


def _number(answer: Answer, right: str, typed: str) -> bool:
    wanted, given = read_number(right), read_number(typed)
    if wanted is None or given is None:
        return False
    value = _in_unit(answer, given)
    if value is None:
        return False
    whole = wanted.value.denominator == 1
    return value == wanted.value if whole else abs(value - wanted.value) <= Fraction(1, 2)


def _in_unit(answer: Answer, given: Number) -> Fraction | None:
    """The value in the unit that the question wants; None: another unit than one of its kind."""
    if not given.unit:
        return given.value
    if not answer.unit:
        return given.value if given.unit in ("个", "条", "台", "only", "in all", "in total") else None
    size, wanted = bytes_in(given.unit), bytes_in(answer.unit)
    return None if size is None or not wanted else given.value * size / wanted


def _parameter(answer: Answer, right: str, typed: str) -> bool:
    """A kernel parameter, dotted or as a path; where a value is typed, it must be the right one."""
    wanted, wanted_value = _setting(right)
    given, given_value = _setting(typed)
    return given == wanted and given_value in (None, wanted_value)


def _setting(text: str) -> tuple[str, str | None]:
    text = re.sub(r"^[$#]\s+", "", bare(text))
    if found := re.fullmatch(r"(?:sudo\s+)?echo\s+(\S+)\s*>\s*(\S+)", text):
        text = f"{found[2]}={found[1]}"
    text = re.sub(r"^(?:sudo\s+)?cat\s+", "", _SYSCTL.sub("", text, count=1)).replace("'", "").replace('"', "")
    found = _VALUE.search(text)
    name = text[: found.start()] if found else text
    return name.strip().removeprefix("/proc/sys/").replace("/", "."), found[1] if found else None


def _port(answer: Answer, right: str, typed: str) -> bool:
    wanted, given = _read_port(right), _read_port(typed)
    return wanted is not None and given is not None and wanted[0] == given[0] and given[1] in ("", wanted[1] or "tcp")


def _read_port(text: str) -> tuple[int, str] | None:
    """The number and the protocol, "" where none is said."""
    text = _HOST_BEFORE.sub("", bare(text)).removesuffix("号端口").removesuffix("端口").removesuffix("/")
    found = _PORT.fullmatch(text.strip())
    if not found:
        return None
    said = {one.lower() for one in (found[1], found[2], found[4]) if one}
    return (int(found[3]), next(iter(said), "")) if len(said) < 2 else None


def _keys(answer: Answer, right: str, typed: str) -> bool:
    wanted = read_chord(right)
    return wanted == read_chord(typed) if wanted else _words(answer, right, typed)


def _command(answer: Answer, right: str, typed: str) -> bool:
    synopsis = read_synopsis(right)
    return synopsis is not None and follows(synopsis, typed)


def _no_synopsis(right: str) -> str:
    synopsis = read_synopsis(right)
    return "" if synopsis else t("`{text}` is no synopsis: `[virsh] net-info [NETWORK]`.", text=half_width(right))


def _no_option(right: str) -> str:
    synopsis = read_synopsis(right)
    asked = synopsis and not any(not one.optional for one in synopsis.words)
    return "" if asked else t("`{text}` names no option alone: `[virsh list] --all`.", text=half_width(right))


def _looks_otherwise(right: str) -> str:
    """Plain words that are an option, a path, a number: their kind has to be said, or they are compared wrongly."""
    text = bare(right)
    looks = {"option": "-", "path": "/", "number": r"[\d.,]+$"}
    found = next((kind for kind, look in looks.items() if re.match(look, text)), "")
    return t("`{text}` is not just words: say `answer={kind}`.", text=text, kind=found) if found else ""


def _must(right: Callable[[str], object], kind: str) -> Callable[[str], str]:
    def flaw_of(text: str) -> str:
        return "" if right(text) else t("`{text}` is no {kind}.", text=bare(text), kind=kind)

    return flaw_of


KINDS: Mapping[str, _Kind] = {
    "words": _Kind(_words, _looks_otherwise),
    "name": _Kind(_name, _must(lambda text: not re.match(r"[-/]", bare(text)), "name")),
    "number": _Kind(_number, _must(read_number, "number")),
    "path": _Kind(_path, _must(lambda text: re.fullmatch(r"/?[^/\s]+(/[^/\s]+)*/?", bare(text)), "path")),
    "option": _Kind(_command, _no_option),
    "command": _Kind(_command, _no_synopsis),
    "port": _Kind(_port, _must(_read_port, "port")),
    "keys": _Kind(_keys, _must(read_chord, "keys")),
    "variable": _Kind(_variable, _must(lambda text: re.fullmatch(r"[A-Za-z_]\w*", bare(text)), "variable")),
    "parameter": _Kind(_parameter, _must(lambda text: re.fullmatch(r"[\w./]+", _setting(text)[0]), "parameter")),
    "uuid": _Kind(_uuid, _must(lambda text: re.fullmatch(r"[0-9a-fA-F-]{32,36}", bare(text)), "uuid")),
    "address": _Kind(_address, _must(lambda text: _address(PLAIN, text, text), "address")),
}
"""What answers can be, by the word in the question's heading."""
