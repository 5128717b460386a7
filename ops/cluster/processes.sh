# Processes in the background: started, found again, waited for and stopped. Part of ./cluster.

# The process of this name that `run` started, if it lives: neither one that ended and waits to be noticed, nor another
# program to which the system has given the number since.
pid_of() {
  local pid program
  read -r pid program 2>/dev/null <"$dir/run/$1" || return 1
  lives "$pid" "$program" && echo "$pid"
}

# Whether the process with this number is a program of this name that hasn't ended.
lives() {
  local state name
  read -r state name < <(ps -o stat=,comm= -p "$1" 2>/dev/null) || return 1
  [[ $state != Z* && $name = "$2" ]]
}

# Whether the process with this number has ended and nobody has noticed yet.
has_ended() { [[ $(ps -o stat= -p "$1") = Z* ]]; }

# Starts a program in the background, away from this terminal.
run() {
  local name=$1
  shift
  # Descriptor 9 is the lock of `up`.
  setsid nohup "$@" </dev/null >>"$dir/log/$name" 2>&1 9>&- &
  local program
  program=$(basename "$1")
  echo "$! ${program:0:15}" >"$dir/run/$name"
}

# Waits until a test of this process succeeds, or says what its log ends with.
await() {
  local name=$1 deadline=$((SECONDS + START_S))
  shift
  until "$@"; do
    # Right after its start it may still have the name of this script: only whether it lives is asked.
    if ((SECONDS >= deadline)) || ! kill -0 "$(cut -d ' ' -f 1 "$dir/run/$name")" 2>/dev/null; then
      tail -n 5 "$dir/log/$name" >&2
      fail "$name doesn't start; its log is $dir/log/$name"
    fi
    sleep 0.1
  done
}

# Refuses to go on where somebody else has the port.
claim() {
  if (exec 3<>"/dev/tcp/$HOST/$(port_of "$1")") 2>/dev/null; then
    fail "port $(port_of "$1"), meant for $1, is taken by another program; choose others with --port"
  fi
}

# Asks these processes to end, waits, and then insists.
stop() {
  local name pid deadline=$((SECONDS + DRAIN_S))
  for name in "$@"; do
    if pid=$(pid_of "$name"); then kill -TERM "$pid"; fi
  done
  for name in "$@"; do
    while pid=$(pid_of "$name"); do
      ((SECONDS < deadline)) || kill -KILL "$pid"
      sleep 0.1
    done
    rm -f "$dir/run/$name"
  done
}
