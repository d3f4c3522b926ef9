"""Mutators of pools, snapshots, and of files of the host, volumes and images among them."""

from __future__ import annotations

from kvmlab.host.xml import Element
from kvmlab.mutants.domains import on_off
from kvmlab.mutants.mutator import ChangeScripts, edited, given, mutator, script, there_and_back
from kvmlab.mutants.scene import DIRECTORY, FROM_THE_START, AskedObject, ScenePool, SceneSnapshot

KEPT = "/var/tmp/.kvmlab-kept"


@mutator("pool", "autostart the other way round")
def _autostart(pool: ScenePool) -> ChangeScripts | None:
    if not pool.persistent:
        return None
    return there_and_back("virsh pool-autostart %s {name}", *on_off(pool.autostart), name=pool.name)


@mutator("pool", "stopped")
def _stopped(pool: ScenePool) -> ChangeScripts | None:
    if not pool.active or not pool.persistent:
        return None
    return there_and_back("virsh %s {name}", "pool-destroy", "pool-start", name=pool.name)


@mutator("pool", "started")
def _started(pool: ScenePool) -> ChangeScripts | None:
    if pool.active:
        return None
    return there_and_back("virsh %s {name}", "pool-start", "pool-destroy", name=pool.name)


@mutator("pool", "undefined")
def _undefined(pool: ScenePool) -> ChangeScripts | None:
    if not pool.persistent:
        return None
    do = script("virsh pool-destroy {name} || true\nvirsh pool-undefine {name}", name=pool.name)
    undo = [given("virsh pool-define", pool.stored)]
    undo += [script("virsh pool-autostart {name}", name=pool.name)] if pool.autostart else []
    undo += [script("virsh pool-start {name}", name=pool.name)] if pool.active else []
    return ChangeScripts(do, "\n".join(undo))


@mutator("pool", "another path, stored")
def _path(pool: ScenePool) -> ChangeScripts | None:
    def edit(root: Element) -> bool:
        path = root.find("target/path")
        if path is None:
            return False
        path.text = f"{path.text}0"
        return True

    other = edited(pool.stored, edit) if pool.persistent else None
    return ChangeScripts(given("virsh pool-define", other), given("virsh pool-define", pool.stored)) if other else None


@mutator("pool", "a stranger's file in it")
def _stranger(pool: ScenePool) -> ChangeScripts | None:
    path = edited(pool.stored, lambda root: root.get("type") == "dir")
    if not pool.active or path is None:
        return None
    name = "stranger.img"
    do = script(f"virsh vol-create-as {{name}} {name} 1M --format raw", name=pool.name)
    return ChangeScripts(do, script(f"virsh vol-delete {name} {{name}}", name=pool.name))


@mutator("snapshot", "gone from libvirt")
def _snapshot_gone(snapshot: SceneSnapshot) -> ChangeScripts:
    words = {"domain": snapshot.domain, "name": snapshot.name}
    current = " --current" if snapshot.current else ""
    back = given(script("virsh snapshot-create {domain} --redefine", **words) + current + " --xmlfile", snapshot.xml)
    return ChangeScripts(script("virsh snapshot-delete {domain} {name} --metadata", **words), back)


@mutator("snapshot", "gone from the image")
def _snapshot_of_image(snapshot: SceneSnapshot) -> ChangeScripts | None:
    if not snapshot.image:
        return None
    return _with_copy(snapshot.image, script("qemu-img snapshot -d {name} {path}",
                                             name=snapshot.name, path=snapshot.image))  # fmt: skip


BACK = f"if test -e {KEPT}; then rm -rf {{path}}; mv {KEPT} {{path}}; fi"
"""Undone, and nothing done where it was not made: there is nothing kept."""
REGULAR = "test -s {path}; test ! -L {path}; test -f {path}"


def _with_copy(path: str, change: str, test: str = REGULAR) -> ChangeScripts:
    """Change a copy put in the file's place, so that undoing gives the same file back, with the same times."""
    words = {"path": path}
    do = script(test, f"mv {{path}} {KEPT}", f"cp --preserve=all --sparse=always {KEPT} {{path}}", **words)
    return ChangeScripts(f"{do}\n{change}", script(BACK, **words))


