"""Numbers: digits with or without separators, number words in English and Chinese, units of size."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from kvmlab.course.quiz.answers.typed import bare

_SMALL = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_SMALL += ["thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ENGLISH = {word: number for number, word in enumerate(_SMALL)}
_ENGLISH |= {word: 10 * number for number, word in enumerate(_TENS, 2)} | {"none": 0, "no": 0}
_CHINESE = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_PLACES = {"十": 10, "百": 100, "千": 1000}
_DIGITS = re.compile(r"[-+]?\d+,\d{1,2}(?!\d)|[-+]?(?:\d{1,3}(?:[ ,'_]\d{3})+|\d+)(?:\.\d+)?")
_LETTERS = {"k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_BYTES = {"b", "byte", "bytes", "字节"}
_CHINESE_UNITS = {"兆": "m", "兆字节": "m", "吉字节": "g", "千字节": "k"}


class Number(NamedTuple):
    """A value and the unit behind it, as it was written; `unit` "" where there was none."""

    value: Fraction
    unit: str


def read_number(text: str) -> Number | None:
    """`512`, `67,108,864 bytes`, `0.5 GiB`, `four`, `四个`; None: no number."""
    text = bare(text)
    if found := _DIGITS.match(text):
        value, rest = _of_digits(found[0]), text[found.end() :]
        return None if re.match(r"[\d.,:/_]", rest) else Number(value, rest.strip())
    found_words = re.match(r"[a-z]+(?:[ -](?:and )?[a-z]+)*", text.lower())
    for end in range(len(found_words[0].split()) if found_words else 0, 0, -1):
        said = " ".join(text.lower().split()[:end])
        if (of_words := _english(said)) is not None:
            return Number(Fraction(of_words), " ".join(text.split()[end:]))
    found_chinese = re.match(f"[{''.join([*_CHINESE, *_PLACES])}]+", text)
    of_chinese = _chinese(found_chinese[0]) if found_chinese else None
    return None if of_chinese is None else Number(Fraction(of_chinese), text[found_chinese.end() :].strip())  # type: ignore[union-attr]


def bytes_in(unit: str) -> int | None:
    """How many bytes a unit of size is, by libvirt's scale: `MiB`, `M` are 1024², `MB` 1000²; None: no such unit."""
    unit = _CHINESE_UNITS.get(unit, unit).lower()
    if unit in _BYTES:
        return 1
    found = re.fullmatch(r"([kmgtp])(?:(i)?(b|bytes?)?)?|(kibi|mebi|gibi|tebi)bytes?", unit)
    if not found:
        return None
    power = _LETTERS[(found[1] or found[4])[0]]
    return int((1000 if found[3] and not found[2] else 1024) ** power)


def _of_digits(text: str) -> Fraction:
    if re.fullmatch(r"[-+]?\d+,\d{1,2}", text):  # a decimal comma
        return Fraction(text.replace(",", "."))
    return Fraction(re.sub(r"[ ,'_]", "", text))


def _english(text: str) -> int | None:
    """Up to 999: `four`, `twenty-four`, `five hundred and twelve`."""
    total, after_tens = 0, False
    for word in re.sub("^a (?=hundred)", "one ", text.replace("-", " ")).split():
        if word == "and" and total:
            continue
        if word == "hundred" and 0 < total < 10:
            total, after_tens = total * 100, False
        elif word in _TENS and not total % 100:
            total, after_tens = total + _ENGLISH[word], True
        elif word in _ENGLISH and (not total or (total % 100 == 0) or (after_tens and 0 < _ENGLISH[word] < 10)):
            total, after_tens = total + _ENGLISH[word], False
        else:
            return None
    return total


def _chinese(text: str) -> int | None:
    """Up to 9999: `四`, `十二`, `一百二十八`, `五百一十二`, or digit by digit, `一二八`."""
    if len(text) > 1 and not set(text) & set(_PLACES):
        return int("".join(str(_CHINESE[one]) for one in text))
    total, digit = 0, 0
    for one in text:
        if one in _PLACES:
            total, digit = total + (digit or 1) * _PLACES[one], 0
        else:
            digit = _CHINESE[one]
    return total + digit
