use std::net::SocketAddr;

use super::*;
use crate::parts::{Businesses, Leaderboards, Live, MovementHistory, Part as _};

/// The commented defaults, which are the documentation of every key.
const DEFAULT: &str = include_str!("../../default.toml");

#[test]
fn the_commented_default_file_says_what_the_code_does() {
    let from_file: Config = toml::from_str(DEFAULT).expect("valid TOML");
    assert_eq!(from_file, Config::default());
    assert!(from_file.validate().is_ok());
}

#[test]
fn every_key_stands_in_the_default_file() {
    let all = toml::Table::try_from(Config::default()).expect("serialises");
    let documented: toml::Table = toml::from_str(DEFAULT).expect("valid TOML");
    documents("", &all, &documented);
}

fn documents(place: &str, all: &toml::Table, documented: &toml::Table) {
    for (key, value) in all {
        let written = documented.get(key).unwrap_or_else(|| panic!("{place}{key} is missing"));
        if let (Some(keys), Some(written)) = (value.as_table(), written.as_table()) {
            documents(&format!("{place}{key}."), keys, written);
        }
    }
}

#[test]
fn an_unknown_key_is_named() {
    let error = toml::from_str::<Config>("[gateway]\ntlt_ms = 5\n").expect_err("unknown");
    assert!(error.to_string().contains("tlt_ms"), "{error}");
}

#[test]
fn development_mode_stays_on_the_machine() {
    let open = SocketAddr::from(([0, 0, 0, 0], 8080));
    let http = Http { listen: open, ..Http::default() };
    let config = Config { dev: true, http, ..Config::default() };
    assert!(config.validate().is_err());
}

fn shared() -> Config {
    let text = "[backends]\nlive = \"redis\"\ndirectory = \"postgres\"\n\
                [redis]\nshards = [{ name = \"a\", url = \"redis://a\" }]\n";
    toml::from_str(text).expect("valid TOML")
}

#[test]
fn a_role_needs_state_and_keys_that_several_can_use() {
    let secret_file = PathBuf::from("/key");
    let keys = vec![Key::Hs256 { kid: Some("k".to_owned()), secret_file }];
    let roles = vec![NodeRole::Gateway];
    let refused = |config: Config| config.validate().err().map(String::from);
    assert_eq!(refused(shared()), None);
    let embedded = Config { roles: roles.clone(), ..Config::default() };
    assert!(refused(embedded).is_some_and(|why| why.contains("backends.live")));
    let keyless = Config { roles: roles.clone(), ..shared() };
    assert!(refused(keyless).is_some_and(|why| why.contains("auth.keys")));
    let auth = Auth { keys, ..Auth::default() };
    assert_eq!(refused(Config { roles, auth, ..shared() }), None);
}

#[test]
fn the_data_folder_is_for_an_embedded_directory_or_a_key_of_the_nodes_own() {
    let secret_file = PathBuf::from("/key");
    let keys = vec![Key::Hs256 { kid: Some("k".to_owned()), secret_file }];
    let auth = Auth { keys, ..Auth::default() };
    assert!(Config::default().needs_data_dir());
    assert!(Config { auth: auth.clone(), ..Config::default() }.needs_data_dir());
    assert!(shared().needs_data_dir());
    assert!(!Config { auth, ..shared() }.needs_data_dir());
}

#[test]
fn embedded_businesses_are_served_by_one_process_that_does_everything_or_where_their_role_is_named()
{
    let with = |roles: &[NodeRole], config: Config| Config { roles: roles.to_vec(), ..config };
    assert!(Businesses.is_served(&Config::default()));
    assert!(!Businesses.is_served(&shared()));
    assert!(!Businesses.is_served(&with(&[NodeRole::Gateway], shared())));
    let both = with(&[NodeRole::Gateway, NodeRole::Businesses], shared());
    assert!(Businesses.is_served(&both) && both.needs_data_dir());
    let alone = with(&[NodeRole::Businesses], shared());
    assert!(alone.validate().is_err_and(|why| why.to_string().contains("backends.businesses")));
}

#[test]
fn leaderboards_are_served_by_one_process_that_does_everything_or_where_their_role_is_named() {
    let with = |roles: &[NodeRole], config: Config| Config { roles: roles.to_vec(), ..config };
    assert!(Leaderboards.is_served(&Config::default()));
    assert!(!Leaderboards.is_served(&shared()));
    assert!(!Leaderboards.is_served(&with(&[NodeRole::Gateway], shared())));
    let both = with(&[NodeRole::Gateway, NodeRole::Leaderboard], shared());
    assert!(Leaderboards.is_served(&both) && both.needs_data_dir());
    let alone = with(&[NodeRole::Leaderboard], shared());
    assert!(alone.validate().is_err_and(|why| why.to_string().contains("the role leaderboard")));
}

#[test]
fn movement_history_is_kept_by_one_process_that_does_everything_unless_nobody_wants_it() {
    assert!(MovementHistory.is_served(&Config::default()));
    assert!(!MovementHistory.is_served(&shared()), "a track would be in pieces");
    let roles = vec![NodeRole::Gateway, NodeRole::Businesses];
    assert!(!MovementHistory.is_served(&Config { roles, ..shared() }));
    let mut alone = shared();
    alone.backends.live = LiveBackend::Embedded;
    assert!(MovementHistory.is_served(&alone) && alone.needs_data_dir());
    alone.history.enabled = false;
    assert!(!MovementHistory.is_served(&alone));
}

