"""What the page consists of, the same for everybody: its own files, xterm.js and noVNC, its words. Read once, kept.

All modules that a lab's page needs are named in the first answer, so that a browser need not read one to learn of the
next. Rejected: a bundler, which makes another file of ours than the one that is read.
"""

from __future__ import annotations

import json
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from kvmlab.page.words import page_words
from kvmlab.words import LANGUAGES

STATIC = Path(__file__).parent / "static"
VENDOR = Path(__file__).parent / "vendor"
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
}


LATER = {"screen.js"}
"""Modules that are asked for when they are needed: noVNC is fifty files."""


class Files:
    """All of it. `login`: what the page asks of who is not let in: a "link", or a "code"."""

    def __init__(self, login: str) -> None:
        self._files = dict(_read(STATIC, "")) | dict(_read(VENDOR, "vendor/"))
        words = {lang: page_words(lang) for lang in LANGUAGES}
        self._files["words.js"] = f"export const WORDS = {json.dumps(words)};\n".encode()
        index = (STATIC / "index.html").read_text(encoding="utf-8").replace("LOGIN", login)
        self._index = index.replace("MODULES", "\n".join(map(_preloaded, self._first())))

    def _first(self) -> list[str]:
        """The modules of a page that has just been opened."""
        ours = {path for path in self._files if path.endswith(".js") and "/" not in path}
        return sorted(ours - LATER) + sorted(path for path in self._files if path.endswith(".mjs"))

    def routes(self) -> list[BaseRoute]:
        """Open to all, for they tell nothing."""
        return [Route("/", self._shell), Route("/static/{path:path}", self._file)]

    async def _shell(self, request: Request) -> Response:
        return HTMLResponse(self._index.replace("NONCE", request.scope["nonce"]))

    async def _file(self, request: Request) -> Response:
        path = request.path_params["path"]
        found = self._files.get(path)
        if found is None:
            return Response("?", 404, media_type="text/plain")
        return Response(found, media_type=KINDS[Path(path).suffix])


def _preloaded(path: str) -> str:
    return f'<link rel="modulepreload" href="/static/{path}">'


def _read(folder: Path, before: str) -> list[tuple[str, bytes]]:
    """Of a folder that may not be there: what a browser can be given."""
    found = (path for path in folder.rglob("*") if path.suffix in KINDS)
    return [(f"{before}{path.relative_to(folder)}", path.read_bytes()) for path in found]
