# What `./cluster status` says. Part of ./cluster.

well=1
row() { printf '%-13s %5s  %-8s %s\n' "$1" "$(port_of "$1")" "$2" "$3"; }
ill() {
  row "$1" "$2" "$3"
  well=
}

gateway_status() {
  local pid answer not
  pid=$(pid_of "$1") || { ill "$1" - "down"; return; }
  if ready "$1"; then row "$1" "$pid" "ready"; return; fi
  answer=$(curl --silent --max-time 2 "$(url "$1")/ready") || { ill "$1" "$pid" "doesn't answer"; return; }
  not=$(grep -o '"[a-z.]*":false' <<<"${answer#*parts}" | tr -d '":' | sed 's/false//' | paste -sd ' ')
  ill "$1" "$pid" "not ready: ${not:-draining}"
}

redis_status() {
  local pid
  pid=$(pid_of "$1") || { ill "$1" - "down"; return; }
  if pongs "$1"; then
    row "$1" "$pid" "answers, $(redis "$1" dbsize) keys, $(redis "$1" info clients | tr -d '\r' | sed -n 's/^connected_clients://p') clients"
  else
    ill "$1" "$pid" "doesn't answer"
  fi
}

primary_status() {
  pg_runs postgres || { ill postgres - "down"; return; }
  local pid databases
  pid=$(pg_pid postgres)
  if databases=$(sql postgres <<<"SELECT count(*) FROM pg_stat_activity WHERE datname = 'whereabouts'" 2>/dev/null); then
    row postgres "$pid" "answers, $databases connections of gateways"
  else
    ill postgres "$pid" "doesn't answer"
  fi
}

replica_status() {
  pg_runs replica || { ill replica - "down"; return; }
  local pid lag
  pid=$(pg_pid replica)
  lag=$(sql postgres 2>/dev/null <<<"SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) || ' bytes, ' ||
    coalesce(round(extract(epoch FROM replay_lag) * 1000), 0) || ' ms behind' FROM pg_stat_replication WHERE state = 'streaming'") || lag=
  if [ -n "$lag" ]; then row replica "$pid" "streams, $lag"; else ill replica "$pid" "doesn't follow"; fi
}

status() {
  pg=$(postgres_bin) || fail "PostgreSQL is missing; ./cluster up installs it"
  local name pid
  printf '%-13s %5s  %-8s %s\n' process port pid health
  if ! pid=$(pid_of balancer); then
    ill balancer - "down"
  elif ready balancer; then
    row balancer "$pid" "answers"
  else
    ill balancer "$pid" "no gateway is ready"
  fi
  for name in "${GATEWAYS[@]}"; do gateway_status "$name"; done
  for name in "${SHARDS[@]}"; do redis_status "$name"; done
  primary_status
  replica_status
  [ -z "$history" ] || cassandra_status
  [ -z "$log" ] || { redis_status history-redis; for name in "${WRITERS[@]}"; do gateway_status "$name"; done; }
  [ -n "$well" ]
}
