"""Students whose lab hosts are on a class server: here nothing is begun for them."""

from __future__ import annotations

from kvmlab.classroom.folder import Class
from kvmlab.classroom.gradebook.records import ServerPlace
from tests.classroom.conftest import LAB, Classroom
from tests.classroom.test_students import rows


def test_what_is_asked_here_of_who_is_elsewhere(classroom: Classroom) -> None:
    """No second lab host is started for them, by the instructor nor at the door."""
    found = Class(classroom.folder)
    found.book.put_places({"2026001": ServerPlace("s1", 2)})
    found.book.close()
    done = classroom("start", LAB)
    assert rows(done)["2026001"].endswith("is placed on s1: --inventory FILE leads there") and done.status == 3
    assert [call[0] for call in classroom.pretended.calls] == [classroom.student("2026002").root.name]
    assert "is placed on s1" in rows(classroom("check", LAB, "--dry-run"))["2026001"]
    assert classroom("enter", "2026001", "--", "status").status == 3
    assert classroom("place", "--here", "--dry-run").status == 0 and classroom("start", LAB).status == 3
    assert classroom("place", "--here").status == 0 and classroom("start", LAB).status == 0
    assert classroom("place").status == classroom("place", "--here", "--anew", "s1").status == 2
    (classroom.folder / "hosts").write_text("s1 ansible_port=1 ansible_host=127.0.0.1\n")
    done = classroom("place", "--inventory", str(classroom.folder / "hosts"))
    assert f"{LAB} runs on this computer; finish it first" in rows(done)["2026001"]
