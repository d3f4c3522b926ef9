"""`kvmlab completion bash|zsh|fish`: the script that lets a shell complete kvmlab's words."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from kvmlab.errors import UsageError
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.cli.context import Context

BASH = """\
# kvmlab's words for bash:  eval "$(kvmlab completion bash)"
_kvmlab() {
    local word rest
    COMPREPLY=()
    while IFS=$'\\t' read -r word rest; do
        case $word in
            :files) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
            :dirs) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
            *) COMPREPLY+=("$word"); [[ $word == *= ]] && compopt -o nospace ;;
        esac
    done < <("${COMP_WORDS[0]/#\\~/$HOME}" _complete bash "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _kvmlab kvmlab
"""

ZSH = """\
#compdef kvmlab
# kvmlab's words for zsh:  eval "$(kvmlab completion zsh)"
_kvmlab() {
    local word rest
    local -a found
    while IFS=$'\\t' read -r word rest; do
        case $word in
            :files) _files; return ;;
            :dirs) _files -/; return ;;
        esac
        found+=("${word//:/\\\\:}:$rest")
    done < <(${~words[1]} _complete zsh "${(@)words[2,CURRENT]}" 2>/dev/null)
    _describe kvmlab found
}
if [ "$funcstack[1]" = "_kvmlab" ]; then _kvmlab "$@"; else compdef _kvmlab kvmlab; fi
"""

FISH = """\
# kvmlab's words for fish:  kvmlab completion fish | source
function __kvmlab_words
    set -l words (commandline -opc)
    set -l found ($words[1] _complete fish $words[2..-1] (commandline -ct) 2>/dev/null)
    switch "$found[1]"
        case ':files*'
            __fish_complete_path (commandline -ct)
        case ':dirs*'
            __fish_complete_directories (commandline -ct)
        case '*'
            printf '%s\\n' $found
    end
end
complete -c kvmlab -f -a '(__kvmlab_words)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
USE = {
    "bash": 'eval "$(kvmlab completion bash)"',
    "zsh": 'eval "$(kvmlab completion zsh)"',
    "fish": "kvmlab completion fish | source",
}


def arguments(parser: ArgumentParser) -> None:
    """The shell."""
    parser.add_argument(
        "shell", nargs="?", choices=tuple(SCRIPTS), metavar="SHELL", help=t("bash, zsh or fish; else $SHELL")
    )


def run(args: Namespace, ctx: Context) -> int:
    """Print the script; on a terminal also how to use it, on standard error."""
    shell = args.shell or os.environ.get("SHELL", "").rpartition("/")[2]
    if shell not in SCRIPTS:
        raise UsageError(t("Which shell? bash, zsh or fish."), "kvmlab completion bash")
    sys.stdout.write(SCRIPTS[shell])
    if sys.stdout.isatty():
        print(t("To use it now, and in each new shell from its start file:"), file=sys.stderr)
        print(f"  → {USE[shell]}", file=sys.stderr)
    return 0
