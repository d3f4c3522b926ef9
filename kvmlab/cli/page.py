"""What the page needs on this computer."""

from __future__ import annotations

from kvmlab.errors import CannotRun
from kvmlab.words import t


def must_have_page() -> None:
    """CannotRun where a library of the page's is not installed, or its terminal was not fetched."""
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
        import websockets  # noqa: F401
    except ImportError as error:
        message = t("The page needs {module}, which is not installed.", module=error.name)
        raise CannotRun(message, "./script/setup page") from None
    from kvmlab.page.files import VENDOR

    if not (VENDOR / "recipe").is_file():
        message = t("The page's terminal is not here: it is fetched when kvmlab is set up for the page.")
        raise CannotRun(message, "./script/setup page")
