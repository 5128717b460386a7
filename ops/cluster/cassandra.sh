# Movement history: a node of Cassandra, and what gateways have to know of it. Part of ./cluster.

cassandra_answers() { (exec 3<>"/dev/tcp/$HOST/$(port_of cassandra)") 2>/dev/null; }

cassandra_up() {
  ! pid_of cassandra >/dev/null || return 0
  local name
  for name in cassandra cassandra-storage cassandra-jmx; do claim "$name"; done
  # Before anybody waits for the node.
  "$root/ops/cassandra/jars" >/dev/null
  run cassandra "$root/ops/cassandra/start" "$dir/cassandra" "$HOST" \
    "$(port_of cassandra)" "$(port_of cassandra-storage)" "$(port_of cassandra-jmx)"
  await cassandra cassandra_answers
  # The script has become Java.
  sed -i 's/ .*/ java/' "$dir/run/cassandra"
}

cassandra_status() {
  local pid
  pid=$(pid_of cassandra) || { ill cassandra - "down"; return; }
  if cassandra_answers; then row cassandra "$pid" "answers"; else ill cassandra "$pid" "doesn't answer"; fi
}

history_settings() { # NAME of the gateway
  cat <<TOML

[history]
key_files = ["$dir/secrets/history"]

[cassandra]
nodes = ["$HOST:$(port_of cassandra)"]
replication = { datacenter1 = 1 }

[postgres.history]
url = "postgres://whereabouts@$HOST:$(port_of postgres)/whereabouts"
password_file = "$dir/secrets/postgres"
TOML
  if [ -n "$log" ]; then
    cat <<TOML

[[history.streams.servers]]
name = "history-redis"
url = "redis://$HOST:$(port_of history-redis)"
password_file = "$dir/secrets/history-redis"
TOML
  else
    cat <<TOML

# What isn't stored yet lies here.
[data]
dir = "$dir/$1"
TOML
  fi
}
