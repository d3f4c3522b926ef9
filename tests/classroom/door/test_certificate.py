"""The page's certificate: one of a class and a name, the same whenever it is asked for, another before it gets old."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from kvmlab.classroom.door import certificate
from kvmlab.classroom.door.certificate import certificate_of
from kvmlab.classroom.folder import Class, create_class, open_class
from tests.classroom.samples import STUDENTS


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Class]:
    create_class(tmp_path / "kvm", STUDENTS)
    with open_class(str(tmp_path / "kvm")) as found:
        yield found


@pytest.mark.parametrize("name", ["class.example.org", "10.0.0.5"])
def test_it_is_for_that_name_alone_and_stays(found: Class, name: str) -> None:
    made = certificate_of(found, name)
    assert certificate_of(found, name) == made
    parsed = x509.load_pem_x509_certificate(made.pem[made.pem.index("-----BEGIN CERT") :].encode())
    (shown,) = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert str(shown.value) == name
    assert not parsed.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert (parsed.not_valid_after_utc - parsed.not_valid_before_utc).days < 825
    assert made.fingerprint.count(":") == 31
    assert certificate_of(found, "other.example.org").fingerprint != made.fingerprint


def test_another_takes_its_place_before_it_is_old(found: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    made = certificate_of(found, "x")
    monkeypatch.setattr(certificate, "LEFT_DAYS", certificate.DAYS + 1)
    assert certificate_of(found, "x") != made


def test_what_is_stored_of_it_is_for_its_instructor_alone(found: Class) -> None:
    certificate_of(found, "x")
    assert found.book.database.rows("SELECT 1 FROM meta WHERE name = 'page_certificate'")
    assert (found.folder / "gradebook.sqlite").stat().st_mode & 0o077 == 0
