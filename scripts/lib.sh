# shellcheck shell=bash
# For the scripts beside it.

# configure DIR ARGUMENTS: `meson setup`, anew when the arguments or the place are others than last time.
configure() {
    local dir=$1 arguments="$PWD ${*:2}"
    if [ -f "$dir/build.ninja" ] && [ "$(cat "$dir/.arguments" 2>/dev/null)" = "$arguments" ]; then return 0; fi
    rm -rf "$dir"
    mkdir -p "$dir"
    if ! meson setup "$dir" "${@:2}" >"$dir/setup.log" 2>&1; then
        tail -n 30 "$dir/setup.log" >&2
        return 1
    fi
    printf '%s\n' "$arguments" >"$dir/.arguments"
}

# build_binary: the optimised build/tolqujat, for the demo and for measurements.
build_binary() {
    configure build -Dbuildtype=debugoptimized -Db_lto=true -Dtests=disabled
    ninja -C build --quiet
}

# A zombie that nobody has waited for yet has ended.
alive() { [ "$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null || true)" != Z ] && kill -0 "$1" 2>/dev/null; }

# end_process PID SECONDS: SIGTERM, and SIGKILL when it has not ended by then.
end_process() {
    local pid=$1 deadline=$((SECONDS + $2))
    kill -s TERM "$pid" 2>/dev/null || return 0
    while alive "$pid"; do
        if [ "$SECONDS" -ge "$deadline" ]; then
            echo "process $pid does not heed SIGTERM; killing it" >&2
            kill -s KILL "$pid" 2>/dev/null || true
            return 0
        fi
        sleep 0.05
    done
}

# demo_pid server|messages: of the process that the demo of this checkout started; status 1 when it does not run.
# (A pid alone proves nothing after a crash: its command line has to be ours.)
demo_pid() {
    local pid
    pid=$(cat "var/demo/$1.pid" 2>/dev/null) || return 1
    tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | head -n 1 | grep -qxF "$PWD/build/tolqujat" || return 1
    printf '%s\n' "$pid"
}