#[test]
fn leaderboards_in_a_database_are_served_wherever_the_roles_allow_it() {
    let mut config = shared();
    config.backends.leaderboards = StoreBackend::Postgres;
    assert!(Leaderboards.is_served(&config) && !Leaderboards.needs_data_dir(&config));
    config.roles = vec![NodeRole::Gateway];
    assert!(!Leaderboards.is_served(&config));
    config.roles = vec![NodeRole::Leaderboard];
    assert!(Leaderboards.is_served(&config) && !Live.is_served(&config));
    assert_eq!(Leaderboards.validate(&config), Ok(()), "users are on a server too");
    config.backends.directory = StoreBackend::Embedded;
    let why = Leaderboards.validate(&config).expect_err("nobody has names").to_string();
    assert!(why.contains("backends.directory"), "{why}");
}

#[test]
fn servers_that_hold_boards_are_some_of_the_redis_servers() {
    let mut config = shared();
    let server = |name: &str, weight| leaderboard::redis::ServerConfig {
        name: name.to_owned(),
        weight,
        url: "redis://127.0.0.1".to_owned(),
        password_file: None,
        tls_ca_file: None,
    };
    config.redis.shards = vec![server("a", 1), server("b", 1), server("idle", 0)];
    config.standings.redis_shards = vec!["b".to_owned()];
    let why = Leaderboards.validate(&config).expect_err("nobody would use it").to_string();
    assert!(why.contains("backends.standings"), "{why}");
    config.backends.standings = StandingsBackend::Redis;
    for (names, said) in [
        (&["b", "a"][..], None),
        (&["a"], None),
        (&[], None),
        (&["c"], Some("standings.redis_shards names c, which isn't among redis.shards")),
        (&["a", "a"], Some("standings.redis_shards: shard a is listed more than once")),
        (&["idle"], Some("standings.redis_shards: every shard has weight 0")),
    ] {
        config.standings.redis_shards = names.iter().map(ToString::to_string).collect();
        let why = Leaderboards.validate(&config).err().map(String::from);
        match said {
            None => assert_eq!(why, None, "{names:?}"),
            Some(said) => assert!(why.as_ref().is_some_and(|it| it.contains(said)), "{why:?}"),
        }
    }
}

#[test]
fn businesses_in_a_database_are_served_wherever_the_roles_allow_it() {
    let mut config = shared();
    config.backends.businesses = StoreBackend::Postgres;
    assert!(Businesses.is_served(&config));
    config.roles = vec![NodeRole::Gateway];
    assert!(!Businesses.is_served(&config));
    config.roles.push(NodeRole::Businesses);
    assert!(Businesses.is_served(&config) && Live.is_served(&config));
}

#[test]
fn a_process_may_serve_businesses_alone_with_nothing_but_their_database_and_the_keys_of_an_issuer()
{
    let roles = vec![NodeRole::Businesses];
    let backends = Backends { businesses: StoreBackend::Postgres, ..Backends::default() };
    let mut config = Config { roles, backends, ..Config::default() };
    config.postgres.businesses.url = "postgres://u@h/db".to_owned().into();
    assert!(config.validate().is_err_and(|why| why.to_string().contains("auth.keys")));
    let secret_file = PathBuf::from("/key");
    config.auth.keys = vec![Key::Hs256 { kid: Some("k".to_owned()), secret_file }];
    assert!(config.validate().is_ok());
    assert!(Businesses.is_served(&config) && !Live.is_served(&config) && !config.needs_data_dir());
}

#[test]
fn each_database_is_complained_about_by_its_section() {
    let said = |text: &str| toml::from_str::<Config>(text).expect("valid TOML").validate();
    for part in ["directory", "businesses"] {
        let chosen = format!("[backends]\n{part} = \"postgres\"\n");
        let wrong = format!("[postgres.{part}]\nurl = \"mysql://u@h/db\"\n");
        assert!(said(&chosen).is_ok() && said(&wrong).is_ok());
        let error = said(&format!("{chosen}{wrong}")).expect_err("it can't work").to_string();
        assert!(error.contains(&format!("postgres.{part}.url must begin")), "{error}");
    }
}

#[test]
fn a_log_on_servers_needs_chunks_there_and_somebody_who_stores_them() {
    let mut config = shared();
    config.roles = vec![NodeRole::HistoryWriter];
    let refused =
        |config: &Config| MovementHistory.validate(config).expect_err("it can't work").to_string();
    assert!(refused(&config).contains("backends.history_log"));
    config.backends.history_log = HistoryLog::Redis;
    assert!(refused(&config).contains("backends.history = \"cassandra\""));
    config.backends.history = HistoryBackend::Cassandra;
    config.history.key_files = vec![PathBuf::from("/key")];
    assert!(refused(&config).starts_with("history.streams.servers"));
    let url = "redis://127.0.0.1".to_owned();
    let (name, weight) = ("a".to_owned(), 1);
    let server = history_writer::streams::ServerConfig {
        name,
        weight,
        url,
        password_file: None,
        tls_ca_file: None,
    };
    config.history.streams.servers = vec![server];
    assert_eq!(MovementHistory.validate(&config), Ok(()));
    assert!(MovementHistory.is_served(&config) && !MovementHistory.needs_data_dir(&config));
    assert!(!Live.is_served(&config));
    config.history.streams.patience_ms = 5_000;
    assert!(refused(&config).contains("patience_ms must be from 10 to 4000"));
}
