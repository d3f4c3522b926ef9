"""kvmlab bundle make|open FILE: kvmlab, its course and its images as one file, for computers without a network."""

from __future__ import annotations

import argparse
from pathlib import Path

from kvmlab.cli.context import Context, own_course
from kvmlab.errors import UsageError
from kvmlab.words import t


def arguments(parser: argparse.ArgumentParser) -> None:
    """Make one, or set kvmlab up from one."""
    parser.add_argument("action", choices=["make", "open"], help=t("what to do"))
    parser.add_argument("file", metavar="FILE", type=Path, help=t("the bundle"))
    parser.add_argument("names", metavar="IMAGE", nargs="*", default=[], help=t("of make: only these images"))
    parser.add_argument("--to", metavar="DIR", type=Path, help=t("of open: where kvmlab is installed"))


def run(args: argparse.Namespace, ctx: Context) -> int:
    """Do it."""
    if args.action == "make":
        if args.to:
            raise UsageError(t("--to is of `kvmlab bundle open`."), "kvmlab bundle --help")
        return _make(args, ctx)
    if args.names:
        raise UsageError(t("A bundle is opened whole: without names of images."), f"kvmlab bundle open {args.file}")
    return _open(args, ctx)


def _make(args: argparse.Namespace, ctx: Context) -> int:
    from kvmlab.bundle.making import make_bundle
    from kvmlab.cli.images import HOSTS, known_images, needed_images
    from kvmlab.labhost.podman import Podman
    from kvmlab.report.progress import progress

    if ctx.course_dir != own_course():
        message = t(
            "A bundle has the course that kvmlab came with; take {course} along as it is.", course=ctx.course_dir
        )
        raise UsageError(message, "kvmlab bundle make FILE")
    names = list(dict.fromkeys(known_images(args.names) or needed_images(ctx)))
    kinds = ["full", *(HOSTS[name] for name in names if name in HOSTS and name != "host")]
    guests = [name for name in names if name not in HOSTS]
    with progress("auto") as steps:
        found = make_bundle(ctx.state, Podman(), args.file.absolute(), guests, kinds, steps)
    size = args.file.stat().st_size >> 20
    print(t("{file} is made: {size} MiB, {images}.", file=args.file, size=size, images=", ".join(found.images)))
    values = {"machine": found.machine, "pythons": ", ".join(found.pythons), "libvirt": found.libvirt}
    needs = t("It is for {machine}, Python {pythons}, libvirt {libvirt} or newer, ", **values)
    print(needs + t("glibc {glibc} or newer, podman {podman} or newer.", glibc=found.glibc, podman=found.podman))
    print(f"  → tar -xf {args.file.name} open && ./open {args.file.name}")
    return 0


def _open(args: argparse.Namespace, ctx: Context) -> int:
    from kvmlab.bundle.archive import opened
    from kvmlab.bundle.environment import default_place
    from kvmlab.bundle.opening import open_bundle
    from kvmlab.labhost.podman import Podman
    from kvmlab.report.progress import progress

    place = (args.to or default_place()).absolute()
    with opened(args.file) as bundle, progress("auto") as steps:
        found = open_bundle(ctx.state, Podman(), bundle, place, steps)
    if status := found.build_images():
        return status
    print(t("kvmlab {version} is set up.", version=found.contents.version))
    print(f"  → {found.command} list")
    return 0
