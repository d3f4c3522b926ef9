"""image-imported: cloud-init has taken the seed."""

from kvmlab.checks import Findings, Host, Params, check


@check(task="runs", guard=True, points=1, zh="{guest} 叫这个名字，可以查询。")
def it_can_be_asked(host: Host, lab: Params) -> Findings:
    """{guest} has its name and can be asked."""
    yield host.guest(lab.guest).shows(hostname=lab.guest)
