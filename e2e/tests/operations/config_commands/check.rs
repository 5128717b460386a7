//! `check-config`.

use e2e::process::{Home, run};

use super::settings::{
    FAILED, POSTGRES_AWAY, REDIS_AWAY, assert_holds, assert_prints, beside, gateway, gateway_but,
    text,
};

/// Whether the table marks this line as good, and what it says; none if there is no such line.
fn line<'a>(output: &'a str, what: &str) -> Option<(bool, &'a str)> {
    output.lines().find_map(|line| {
        let (good, rest) = match line.trim().split_once(' ')? {
            ("✓", rest) => (true, rest),
            ("✗", rest) => (false, rest),
            _ => return None,
        };
        Some((good, rest.trim_start().strip_prefix(what)?.trim()))
    })
}

#[tokio::test]
async fn the_defaults_pass_and_nothing_is_made() {
    let home = Home::new("");
    let data = home.data();
    let ended = run(&["check-config", "--data", text(&data)]).await;
    assert_prints(&ended, &["✓", "settings", "token keys", text(&data)]);
    assert!(!ended.output.contains('✗'), "{}", ended.output);
    assert!(!data.exists());
}

#[tokio::test]
async fn every_server_that_is_away_has_a_line_with_what_to_do() {
    let home = gateway("roles = [\"gateway\"]");
    let ended = run(&["check-config", "--config", text(&home.settings())]).await;
    assert_eq!(ended.code, FAILED, "{ended:?}");
    for what in ["settings", "values", "token keys", "data folder", "shard map"] {
        assert!(line(&ended.output, what).is_some_and(|(good, _)| good), "{what}: {ended:?}");
    }
    for (what, words) in [
        ("redis a", [REDIS_AWAY, "can't be reached", "redis.shards"]),
        ("redis b", [REDIS_AWAY, "can't be reached", "redis.shards"]),
        ("postgres.directory", [POSTGRES_AWAY, "can't be reached", "[postgres.directory]"]),
    ] {
        let (good, said) = line(&ended.output, what).unwrap_or_else(|| panic!("{what}: {ended:?}"));
        assert!(!good, "{ended:?}");
        assert_holds(said, &words);
    }
    assert!(!format!("{ended:?}").contains("hush"), "{ended:?}");
}

#[tokio::test]
async fn offline_no_server_is_reached() {
    let home = gateway("roles = [\"gateway\"]");
    let ended = run(&["check-config", "--offline", "--config", text(&home.settings())]).await;
    assert_prints(
        &ended,
        &["epoch 1, digest ", ", 2 shards", "1 of the issuer whereabouts", "not needed"],
    );
    assert_eq!(line(&ended.output, "redis a"), None);
}

#[tokio::test]
async fn each_mistake_is_marked_with_what_to_do() {
    let cases = [
        (gateway("tick_ms = 5"), "settings", "tick_ms isn't a setting: gateway.tick_ms is meant?"),
        (gateway("[gateway]\ntick_ms = 0"), "values", "gateway.tick_ms must be from 1 to 1000"),
        (gateway_but("token.secret", "other.secret"), "token keys", "other.secret"),
        (gateway("[redis]\nshard_map_file = \"/nowhere\""), "shard map", "can't read /nowhere"),
        (
            gateway("[standings]\nredis_shards = [\"c\"]"),
            "values",
            "standings.redis_shards is given, but backends.standings isn't",
        ),
        (gateway("[log]\nfilter = \"=,=\""), "log", "log.filter"),
    ];
    for (home, what, word) in cases {
        let ended = run(&["check-config", "--config", text(&home.settings()), "--offline"]).await;
        assert_eq!(ended.code, FAILED, "{what}: {ended:?}");
        assert!(line(&ended.output, what).is_some_and(|(good, _)| !good), "{what}: {ended:?}");
        assert_holds(&ended.output, &[word]);
    }
    let missing = beside(&Home::new(""), "missing.toml");
    let ended = run(&["check-config", "--config", text(&missing)]).await;
    assert_eq!(ended.code, FAILED, "{ended:?}");
    assert_holds(&ended.output, &["✗", "can't read", "missing.toml"]);
}

#[tokio::test]
async fn shared_state_without_keys_of_an_issuer_is_mentioned() {
    let home = gateway_but("[auth]\nkeys", "[auth]\n# keys");
    let ended = run(&["check-config", "--config", text(&home.settings()), "--offline"]).await;
    assert_prints(&ended, &["set auth.keys before there is a second gateway"]);
}
