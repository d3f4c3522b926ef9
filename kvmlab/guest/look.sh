#!/bin/sh
# The fact server of a guest, installed there as /usr/lib/kvmlab/look.
#
# It is the forced command of the look key: the SSH client's words arrive in SSH_ORIGINAL_COMMAND (or as
# arguments, for trying it by hand), and only the verbs of the table at the end exist. It reads and never
# writes. It must run under busybox ash, dash and bash alike.
#
# Output: sections "==NAME LENGTH==", newline, LENGTH bytes, newline; "==NAME -==" where there is nothing to
# read; "==end 0==" last. As every length is announced, no file content can pass for a section. The verbs that
# give raw bytes ("file", "disk") put them last, to the end of the stream.
#
# Words are plain; bytes outside [A-Za-z0-9/._:@+,=-] are written \0ooo (octal) by the client.

set -f -u
LC_ALL=C
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
unset CDPATH
IFS=' '
CAP=65536 # bytes of one section, of one file's content

refuse() {
    echo "look: $1" >&2
    exit 64
}

emit() { printf '==%s %s==\n%s\n' "$1" "${#2}" "$2"; }
nothing() { printf '==%s -==\n\n' "$1"; }
finish() { printf '==end 0==\n\n'; }

# Sets WORD to the text of a short file without starting a process: under emulation each costs 7 ms.
slurp() {
    WORD=
    [ -r "$1" ] || return 1
    while IFS= read -r line || [ -n "$line" ]; do
        WORD="$WORD$line
"
        [ "${#WORD}" -lt $CAP ] || break
    done <"$1"
}

# A text file as a section. Only regular files: opening a FIFO or a device could wait for ever.
section_of_file() {
    if [ -f "$2" ] && slurp "$2"; then emit "$1" "$WORD"; else nothing "$1"; fi
}

# The output of a command as a section; the slow ones come with "timeout".
section_of() {
    name=$1
    shift
    emit "$name" "$("$@" 2>/dev/null)"
}

has() { command -v "$1" >/dev/null 2>&1; }

# --- words of the request -------------------------------------------------------------------------------

# Sets WORD to the decoded argument; the "x" keeps a newline at the end of a name.
decode() {
    case $1 in
    '' | *[!A-Za-z0-9/._:@+,=\\-]* | *\\[!0]* | *\\) refuse "bad argument" ;;
    esac
    WORD=$(printf '%bx' "$1")
    WORD=${WORD%x}
}

path_word() {
    decode "$1"
    case $WORD in /*) ;; *) refuse "the path must be absolute" ;; esac
}

name_word() {
    case $1 in
    '' | -* | *[!A-Za-z0-9._:@+-]*) refuse "bad name" ;;
    esac
    WORD=$1
}

# --- sections of a snapshot -----------------------------------------------------------------------------

# "NAME SECTORS DRIVER…", the nearest driver first: a disk's own is "sd", that of its controller further up.
# Only cd and read, no process: under emulation a fork costs milliseconds.
driver_chain() {
    for entry in "$@"; do
        cd -P "$entry/device" 2>/dev/null || continue
        chain=
        while [ "$PWD" != / ] && [ "$PWD" != /sys/devices ]; do
            here=$PWD
            if cd -P driver 2>/dev/null; then
                chain="$chain ${PWD##*/}"
                cd "$here" || break
            fi
            cd -P .. || break
        done
        size=
        [ -r "$entry/size" ] && read -r size <"$entry/size"
        printf '%s %s%s\n' "${entry##*/}" "${size:--}" "$chain"
    done
}

sizes() {
    for entry in "$@"; do
        size=
        [ -r "$entry/size" ] && read -r size <"$entry/size"
        printf '%s %s\n' "${entry##*/}" "${size:-0}"
    done
}

