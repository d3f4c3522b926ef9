"""The quiz of the chapter images: what is right for its live questions."""

from kvmlab.checks import Host, Params, answer


@answer("first-format")
def first_format(host: Host, lab: Params) -> object:
    """The format that is in the first of the images that were found."""
    return host.image_file(lab.first).value("format")


@answer("third-size")
def third_size(host: Host, lab: Params) -> object:
    """The virtual size of the third one, MiB."""
    return host.image_file(lab.third).value("virtual_size_mib")


@answer("parent")
def parent(host: Host, lab: Params) -> object:
    """The snapshot before Wednesday's."""
    return host.snapshot(lab.books, "wednesday").value("parent")


@answer("uuid")
def uuid(host: Host, lab: Params) -> object:
    """The UUID of the original."""
    return host.domain(lab.guest).value("uuid")
