"""Results of cases that were carried out, each kept under a hash of everything it depends on.

A run of prove that is stopped, at whatever moment, has kept every case that had ended; `prove --resume` takes those
over and carries out the rest. The hash is over the engine, the lab as it is compiled (its text and its values), its
checker and quiz, the case's own steps, and the images: where any of them has changed, the case is carried out anew.
A case that could not be carried out is never kept, and one that refutes a proof is forgotten: it is tried again. Of a
long case only what refutes is.
It is kept as Python pickles it, since nobody but the very same code (its hash is in the name) ever reads it.
"""

from __future__ import annotations

import contextlib
import functools
import json
import pickle
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import kvmlab
from kvmlab.author.prove.proof import Proof, ProofOutcome
from kvmlab.course.quiz.model import answers_file, has_quiz
from kvmlab.errors import CannotRun
from kvmlab.paths import State, files_below, write_atomic

if TYPE_CHECKING:
    from kvmlab.author.prove.bench import Bench
    from kvmlab.author.prove.cases import Case
    from kvmlab.author.prove.proof import ProofResult
    from kvmlab.author.prove.result import CaseResult, TriedFault, TriedMutant

WITHOUT = ("cli", "report", "words", "author/lint", "author/skeleton", "own_course")
"""Parts of the package that no lab host and no verdict hangs on."""
LONGEST_S = 30 * 86400
Tried = TypeVar("Tried", bound="TriedMutant | TriedFault")


def find(bench: Bench, case: Case) -> CaseResult | None:
    """The result of `case` if it was carried out before under the same hash, else None."""
    try:
        result: CaseResult = pickle.loads(_path(bench, case).read_bytes())
    except FileNotFoundError:
        return None
    except Exception:  # cut short, or of another Python
        return None
    on_the_way = tuple(
        replace(old, case=now, taken_over=True) for old, now in zip(result.on_the_way, case.on_the_way, strict=True)
    )
    return replace(result, case=case, on_the_way=on_the_way, taken_over=True)


def noted(bench: Bench, case: Case, kind: Callable[..., Tried]) -> list[Tried]:
    """What `note` has kept of a case that has not come to its end; without --resume it is forgotten."""
    path = _path(bench, case).with_suffix(".part")
    if not bench.resume:
        path.unlink(missing_ok=True)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    return [kind(*json.loads(line)) for line in lines if line.endswith("]\n")]  # the last one may be cut short


def note(bench: Bench, case: Case, tried: Tried) -> Tried:
    """Keep, and give back, what came of one of the many things that are tried in a long case."""
    with contextlib.suppress(OSError), _path(bench, case).with_suffix(".part").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(tried) + "\n")
    return tried


def keep(bench: Bench, result: CaseResult) -> None:
    """Keep what came of a case that could be carried out, whole or not at all."""
    if not any(one.trouble for one in (result, *result.on_the_way)):
        with contextlib.suppress(CannotRun, OSError):  # a full disk: then it will be proved once more
            _remove_old(_folder(bench.state, bench.lab.id))
            write_atomic(_path(bench, result.case), pickle.dumps(result))
            _path(bench, result.case).with_suffix(".part").unlink(missing_ok=True)


def forget(bench: Bench, result: CaseResult, named: Collection[str]) -> None:
    """Forget the result, so that the case is carried out again; of what was tried in it only those that are `named`."""
    _path(bench, result.case).unlink(missing_ok=True)
    tried: list[TriedMutant | TriedFault] = [*result.mutants, *result.general]
    for one in tried:
        if one[0] not in named:  # its name, its id
            note(bench, result.case, one)


def _path(bench: Bench, case: Case) -> Path:
    return _folder(bench.state, bench.lab.id) / f"{key_of(bench, case)}.pickle"


def _folder(state: State, lab: str) -> Path:
    folder = state.proved / lab
    folder.mkdir(exist_ok=True, mode=0o700)
    return folder


def _remove_old(folder: Path) -> None:
    for path in folder.iterdir():
        if path.stat().st_mtime < time.time() - LONGEST_S:
            path.unlink(missing_ok=True)


def key_of(bench: Bench, case: Case) -> str:
    """The hash of everything that the result of `case` depends on."""
    digest = sha256(engine().encode())
    for part in (bench.lab._replace(survivors=()).to_json(), bench.materials.identity(), _told(case)):
        digest.update(json.dumps(part, sort_keys=True, default=str).encode() + b"\0")
    for path in _files(bench):
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:32]


def _told(case: Case) -> list[object]:
    """A case without where it stands: a line more above it changes nothing."""
    steps = [[step.id, step.guest, step.code, step.look] for step in case.steps]
    part = case.part and [*case.part[:2], *case.part.draw[:2]]
    named = [sorted(case.caught_by), sorted(case.fails), case.look_again, case.rehearsed, part, repr(case.fault)]
    return [case.proof.value, case.name, steps, named, [_told(one) for one in case.on_the_way]]


def _files(bench: Bench) -> Iterator[Path]:
    yield bench.checker
    if has_quiz(bench.course.root, bench.lab.chapter):
        yield from sorted((bench.course.root / "labs" / bench.lab.chapter).glob("quiz.md"))
        yield answers_file(bench.course.root, bench.lab.chapter)


@functools.cache
def engine() -> str:
    """A hash over the engine's files, without those that neither a lab host nor a verdict depends on."""
    root, digest = Path(kvmlab.__file__).parent, sha256()
    for path in files_below(root):
        name = str(path.relative_to(root))
        if not name.startswith(WITHOUT):
            digest.update(f"{name}\0".encode() + sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def to_forget(judged: Iterable[ProofResult]) -> set[str]:
    """The cases, and the mutants, that are not taken over next time. Reset is held against the start."""
    wrong = [one for one in judged if one.outcome is not ProofOutcome.PROVED]
    named = {remark.case for one in wrong for remark in (*one.wrong, *one.trouble)}
    return named | ({"start"} if any(one.proof is Proof.RESET for one in wrong) else set())