def _instead(path: str, change: str, test: str = "test -f {path}; test ! -L {path}") -> ChangeScripts:
    """Put something else in the file's place; the file itself is kept aside."""
    do = script(test, f"mv {{path}} {KEPT}", change, path=path)
    return ChangeScripts(do, script(BACK, path=path))


@mutator("file", "moved to a similar name")
def _moved(asked: AskedObject) -> ChangeScripts:
    words = {"path": asked.key[0], "other": asked.key[0] + "0"}
    return ChangeScripts(script("test ! -e {other}\nmv {path} {other}", **words), script("mv {other} {path}", **words))


TEXT = frozenset(("text", "lines", "number", "words"))
"""Of a file of which no more than this is asked, a link is as good: who reads it reads the same."""


@mutator("file", "a link to elsewhere")
def _link(asked: AskedObject) -> ChangeScripts | None:
    if asked.names and asked.names <= {*TEXT, FROM_THE_START}:
        return None
    return _instead(asked.key[0], f"ln -s {KEPT} {{path}}", "test -e {path}; test ! -L {path}")


@mutator("file", "one of two names of a file")
def _hard_link(asked: AskedObject) -> ChangeScripts | None:
    if "image" not in asked.names or FROM_THE_START in asked.names:
        return None  # another name of what was there already does nothing to it
    return ChangeScripts(script(f"test -f {{path}}; ln {{path}} {KEPT}", path=asked.key[0]), f"rm {KEPT}")


@mutator("file", "emptied")
def _emptied(asked: AskedObject) -> ChangeScripts | None:
    if DIRECTORY in asked.names:
        return None
    return _instead(asked.key[0], f"test -s {KEPT}\ncp --attributes-only --preserve=mode,ownership {KEPT} {{path}}")


@mutator("file", "written over in the middle")
def _written_over(asked: AskedObject) -> ChangeScripts | None:
    if DIRECTORY in asked.names:
        return None
    write = "printf '~~~~' | dd of={path} bs=1 conv=notrunc seek=$(($(stat -c %s {path}) / 2)) status=none"
    return _with_copy(asked.key[0], script(write, path=asked.key[0]))


@mutator("file", "cut short")
def _cut_short(asked: AskedObject) -> ChangeScripts | None:
    if DIRECTORY in asked.names:
        return None
    cut = script("truncate -s $(($(stat -c %s {path}) / 2)) {path}", path=asked.key[0])
    return _with_copy(asked.key[0], cut)


@mutator("file", "an empty one of the same size in its place")
def _same_size(asked: AskedObject) -> ChangeScripts | None:
    if "image" not in asked.names and "blank" not in asked.names:
        return None
    copied = f"cp --attributes-only --preserve=mode,ownership {KEPT} {{path}}"
    return _instead(asked.key[0], f"{copied}\ntruncate -s $(stat -c %s {KEPT}) {{path}}")


@mutator("file", "open to all")
def _mode(asked: AskedObject) -> ChangeScripts | None:
    if not asked.names & {"mode", "owner"}:
        return None
    kept = f"stat -c %a {{path}} > {KEPT}; ! grep -q 777 {KEPT}"
    do = script(kept, "chmod 777 {path}", path=asked.key[0])
    return ChangeScripts(do, script(f"chmod $(cat {KEPT}) {{path}}; rm {KEPT}", path=asked.key[0]))


def _noted(asked: AskedObject, edit: str) -> ChangeScripts:
    path, name = asked.key
    pattern = f"s/^([[:blank:]]*{name}[[:blank:]]*[=:][[:blank:]]*)(.*)$/{edit}/I"
    test = script("grep -qiE {line} {path}", line=f"^[[:blank:]]*{name}[[:blank:]]*[=:]")
    return _with_copy(path, script("sed -i -E {edit} {path}", edit=pattern, path=path), test)


@mutator("note", "another value")
def _another_value(asked: AskedObject) -> ChangeScripts:
    return _noted(asked, r"\19\2")


@mutator("note", "no value")
def _no_value(asked: AskedObject) -> ChangeScripts:
    return _noted(asked, r"\1")
