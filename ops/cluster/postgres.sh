# PostgreSQL and its streaming replica, which refuse to run as root. Part of ./cluster.

postgres_bin() {
  local found
  for found in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV); do
    if [ -x "$found/initdb" ]; then echo "$found"; return; fi
  done
  found=$(command -v initdb) && dirname "$found"
}

as_postgres() {
  if [ "$(id -u)" = 0 ]; then (cd / && exec runuser -u postgres -- "$@"); else "$@"; fi
}

sql() { # NAME, then the statements on standard input
  PGPASSWORD=$(<"$dir/secrets/superuser") psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 \
    --host "$HOST" --port "$(port_of "$1")" --username postgres --dbname postgres
}

pg_pid() { head -n 1 "$dir/$1/postmaster.pid" 2>/dev/null; }

# Whether the server of this folder lives. pg_ctl takes one that has ended and waits to be noticed for a living one.
pg_runs() {
  local pid
  pid=$(pg_pid "$1") && lives "$pid" postgres
}

pg_start() {
  claim "$1"
  # So does the server that is to follow it, and refuses to start.
  local pid deadline=$((SECONDS + START_S))
  if pid=$(pg_pid "$1"); then
    while ((SECONDS < deadline)) && has_ended "$pid"; do sleep 0.1; done
  fi
  local log=$dir/log/$1
  touch "$log"
  [ "$(id -u)" != 0 ] || chown postgres "$log"
  as_postgres "$pg/pg_ctl" -D "$dir/$1" -l "$log" -w -t "$START_S" start \
    -o "-p $(port_of "$1") -c listen_addresses=$HOST -c unix_socket_directories='' -c cluster_name=$1 -c wal_keep_size=$WAL_KEEP" \
    </dev/null >/dev/null 2>&1 9>&- || {
    tail -n 5 "$log" >&2
    fail "$1 doesn't start; its log is $log"
  }
}

pg_stop() {
  if pg_runs "$1"; then as_postgres "$pg/pg_ctl" -D "$dir/$1" -m fast -w stop >/dev/null; fi
}

pg_folder() {
  mkdir -m 700 "$dir/$1"
  [ "$(id -u)" != 0 ] || chown postgres "$dir/$1"
}

primary_up() {
  if [ ! -f "$dir/postgres/PG_VERSION" ]; then
    rm -rf "$dir/postgres"
    pg_folder postgres
    # In a file that its user may read.
    local password=$dir/postgres.password
    install -m 600 "$dir/secrets/superuser" "$password"
    [ "$(id -u)" != 0 ] || chown postgres "$password"
    as_postgres "$pg/initdb" -D "$dir/postgres" --username postgres --pwfile "$password" --auth scram-sha-256 \
      --encoding UTF8 --locale C >/dev/null
    rm "$password"
  fi
  pg_runs postgres || pg_start postgres
  if [ -z "$(sql postgres <<<"SELECT 1 FROM pg_database WHERE datname = 'whereabouts'")" ]; then
    sql postgres <<SQL
SET client_min_messages = warning;
DROP ROLE IF EXISTS whereabouts, replica;
CREATE ROLE replica LOGIN REPLICATION PASSWORD '$(<"$dir/secrets/replica")';
CREATE ROLE whereabouts LOGIN PASSWORD '$(<"$dir/secrets/postgres")';
CREATE DATABASE whereabouts OWNER whereabouts;
SQL
  fi
}

streams() { [ "$(sql postgres <<<"SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'")" = 1 ]; }

# Whether the replica follows within some seconds.
follows() {
  local _
  for _ in {1..50}; do
    streams && return
    sleep 0.2
  done
  return 1
}

replica_up() {
  if [ -f "$dir/replica/PG_VERSION" ]; then
    pg_runs replica || pg_start replica
    follows && return
    say "the replica was away for too long: it is made anew"
    pg_stop replica
  fi
  rm -rf "$dir/replica"
  pg_folder replica
  PGPASSWORD=$(<"$dir/secrets/replica") as_postgres "$pg/pg_basebackup" -D "$dir/replica" -R -X stream -c fast \
    -h "$HOST" -p "$(port_of postgres)" -U replica
  pg_start replica
  follows || fail "the replica doesn't follow; its log is $dir/log/replica"
}
