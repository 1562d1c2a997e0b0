# shellcheck shell=bash
# For the lints: each is a script that prints what it finds and ends with status 0 when there is nothing.
# The caller stands in the top of the checkout.
set -euo pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# The rooms that make the binary.
# shellcheck disable=SC2034
ROOMS=(base query cache db server)
FOUND=0

# Prints the files of the house that match the patterns, one a line; tracked or new, never ignored ones.
files() {
    git ls-files -co --exclude-standard -- "$@" | while IFS= read -r file; do
        [ ! -f "$file" ] || printf '%s\n' "$file"
    done
}

found() {
    printf '%s\n' "$*"
    FOUND=1
}

# Reads what a grep found (nothing is good).
none() {
    local line
    while IFS= read -r line; do found "$1: $line"; done
}

finish() { exit "$FOUND"; }

# Flags with which a file of the house compiles, one a line.
cflags() {
    printf '%s\n' -std=c17 -D_GNU_SOURCE -I. -isystem /usr/share/include -isystem /usr/share/include/llhttp
    pkg-config --cflags libuv libpq hiredis jansson | tr ' ' '\n' | sed '/^$/d'
}
