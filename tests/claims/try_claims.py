"""The claims, tried on lab hosts: `script/claims` runs this file, an ordinary run of the tests does not collect it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from kvmlab.paths import State
from tests.claims.claims import Claim, claims
from tests.conftest import Kvmlab, clear, new_state

Try = Callable[[Claim], str]
SECONDS = 300
"""A claim takes two or three; on a busy computer much longer."""


@pytest.fixture(scope="session")
def on_its_lab_host(tmp_path_factory: pytest.TempPathFactory, shared_state: State) -> Iterator[Try]:
    """Run a claim's script on its lab's host, which is started when it is first asked for."""
    kvmlab = Kvmlab(new_state(tmp_path_factory.mktemp("claims"), shared_state))
    started: set[str] = set()

    def attempt(claim: Claim) -> str:
        if claim.lab not in started:
            start = kvmlab("start", claim.lab, timeout_s=1800)
            assert start.returncode == 0, start.stderr
            started.add(claim.lab)
        done = kvmlab("exec", claim.lab, "--", "bash", stdin=claim.script, timeout_s=SECONDS)
        return done.stdout + done.stderr

    yield attempt
    clear(kvmlab.state)


@pytest.mark.guest
@pytest.mark.parametrize("claim", claims(), ids=lambda claim: claim.id)
def test_it_is_so(claim: Claim, on_its_lab_host: Try) -> None:
    output = on_its_lab_host(claim)
    assert claim.wrong(output) == [], output
