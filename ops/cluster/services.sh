# The Redis servers, the gateways and the load balancer. Part of ./cluster.

redis() { # NAME COMMAND…
  local name=$1
  shift
  REDISCLI_AUTH=$(<"$dir/secrets/$name") redis-cli -h "$HOST" -p "$(port_of "$name")" "$@" 2>/dev/null
}

pongs() { [ "$(redis "$1" ping)" = PONG ]; }

redis_up() {
  ! pid_of "$1" >/dev/null || return 0
  claim "$1"
  mkdir -p "$dir/$1"
  # What most hold is made again by the gateways, so nothing is written to disk; and nothing may be evicted.
  local lasts="appendonly no"
  [ "$1" != history-redis ] || lasts=$'appendonly yes\nappendfsync always'
  rm -f "$dir/$1/redis.conf"
  (umask 077 && cat >"$dir/$1/redis.conf") <<CONF
bind $HOST
port $(port_of "$1")
requirepass $(<"$dir/secrets/$1")
maxmemory-policy noeviction
$lasts
save ""
dir $dir/$1
CONF
  run "$1" redis-server "$dir/$1/redis.conf"
  await "$1" pongs "$1"
}

url() { echo "http://$HOST:$(port_of "$1")"; }

settings() { # NAME of the gateway
  local shard kept= roles='"gateway", "businesses", "leaderboard"'
  [ -z "$history" ] || kept='history = "cassandra"'
  [ -z "$log" ] || kept+=$'\nhistory_log = "redis"'
  [[ $1 != writer-* ]] || roles='"history-writer"'
  cat <<TOML
# Written by ./cluster up, which writes it again. ops/gateway.toml explains the settings.
roles = [$roles]

[http]
listen = "$HOST:$(port_of "$1")"
trusted_proxies = ["$HOST"]
client_header = "x-forwarded-for"

[auth]
keys = [{ kid = "$KID", alg = "HS256", secret_file = "$dir/secrets/token" }]

[backends]
live = "redis"
directory = "postgres"
businesses = "postgres"
leaderboards = "postgres"
standings = "redis"
$kept

[proximity]
resident = "names"

[postgres.directory]
url = "postgres://whereabouts@$HOST:$(port_of postgres)/whereabouts"
password_file = "$dir/secrets/postgres"

[postgres.businesses]
url = "postgres://whereabouts@$HOST:$(port_of postgres)/whereabouts"
replicas = ["postgres://whereabouts@$HOST:$(port_of replica)/whereabouts"]
password_file = "$dir/secrets/postgres"

[postgres.leaderboards]
url = "postgres://whereabouts@$HOST:$(port_of postgres)/whereabouts"
password_file = "$dir/secrets/postgres"
TOML
  [ -z "$history" ] || history_settings "$1"
  for shard in "${SHARDS[@]}"; do
    cat <<TOML

[[redis.shards]]
name = "$shard"
url = "redis://$HOST:$(port_of "$shard")"
password_file = "$dir/secrets/$shard"
TOML
  done
}

ready() { curl --silent --fail --max-time 2 --output /dev/null "$(url "$1")/ready"; }

gateway_up() {
  if ! pid_of "$1" >/dev/null; then
    claim "$1"
    run "$1" "$program" serve --config "$dir/$1.toml"
  fi
  # Also one that runs may have to find a server again that was just started.
  await "$1" ready "$1"
}

balancer_up() {
  local bind=$HOST:$port one two
  one=$HOST:$(port_of gateway-1) two=$HOST:$(port_of gateway-2)
  if ! pid_of balancer >/dev/null; then
    claim balancer
    BIND=$bind GATEWAY_1=$one GATEWAY_2=$two run balancer haproxy -db -f "$root/ops/haproxy.cfg"
  fi
  await balancer ready balancer
}
