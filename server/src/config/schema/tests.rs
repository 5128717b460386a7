use super::*;

fn path(text: &str) -> Vec<Step> {
    let step = |step: &str| step.parse().map_or_else(|_| Step::Name(step.to_owned()), Step::Entry);
    text.split('.').map(step).collect()
}

#[test]
fn types_tell_what_can_be_set_down_to_the_entries_of_lists() {
    let text = Some(Kind::Text);
    for (place, expected) in [
        ("dev", Some(Kind::Switch)),
        ("http.listen", text),
        ("http.drain_ms", Some(Kind::Whole(0, i128::from(i64::MAX)))),
        ("rest.requests_per_s", Some(Kind::Whole(0, i128::from(u32::MAX)))),
        ("leaderboard.key_age_ms", Some(Kind::Whole(i64::MIN.into(), i64::MAX.into()))),
        ("backends.live", Some(Kind::Word(&["embedded", "redis"]))),
        ("roles", Some(Kind::List)),
        ("redis.shards", Some(Kind::List)),
        ("redis.shards.0.url", text),
        ("redis.shard_map_file", text),
        ("cassandra.replication", Some(Kind::Table)),
        ("history.streams.servers.3.tls_ca_file", text),
        ("postgres.directory.url", text),
        ("http.lisen", None),
        ("http.listen.port", None),
        ("roles.0.x", None),
    ] {
        assert_eq!(kind(&path(place)), expected, "{place}");
    }
    assert!(matches!(kind(&path("postgres")), Some(Kind::Section(names)) if names.len() == 4));
    let all = all();
    assert!(all.len() > 100 && all.contains(&"history.advertise".to_owned()), "{all:?}");
}
