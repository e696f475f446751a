# shellcheck shell=bash
# Background programs of test scripts; sourced, never run.
# SPDX-License-Identifier: Apache-2.0
#
# A program is known by its pid and its start time, so that a number that the kernel gave out again
# is never signalled. State lies in DIR: NAME.pid, NAME.log.

# Start time of a living process, in clock ticks since boot.
process_start() {
  local stat fields
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  stat=${stat##*) } # what follows "pid (comm)"
  read -r -a fields <<<"$stat"
  [[ ${fields[0]} != Z ]] || return 1
  printf '%s\n' "${fields[19]}"
}

# daemon_start DIR NAME COMMAND...: detached from our descriptors, so that a caller in $(...) ends.
daemon_start() {
  local dir=$1 name=$2 pid
  shift 2
  setsid "$@" </dev/null >>"$dir/$name.log" 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
  pid=$!
  disown "$pid"
  printf '%s %s\n' "$pid" "$(process_start "$pid" || echo gone)" >"$dir/$name.pid"
}

# daemon_pid DIR NAME: its pid, while that very process lives.
daemon_pid() {
  local pid start
  [[ -r $1/$2.pid ]] || return 1
  read -r pid start <"$1/$2.pid"
  [[ $(process_start "$pid") == "$start" ]] || return 1
  printf '%s\n' "$pid"
}

# daemon_signal DIR NAME SIGNAL
daemon_signal() {
  local pid
  pid=$(daemon_pid "$1" "$2") && kill "-$3" "$pid"
}

# daemon_stop DIR NAME SECONDS: SIGTERM, after SECONDS SIGKILL. One that is gone is no error.
daemon_stop() {
  local dir=$1 name=$2 tries=$(($3 * 20))
  daemon_signal "$dir" "$name" CONT || true # a stopped process would not see SIGTERM
  daemon_signal "$dir" "$name" TERM || true
  while daemon_pid "$dir" "$name" >/dev/null; do
    ((tries-- > 0)) || daemon_signal "$dir" "$name" KILL || true
    sleep 0.05
  done
  rm -f "$dir/$name.pid"
}

# daemon_wait DIR NAME SECONDS COMMAND...: until COMMAND succeeds. 1: the daemon died, 2: too late.
daemon_wait() {
  local dir=$1 name=$2 deadline=$((SECONDS + $3))
  shift 3
  until "$@"; do
    daemon_pid "$dir" "$name" >/dev/null || return 1
    ((SECONDS < deadline)) || return 2
    sleep 0.1
  done
}
