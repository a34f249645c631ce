# shellcheck shell=bash
# What the scripts share; read by them, never run by itself.

# shellcheck disable=SC2034 # the scripts use it
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
me=scripts/${0##*/}

say()
{
    printf '%s: %s\n' "$me" "$*" >&2
}

# die CODE SENTENCE...: says what is wrong, each further argument on a line of its own, and ends.
die()
{
    local code=$1
    shift
    printf '%s: error: %s\n' "$me" "$1" >&2
    shift
    if (($# > 0)); then
        printf '  %s\n' "$@" >&2
    fi
    exit "$code"
}

have()
{
    command -v "$1" > /dev/null 2>&1
}

# The comment block at the top of a script is its manual.
help()
{
    sed -n '/^# /,/^$/{ /^#/!q; s/^# \{0,1\}//; p; }' "$0"
}

# as_root COMMAND...: runs it as root, with sudo where that is needed and there.
as_root()
{
    if (($(id -u) == 0)); then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        return 1
    fi
}

# install_packages NAME...: from Debian, with a fresh list of packages.
install_packages()
{
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
    if ! have apt-get; then
        die 1 "these packages are missing, and there is no apt-get here to install them: $*" \
            "Install what your system calls them, then run this again with --no-packages."
    fi
    if (($(id -u) != 0)) && ! have sudo; then
        die 1 "these packages are missing: $*" "Ask an administrator to run:" \
            "apt-get install --no-install-recommends $*"
    fi
    say "installing from Debian: $*"
    as_root "${apt[@]}" update || say "the list of packages could not be renewed; going on with the old one"
    as_root "${apt[@]}" install -y --no-install-recommends "$@" \
        || die 1 "apt-get could not install: $*" "Its own words are above."
}
