"""storage-pool: one pool that stays, one for today, one that points at its files again, one that is gone."""

from kvmlab.checks import Findings, Host, Params, absent, check, contains


@check(task="keep", zh="存储池 `{pool}` 有定义：类型 dir，目标目录 `{pool_path}`。")
def pool_is_defined(host: Host, lab: Params) -> Findings:
    """The pool `{pool}` is defined: of type dir, its target `{pool_path}`."""
    yield host.pool(lab.pool).stored.shows(type="dir", target=lab.pool_path)


@check(task="keep", needs=[pool_is_defined], zh="现在：存储池 `{pool}` 是活动的，用的就是这个目录。")
def pool_is_active(host: Host, lab: Params) -> Findings:
    """Now: the pool `{pool}` is active, in this directory."""
    yield host.pool(lab.pool).shows(active=True, target=lab.pool_path)
    yield host.file(lab.pool_path).shows(kind="directory", target=absent)  # libvirt looks at its next refresh


@check(task="keep", needs=[pool_is_defined], zh="开机之后：存储池 `{pool}` 自动启动。")
def pool_starts_automatically(host: Host, lab: Params) -> Findings:
    """After a boot: the pool `{pool}` starts automatically."""
    yield host.pool(lab.pool).shows(autostart=True)


@check(task="temporary", zh="存储池 `{temporary}` 是活动的，目标目录 `{temporary_path}`。")
def temporary_pool_is_active(host: Host, lab: Params) -> Findings:
    """The pool `{temporary}` is active, its target `{temporary_path}`."""
    yield host.pool(lab.temporary).shows(active=True, type="dir", target=lab.temporary_path)
    yield host.file(lab.temporary_path).shows(kind="directory", target=absent)


@check(
    task="temporary", needs=[temporary_pool_is_active], zh="存储池 `{temporary}` 是临时的：libvirt 没有保存它的定义。"
)
def temporary_pool_is_transient(host: Host, lab: Params) -> Findings:
    """The pool `{temporary}` is transient: libvirt keeps no definition of it."""
    yield host.pool(lab.temporary).shows(persistent=False)


@check(task="moved", zh="存储池 `{moved}` 的定义里，目标目录是 `{moved_to}`。")
def moved_pool_has_the_new_target(host: Host, lab: Params) -> Findings:
    """In its definition, the pool `{moved}` has the target `{moved_to}`."""
    yield host.pool(lab.moved).stored.shows(target=lab.moved_to)


@check(task="moved", zh="现在：存储池 `{moved}` 是活动的，用的是新目录，存储卷里有 `{file}`。")
def moved_pool_shows_its_file(host: Host, lab: Params) -> Findings:
    """Now: the pool `{moved}` is active, at its new target, and `{file}` is among its volumes."""
    yield host.pool(lab.moved).shows(active=True, target=lab.moved_to, volumes=contains(lab.file))


@check(task="moved", needs=[moved_pool_has_the_new_target], zh="开机之后：存储池 `{moved}` 仍然自动启动。")
def moved_pool_still_starts_automatically(host: Host, lab: Params) -> Findings:
    """After a boot: the pool `{moved}` still starts automatically."""
    yield host.pool(lab.moved).shows(autostart=True)


@check(task="old", points=2, zh="libvirt 不再知道存储池 `{old}`：既不活动，也没有定义，换个名字也没有。")
def old_pool_is_gone(host: Host, lab: Params) -> Findings:
    """libvirt knows no pool `{old}` any more: neither active nor defined, under no other name either."""
    yield host.pool(lab.old).missing()
    yield host.pool(lab.old).remains.shows(names=[])


@check(task="old", points=2, zh="目录 `{old_path}` 连同里面的文件都没有了，也没有挪到别处。")
def old_directory_is_gone(host: Host, lab: Params) -> Findings:
    """The directory `{old_path}` is gone, and the files in it, which were not moved elsewhere."""
    yield host.file(lab.old_path).missing()
    yield host.file(f"{lab.old_path}/{lab.leftover}").remains.shows(names=[])


@check(task="old", points=0, guard=True, zh="存储池 `{kept}` 原样不动：活动、自动启动，存储卷 `{treasure}` 还在。")
def other_pool_is_as_it_was(host: Host, lab: Params) -> Findings:
    """The pool `{kept}` is as it was: active, started automatically, with its volume `{treasure}`."""
    yield host.pool(lab.kept).shows(active=True, autostart=True, volumes=contains(lab.treasure))
    yield host.file(f"{lab.kept_path}/{lab.treasure}").shows(lines=[lab.treasure_text])
