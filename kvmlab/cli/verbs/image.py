"""kvmlab image build|list|import|rm: the host image, the guests' images, ISOs."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from kvmlab.cli.context import Context
from kvmlab.cli.images import HOSTS, known_images, needed_images
from kvmlab.cli.output import write_json
from kvmlab.errors import UsageError
from kvmlab.words import t


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and with which images."""
    parser.add_argument("action", choices=["build", "list", "import", "rm"], help=t("what to do"))
    parser.add_argument("names", metavar="NAME", nargs="*", help=t("images; of import, the file"))
    parser.add_argument("--name", help=t("of import: what to call it"))
    parser.add_argument("--saved", action="store_true", help=t("of rm: the saved guests, which are made anew"))
    parser.add_argument("--json", action="store_true", help=t("one JSON document on standard output"))
    parser.add_argument(
        "--progress",
        choices=["auto", "plain", "none"],
        nargs="?",
        const="auto",
        default="auto",
        help=t("how to show how far it is"),
    )


def run(args: argparse.Namespace, ctx: Context) -> int:
    """Do it."""
    return {"build": _build, "list": _list, "import": _import, "rm": _remove}[args.action](args, ctx)


def _build(args: argparse.Namespace, ctx: Context) -> int:
    """What the course's labs start from, or those named; what is there already is not built again."""
    from kvmlab.images import ensure_guest_image, ensure_iso, ensure_kind
    from kvmlab.images.guest import OURS
    from kvmlab.images.iso import ISOS
    from kvmlab.images.memory import forget_host_images
    from kvmlab.labhost.podman import Podman
    from kvmlab.report.progress import progress

    with progress(args.progress) as steps:
        forget_host_images(ctx.state)
        # A guest's packages are fetched beside the host image, where that is built for it.
        for name in sorted(known_images(args.names) or needed_images(ctx), key=lambda name: name not in OURS):
            if name in HOSTS:
                ensure_kind(ctx.state, Podman(), HOSTS[name], steps)
            elif name in ISOS:
                ensure_iso(ctx.state, Podman(), name, steps)
            else:
                ensure_guest_image(ctx.state, Podman(), name, steps)
    print(t("The images are built."))
    return 0


def _list(args: argparse.Namespace, ctx: Context) -> int:
    from kvmlab.images.kinds import built_kind
    from kvmlab.images.store import stored_images
    from kvmlab.labhost.podman import Podman

    hosts = {name: built_kind(Podman(), kind) for name, kind in HOSTS.items()}
    found = list(stored_images(ctx.state))
    if args.json:
        images = [{"name": i.name, "hash": i.hash, "state": i.state, "size_mib": i.size_mib} for i in found]
        return write_json({"schema": "kvmlab.images/1", "host": hosts["host"], "hosts": hosts, "images": images})
    words = {"built": t("built"), "imported": t("imported"), "old": t("of an older recipe")}
    for name, tag in hosts.items():
        print(f"{name:<13} {tag or t('not built yet')}")
    for image in found:
        print(f"{image.name:<13} {image.hash}  {image.size_mib:>5} MiB  {words[image.state]}")
    return 0


def _import(args: argparse.Namespace, ctx: Context) -> int:
    from kvmlab.images import ensure_host_image
    from kvmlab.images.store import import_image
    from kvmlab.labhost.computer.podman_options import find_podman
    from kvmlab.labhost.podman import Podman
    from kvmlab.report.progress import progress

    if len(args.names) != 1 or not args.name:
        raise UsageError(t("One file and a name for it are needed."), "kvmlab image import FILE.qcow2 --name centos9")
    with progress(args.progress) as steps:
        host_image = ensure_host_image(ctx.state, Podman(), steps)
        podman = find_podman(ctx.state, host_image)
        import_image(ctx.state, podman, host_image, Path(args.names[0]), args.name, steps)
    print(t('Imported. In a lab.md: image = "{name}"', name=args.name))
    return 0


def _remove(args: argparse.Namespace, ctx: Context) -> int:
    from kvmlab.images.host import remove_host_image
    from kvmlab.images.kinds import remove_kind
    from kvmlab.images.store import remove_image
    from kvmlab.labhost.podman import Podman

    if args.saved:
        shutil.rmtree(ctx.state.saved, ignore_errors=True)
        print(t("The saved guests are removed; the next start makes them anew."))
    elif not args.names:
        raise UsageError(t("Say which image to remove."), "kvmlab image list")
    for name in args.names:
        if name == "host":
            remove_host_image(ctx.state, Podman())
        elif name in HOSTS:
            remove_kind(ctx.state, Podman(), HOSTS[name])
        else:
            remove_image(ctx.state, name)
        print(t("{name} is removed.", name=name))
    return 0
