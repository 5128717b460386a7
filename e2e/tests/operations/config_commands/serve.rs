//! What `serve` and `migrate` refuse before anything listens.

use e2e::process::{Home, run};

use super::settings::{
    FAILED, POSTGRES_AWAY, REDIS_AWAY, USAGE, assert_prints, assert_refused, beside, gateway,
    gateway_but, text,
};

#[tokio::test]
async fn a_role_with_embedded_state_is_refused_with_the_reason_and_the_remedy() {
    let words = ["role", "inside one process", "backends.live = \"redis\"", "\"postgres\""];
    assert_refused(&run(&["serve", "--role", "gateway"]).await, FAILED, &words);
    assert_refused(&Home::new("roles = [\"gateway\"]\n").fail().await, FAILED, &words);
    let half = "roles = [\"gateway\"]\n[backends]\ndirectory = \"postgres\"\n";
    assert_refused(&Home::new(half).fail().await, FAILED, &words);
}

#[tokio::test]
async fn a_role_without_the_keys_of_an_issuer_is_refused() {
    let home = gateway_but("[auth]\nkeys", "[auth]\n# keys");
    let mut arguments = home.serve();
    arguments.extend(["--role".to_owned(), "gateway".to_owned()]);
    let ended = run(&arguments).await;
    assert_refused(&ended, FAILED, &["auth.keys is empty", "Set auth.keys"]);
}

#[tokio::test]
async fn roles_and_backends_that_do_not_exist_are_refused_with_those_that_do() {
    let ended = run(&["serve", "--role", "gateway,king"]).await;
    assert_refused(&ended, USAGE, &["king", "--role", "gateway"]);
    let cases = [
        ("roles = [\"king\"]\n", ["line 1", "king", "gateway"]),
        ("[backends]\nlive = \"memcached\"\n", ["line 2", "memcached", "redis"]),
        ("[backends]\ndirectory = \"mysql\"\n", ["line 2", "mysql", "postgres"]),
        ("[redis]\nkey_prefx = \"a\"\n", ["line 2", "key_prefx", "key_prefix"]),
        ("[[redis.shards]]\nname = \"a\"\nhost = \"b\"\n", ["line 3", "host", "url"]),
        ("[postgres.directory]\npassword = \"hush\"\n", ["line 2", "password", "password_file"]),
    ];
    for (settings, words) in cases {
        // The line itself is shown, with what it says: whoever reads it has the file.
        let mut ended = Home::new(settings).fail().await;
        ended.log = ended.log.replace("hush", "");
        assert_refused(&ended, FAILED, &words);
    }
}

#[tokio::test]
async fn settings_of_servers_that_can_not_work_are_named() {
    let cases = [
        ("redis://:hush@", "http://:hush@", "the url of a must begin with redis://"),
        ("name = \"b\"", "name = \"a\"", "[redis] shards: "),
        ("name = \"a\"", "name = \"a\"\nweight = 2000", "from 0 to 1000"),
        (
            "[postgres.directory]\n",
            "[postgres.directory]\nconnections_max = 0\n",
            "postgres.directory.connections_max",
        ),
        ("postgres://", "mysql://", "postgres.directory.url must begin with postgres://"),
        ("[auth]\n", "[redis]\nprobe_timeout_ms = 1\n[auth]\n", "redis.probe_timeout_ms must be"),
    ];
    for (from, to, word) in cases {
        assert_refused(&gateway_but(from, to).fail().await, FAILED, &[word]);
    }
    let none = Home::new("[backends]\nlive = \"redis\"\n").fail().await;
    assert_refused(&none, FAILED, &["redis.shards must name at least one server"]);
}

#[tokio::test]
async fn files_that_can_not_be_read_are_named() {
    let key = gateway_but("token.secret", "other.secret").fail().await;
    assert_refused(&key, FAILED, &["can't read the key", "other.secret"]);
    let password = "password_file = \"/nowhere/password\"\n";
    let redis = Home::new(&format!(
        "[backends]\nlive = \"redis\"\n[[redis.shards]]\nname = \"a\"\nurl = \"redis://{REDIS_AWAY}\"\n{password}"
    ));
    assert_refused(&redis.fail().await, FAILED, &["redis a", "/nowhere/password"]);
    let from = format!(":hush@{POSTGRES_AWAY}/whereabouts\"\n");
    let to = format!("@{POSTGRES_AWAY}/whereabouts\"\n{password}");
    assert_refused(&gateway_but(&from, &to).fail().await, FAILED, &["/nowhere/password"]);
}

#[tokio::test]
async fn a_shard_map_file_that_can_not_be_used_is_named_before_any_server_is_reached() {
    let home = gateway("[redis]\nshard_map_file = \"/nowhere/shards.toml\"");
    assert_refused(&home.fail().await, FAILED, &["[redis] can't read /nowhere/shards.toml"]);
    let damaged = Home::new("");
    let map = beside(&damaged, "shards.toml");
    let settings = format!("[redis]\nshard_map_file = \"{}\"", map.display());
    for (written, word) in [
        (
            "epoch = 1\n[[shard]]\nname = \"a\"\nweight = 1\nslots = \"0-100\"\n",
            "no shard holds slots 101-16383",
        ),
        ("epoch = 1\n[[shard]]\nname = \"z\"\nweight = 1\nslots = \"0-16383\"\n", "z, which isn't"),
    ] {
        std::fs::write(&map, written).expect("written");
        let ended = gateway(&settings).fail().await;
        assert_refused(&ended, FAILED, &[text(&map), word]);
    }
}

#[tokio::test]
async fn a_server_that_can_not_be_reached_is_named_and_no_data_folder_is_made() {
    let home = gateway("roles = [\"gateway\"]");
    let words = ["PostgreSQL at", POSTGRES_AWAY, "can't be reached", "[postgres.directory]"];
    assert_refused(&home.fail().await, FAILED, &words);
    assert!(!home.data().exists(), "nothing is kept in it");

    let home = gateway_but("directory = \"postgres\"", "directory = \"embedded\"");
    let words = ["redis a at", REDIS_AWAY, "can't be reached", "redis.shards"];
    assert_refused(&home.fail().await, FAILED, &words);
    assert!(home.data().exists(), "the embedded directory is kept in it");
}

#[tokio::test]
async fn migrating_says_what_was_done_or_why_nothing_could_be() {
    let embedded = Home::new("");
    let settings = embedded.settings();
    let ended = run(&["migrate", "--config", text(&settings)]).await;
    assert_prints(&ended, &["directory: nothing to do", "businesses: nothing to do", "embedded"]);
    let ended = run(&["migrate", "--config", text(&gateway("").settings())]).await;
    assert_refused(&ended, FAILED, &["PostgreSQL at", POSTGRES_AWAY, "can't be reached"]);
    assert_prints(&run(&["migrate"]).await, &["directory: nothing to do"]);
}

#[tokio::test]
async fn a_demo_on_a_cluster_that_does_not_run_says_how_to_start_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let cluster = format!("--cluster={}", folder.path().display());
    let ended = run(&["demo", &cluster, "--json"]).await;
    assert_refused(&ended, FAILED, &["no cluster in", "./cluster up"]);
    let ended = run(&["demo", &cluster, "--listen", "127.0.0.1:0"]).await;
    assert_refused(&ended, USAGE, &["--cluster", "--listen"]);
}