# Every file that says what the network will be at the next boot, of the kinds distributions use, and which of the
# programs that read them will run. ifupdown, NetworkManager and netplan are asked themselves what they make of them.
network_config() {
    if [ -d /run/udev ]; then emit udev yes; else nothing udev; fi
    if [ -d /run/systemd/system ]; then
        for unit in NetworkManager systemd-networkd networking; do
            section_of "unit:$unit" timeout 5 systemctl is-enabled "$unit"
        done
    fi
    set +f
    for file in /etc/network/interfaces /etc/network/interfaces.d/* /etc/NetworkManager/system-connections/* \
        /etc/systemd/network/*.network /etc/systemd/network/*.network.d/*.conf /etc/netplan/*.yaml \
        /etc/sysconfig/network-scripts/ifcfg-*; do
        case $file in *[!A-Za-z0-9/._:@+,\ -]*) continue ;; esac
        [ -f "$file" ] && section_of_file "config:$file" "$file"
    done
    for file in /etc/NetworkManager/system-connections/*; do
        case $file in *[!A-Za-z0-9/._:@+,\ -]*) continue ;; esac
        [ -f "$file" ] && section_of "mode:$file" stat -c '%a %U' "$file" && as_networkmanager_reads "$file"
    done
    for file in /lib/systemd/system-generators/netplan /usr/libexec/netplan/generate; do
        [ -x "$file" ] && emit netplan "$file" && break
    done
    has netplan && section_of netplan-read timeout 20 netplan get
    for file in /etc/network/if-up.d/* /etc/network/if-pre-up.d/*; do
        [ -x "$file" ] && grep -q IF_DNS "$file" && emit resolver-hook "$file" && break
    done
    set -f
    if has ifquery && has ifup; then ifupdown; fi
}

# A connection as NetworkManager's own library reads it and would write it again, "" where it takes it for none.
as_networkmanager_reads() {
    has nmcli || return
    if [ -z "${OFFLINE-}" ]; then
        OFFLINE=no
        timeout 5 nmcli --offline connection add type dummy ifname x >/dev/null 2>&1 && OFFLINE=yes
    fi
    [ "$OFFLINE" = yes ] || return
    emit "nm:$1" "$(timeout 5 nmcli --offline connection modify connection.id kvmlab <"$1" 2>/dev/null)"
}

# What ifup says it would do (interfaces(5) read by its own reader), and the options it would tell its scripts. Neither
# scripts nor mappings are run, nothing is written. By its path, or busybox' timeout would take busybox' own ifup.
ifupdown() {
    ifup=$(command -v ifup)
    automatic=$(timeout 5 ifquery --list 2>&1) || { emit ifup-error "$automatic" && return; }
    emit ifup-auto "$automatic"
    plugged=$(timeout 5 ifquery --list --allow=hotplug 2>/dev/null)
    emit ifup-hotplug "$plugged"
    for each in $(printf '%s\n%s\n' "$automatic" "$plugged" | tr '\n' ' '); do
        case $each in lo | *[!A-Za-z0-9._:@+-]*) continue ;; esac
        emit "ifup:$each" "$(timeout 5 "$ifup" --no-act --force --no-mappings --no-scripts "$each" 2>&1)"
        section_of "ifquery:$each" timeout 5 ifquery "$each"
    done
}

# fstab as mount reads it, what findmnt finds wrong with it, and whether mounting is systemd's work.
fstab_read() {
    section_of fstab-rows timeout 5 findmnt --fstab --raw --noheadings --output SOURCE,TARGET,FSTYPE,OPTIONS
    section_of fstab-verified timeout 5 findmnt --verify --verbose
    if [ -d /run/systemd/system ]; then emit systemd yes; else nothing systemd; fi
}

resolv_link() {
    if [ -L /etc/resolv.conf ]; then
        emit resolv-link "$(readlink /etc/resolv.conf)"
    else
        nothing resolv-link
    fi
}

link_drivers() { (set +f; driver_chain /sys/class/net/*); }
block_drivers() { (set +f; driver_chain /sys/block/*); }
partitions() { (set +f; sizes /sys/class/block/*); }

# Single facts, one a line: "NAME VALUE".
system() {
    set -- osrelease /proc/sys/kernel/osrelease uptime /proc/uptime machine-id /etc/machine-id \
        vendor /sys/class/dmi/id/sys_vendor clocks /sys/devices/system/clocksource/clocksource0/available_clocksource \
        online /sys/devices/system/cpu/online present /sys/devices/system/cpu/present
    while [ $# -gt 1 ]; do
        [ -f "$2" ] && [ -r "$2" ] && IFS= read -r line <"$2" && printf '%s %s\n' "$1" "$line"
        shift 2
    done
    while IFS= read -r line; do
        case $line in 'model name'*) printf 'model %s\n' "${line#*: }" && break ;; esac
    done </proc/cpuinfo
    has systemd-detect-virt && printf 'virt %s\n' "$(systemd-detect-virt)"
}

section() {
    case $1 in
    addr) section_of addr ip addr show ;;
    route) section_of route ip route show ;;
    mounts) section_of_file mounts /proc/mounts ;;
    fstab) section_of_file fstab /etc/fstab && fstab_read ;;
    resolv) section_of_file resolv /etc/resolv.conf && resolv_link ;;
    modules) section_of_file modules /proc/modules ;;
    hostname) section_of_file hostname /proc/sys/kernel/hostname ;;
    cmdline) section_of_file cmdline /proc/cmdline ;;
    meminfo) section_of_file meminfo /proc/meminfo ;;
    system) emit system "$(system)" ;;
    block) emit block "$(block_drivers)" && emit partitions "$(partitions)" ;;
    links) emit links "$(link_drivers)" ;;
    config) network_config ;;
    ps) section_of ps timeout 5 ps -eo pid,args ;;
    df) section_of df timeout 5 df -kP ;;
    *) refuse "unknown section" ;;
    esac
}

# --- verbs ----------------------------------------------------------------------------------------------

# The sections named, or those that most checks ask for.
snapshot() {
    [ $# -gt 0 ] || set -- addr route mounts fstab resolv hostname config
    for each in "$@"; do section "$each"; done
    finish
}

# stat's %F %s %a %U %G are the same words in busybox and coreutils.
file_facts() {
    if [ ! -e "$1" ] && [ ! -L "$1" ]; then
        nothing stat
        return
    fi
    emit stat "$(stat -c '%s %a %U %G %F' "$1" 2>/dev/null)"
    if [ -L "$1" ]; then emit target "$(readlink "$1")"; fi
}

file() {
    path_word "$1"
    file_facts "$WORD"
    if [ -f "$WORD" ]; then
        printf '==raw *==\n'
        exec head -c $CAP "$WORD"
    fi
    finish
}

checksum() {
    path_word "$1"
    file_facts "$WORD"
    if [ -f "$WORD" ]; then
        section_of sha256 timeout 30 sha256sum "$WORD"
        emit other "$(timeout 30 tr -d '\000' <"$WORD" 2>/dev/null | head -c 1 | wc -c)"
    fi
    finish
}

# The first 68 KiB of a block device: the superblocks of ext4, xfs, btrfs, vfat and swap are in there.
disk() {
    name_word "$1"
    [ -b "/dev/$WORD" ] || { nothing raw && finish && return; }
    printf '==raw *==\n'
    exec head -c 69632 "/dev/$WORD"
}

service() {
    name_word "$1"
    if [ -d /run/systemd/system ]; then
        section_of active timeout 5 systemctl is-active -- "$WORD"
        section_of enabled timeout 5 systemctl is-enabled -- "$WORD"
    else
        section_of active pidof "$WORD"
        section_of_file inittab /etc/inittab
        if [ -x "/etc/init.d/$WORD" ]; then emit script "/etc/init.d/$WORD"; else nothing script; fi
        found=
        set +f
        for file in /etc/rc[2S].d/S[0-9][0-9]"$WORD"; do [ -e "$file" ] && found="$found $file"; done
        set -f
        emit links "$found"
    fi
    finish
}

resolve() {
    name_word "$1"
    if has getent; then
        section_of hosts timeout 5 getent ahostsv4 "$WORD"
    else
        section_of nslookup timeout 5 nslookup "$WORD"
    fi
    finish
}

reach() {
    name_word "$1"
    section_of ping timeout 5 ping -c 1 -W 2 "$WORD"
    finish
}

# Whether a TCP port accepts a connection; nothing is sent.
connect() {
    name_word "$1"
    case $2 in '' | *[!0-9]*) refuse "bad port" ;; esac
    if has nc; then
        timeout 5 nc -w 2 "$WORD" "$2" </dev/null >/dev/null 2>&1
    else
        # shellcheck disable=SC2016
        timeout 5 bash -c ': <"/dev/tcp/$0/$1"' "$WORD" "$2" 2>/dev/null
    fi
    emit status $?
    finish
}

# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- ${SSH_ORIGINAL_COMMAND-}
verb=${1-}
[ $# -gt 0 ] && shift
case $verb:$# in
hello:0) finish ;;
snapshot:*) snapshot "$@" ;;
file:1) file "$1" ;;
checksum:1) checksum "$1" ;;
disk:1) disk "$1" ;;
service:1) service "$1" ;;
resolve:1) resolve "$1" ;;
reach:1) reach "$1" ;;
connect:2) connect "$1" "$2" ;;
*) refuse "unknown request" ;;
esac
