#!/bin/sh
# open BUNDLE [--to DIR]: sets up kvmlab from the bundle this file is the first of. Nothing is fetched from anywhere.
#
# It needs a Python; what else has to be there is said by the kvmlab in the bundle, which does the work.
set -eu

wheel='@WHEEL@'
case ${KVMLAB_LANG:-${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}} in
zh*)
    usage='用法：./open 安装包 [--to 目录]'
    no_python='没有找到 Python 3.11 或更新的版本。'
    not_whole='不是完整的 kvmlab 安装包'
    ;;
*)
    usage='usage: ./open BUNDLE [--to DIR]'
    no_python='no Python 3.11 or newer was found.'
    not_whole='is not a whole bundle of kvmlab'
    ;;
esac

stop() { printf 'kvmlab: %s\n' "$1" >&2; [ -z "${2:-}" ] || printf '  → %s\n' "$2" >&2; exit "${3:-3}"; }

python() {
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    stop "$no_python" 'python3 --version'
}

case ${1:-} in '' | -*) stop "$usage" '' 2 ;; esac
case $1 in /*) bundle=$1 ;; *) bundle=./$1 ;; esac
shift
python=$(python)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
unpack() { tar -xf "$bundle" -C "$work" "$wheel" && "$python" -m zipfile -e "$work/$wheel" "$work/kvmlab"; }
unpack >/dev/null 2>&1 || stop "$bundle $not_whole." "sha256sum $bundle" 2
PYTHONPATH=$work/kvmlab PYTHONDONTWRITEBYTECODE=1 "$python" -m kvmlab bundle open "$bundle" "$@"
