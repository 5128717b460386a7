use super::environment::PREFIX;
use super::*;
use crate::config::NodeRole;

fn read(text: &str, environment: &[(&str, &str)]) -> Read {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("s.toml");
    std::fs::write(&file, text).expect("written");
    let variable = |(name, value): &(&str, &str)| (OsString::from(name), OsString::from(value));
    Read::new(Some(&file), environment.iter().map(variable))
}

fn faults(read: Read) -> Vec<String> {
    let Err(faults) = read.checked() else { return Vec::new() };
    // Without the folder.
    let told = faults.iter().map(ToString::to_string);
    told.map(|fault| match fault.split_once("s.toml, ") {
        Some((_, behind)) => behind.to_owned(),
        None => fault,
    })
    .collect()
}

#[test]
fn all_that_is_wrong_is_told_at_once_with_its_line() {
    let text = "dev = \"yes\"\nlisten = \"localhost:8080\"\n\n[http]\nlisten = \"8080\"\ndrain_ms = -1\nconnections_max = 0\n\
        [gateway]\ntlt_ms = 5\ntick_ms = 1.5\nallowed_origins = [\"https://a.example\", 5]\n\
        [backends]\nlive = \"mysql\"\n[nothing]\nx = 1\n\
        [redis]\nshards = [{ name = \"a\", url = \"redis://a\" },\n  { name = \"b\", weigth = 2 }, { name = \"c\" }]\n";
    let told = faults(read(text, &[]));
    let expected = [
        "line 13: backends.live must be one of \"embedded\", \"redis\", not \"mysql\"",
        "line 1: dev must be true or false",
        "line 11: gateway.allowed_origins[1] must be text in quotes",
        "line 10: gateway.tick_ms must be a whole number, at least 0",
        "line 9: gateway.tlt_ms isn't a setting: gateway.ttl_ms is meant?",
        "line 6: http.drain_ms must be from 0 to 60000",
        "line 5: http.listen: must be an address and a port, such as 127.0.0.1:8080, [::1]:8080 or localhost:8080",
        "line 2: listen isn't a setting: http.listen is meant?",
        "line 14: nothing isn't a setting",
        "line 18: redis.shards[1].weigth isn't a setting: redis.shards[1].weight is meant?",
        "line 18: redis.shards[2]: url is missing",
        "http.connections_max must be from 1 to 10000000",
    ];
    let missing: Vec<_> = expected.iter().filter(|it| !told.contains(&(**it).to_owned())).collect();
    assert!(missing.is_empty() && told.len() == expected.len(), "{missing:#?} of {told:#?}");
}

#[test]
fn a_fault_hides_no_other_whatever_its_name() {
    let text = "a = 1\nhttp.drain_ms = 99_000_000\nhttp.drain = 1\n[gateway]\ntick_ms = 0\n[http.tls]\nkey_file = 5\n\
        certificate_file = \"chain.pem\"\n";
    let told = faults(read(text, &[]));
    for expected in [
        "a isn't a setting",
        "http.drain isn't a setting",
        "http.tls.key_file must be text in quotes",
        "http.drain_ms must be from 0 to 60000",
        "gateway.tick_ms must be",
    ] {
        assert!(told.iter().any(|fault| fault.contains(expected)), "{expected}: {told:#?}");
    }
    // What contradicts a value that couldn't be understood.
    let doubted = told.iter().filter(|fault| fault.contains("key_file")).count();
    assert_eq!(doubted, 1, "{told:#?}");
}

#[test]
fn a_number_beyond_all_hides_nothing_and_every_setting_has_its_range() {
    for number in
        ["99999999999999999999999", "9223372036854775808", "0xFFFF_FFFF_FFFF_FFFF_FFFF", "-1"]
    {
        let text = format!("[http]\nconnections_max = {number}\nhead_timeout_ms = 1\nnosuch = 1\n");
        let told = faults(read(&text, &[]));
        let rule = "http.connections_max must be from 1 to 10000000";
        for expected in
            [rule, "line 4: http.nosuch isn't a setting", "http.head_timeout_ms must be"]
        {
            assert!(told.iter().any(|fault| fault.contains(expected)), "{expected}: {told:#?}");
        }
        let told = faults(read("", &[("WHEREABOUTS__HTTP__CONNECTIONS_MAX", number)]));
        assert!(told.len() == 1 && told[0].contains(rule), "{told:?}");
    }
    let all = super::super::schema::all();
    let steps =
        |name: &str| -> Vec<_> { name.split('.').map(|it| Step::Name(it.to_owned())).collect() };
    for name in all.iter().filter(|name| {
        matches!(
            super::super::schema::kind(&steps(name)),
            Some(super::super::schema::Kind::Whole(..))
        )
    }) {
        for number in ["18446744073709551616", "-99999999999999999999"] {
            let told = faults(read(&format!("{name} = {number}\n"), &[]));
            let is_told = |fault: &String| fault.contains(name.as_str()) && !fault.contains("i64");
            assert!(told.iter().any(is_told), "{name} = {number}: {told:?}");
        }
    }
    for text in [
        "cassandra.replication = { dc1 = 99999999999999999999 }",
        "cassandra.replication = { dc1 = -1 }",
    ] {
        let told = faults(read(text, &[]));
        assert!(told.len() == 1 && told[0].contains("cassandra.replication: has a "), "{told:?}");
    }
}

#[test]
fn a_member_that_is_null_in_json_is_not_there() {
    let issuer = |more: &str| {
        let text = format!(
            r#"[{{"issuer":"https://a.example","audience":"x","jwks_url":"https://a.example/k",{more}}}]"#
        );
        read("", &[("WHEREABOUTS__AUTH__ISSUERS", &text)])
    };
    let taken = issuer(r#""prefix":null,"keys":[],"jwks_ca_file":null,"lifetime_max_s":60"#);
    assert_eq!(taken.faults.iter().next(), None);
    assert_eq!((taken.config.auth.issuers[0].prefix.as_str(), taken.variables), ("", 1));
    let told = faults(issuer(r#""jwks_refresh_s":9223372036854775808"#));
    assert!(told.len() == 1 && told[0].contains("auth.issuers[0].jwks_refresh_s"), "{told:?}");
    for nothing in ["[null]", r#"[{"name":null}]"#] {
        let told = faults(read("", &[("WHEREABOUTS__REDIS__SHARDS", nothing)]));
        assert!(
            told.len() == 1 && told[0].contains("redis.shards[0]: name is missing"),
            "{told:?}"
        );
    }
}

#[test]
fn a_wrong_entry_of_a_list_hides_nothing_of_the_others() {
    let issuer = "issuer = \"https://a.example\"\naudience = \"x\"\n";
    let text = format!(
        "roles = [\"gateway\"]\n[auth]\nkeys = [{{ kid = \"a\" }}, {{ kid = \"b\", alg = \"HS256\", secret_file = \"b\" }}]\n\
         [[auth.issuers]]\n{issuer}jwks_ulr = \"x\"\n[[auth.issuers]]\n{issuer}jwks_url = \"http://b.example/\"\n\
         [[auth.issuers]]\n{issuer}lifetime_max_s = -1\n[[auth.issuers]]\n{issuer}jwks_url = \"ftp://c.example/\"\n"
    );
    let shortened = read(&text, &[]);
    let config = &shortened.config.auth;
    assert_eq!((config.keys.len(), config.issuers.len()), (1, 2), "those that are right");
    let told = faults(shortened);
    for expected in [
        "auth.keys[0]: alg is missing",
        "auth.issuers[0].jwks_ulr isn't a setting: auth.issuers[0].jwks_url is meant?",
        "auth.issuers[2].lifetime_max_s must be a whole number, at least 0",
        "auth.issuers[1].jwks_url must be https",
        "auth.issuers[3].jwks_url must begin with https://",
        "backends.live",
    ] {
        assert!(told.iter().any(|fault| fault.contains(expected)), "{expected}: {told:#?}");
    }
    // Whether a list is empty of which something couldn't be understood isn't known.
    let all_wrong = faults(read("roles = [\"gateway\"]\nauth.keys = [5]\n", &[]));
    assert!(!all_wrong.iter().any(|fault| fault.contains("empty")), "{all_wrong:#?}");
}

#[test]
fn all_errors_of_syntax_are_told() {
    let told = faults(read("dev = \n[http]\nlisten = 'x\n[log]\nfilter = \"info\"\n", &[]));
    assert!(
        told.len() >= 2 && told[0].starts_with("line 1") && told[1].starts_with("line 3"),
        "{told:?}"
    );
}

#[test]
fn variables_are_read_over_the_file() {
    let text = "[http]\nlisten = \"127.0.0.1:1\"\ndrain_ms = 1\n[redis]\nkey_prefix = \"file\"\n";
    let read = read(
        text,
        &[
            ("WHEREABOUTS__HTTP__LISTEN", "localhost:2"),
            ("WHEREABOUTS__ROLES", "gateway, businesses"),
            ("WHEREABOUTS__AUTH__ISSUER", "2026"),
            ("WHEREABOUTS__AUTH__AUDIENCE", "\"true\""),
            ("WHEREABOUTS__LOG__FORMAT", "json"),
            ("WHEREABOUTS__HISTORY__ENABLED", "false"),
            ("WHEREABOUTS__HISTORY__STREAMS__PATIENCE_MS", " 1_000 "),
            ("WHEREABOUTS__HISTORY__ADVERTISE", "gateway-1:8080"),
            ("WHEREABOUTS__REDIS__SHARDS", r#"[{"name": "a", "url": "redis://u:secret@a"}]"#),
            ("WHEREABOUTS__CASSANDRA__REPLICATION", "{ dc1 = 3 }"),
            ("WHEREABOUTS__GATEWAY__ALLOWED_ORIGINS", "https://a.example,https://b.example"),
            ("WHEREABOUTS__REDIS__KEY_PREFIX", ""),
            ("WHEREABOUTS_PORT", "tcp://10.0.0.1:80"),
            ("WHEREABOUTS_SERVICE_HOST", "10.0.0.1"),
            ("WHEREABOUTS_BIN", "/whereabouts"),
        ],
    );
    assert_eq!((read.faults.iter().next(), read.variables), (None, 11));
    let config = read.config;
    assert_eq!((config.http.listen.port(), config.http.drain_ms), (2, 1));
    assert_eq!(config.roles, [NodeRole::Gateway, NodeRole::Businesses]);
    assert_eq!((config.auth.issuer.as_str(), config.auth.audience.as_str()), ("2026", "true"));
    assert!(!config.history.enabled && config.history.streams.patience_ms == 1_000);
    assert_eq!(config.history.advertise.as_deref(), Some("gateway-1:8080"));
    assert_eq!((config.redis.shards.len(), config.redis.key_prefix.as_str()), (1, "file"));
    assert_eq!(config.cassandra.replication.get("dc1"), Some(&3));
    assert_eq!(config.gateway.allowed_origins, ["https://a.example", "https://b.example"]);
}

#[test]
fn a_variable_that_can_not_be_read_is_named_and_never_shown() {
    let secret = "redis://u:secret@h";
    for (name, value, said) in [
        (
            "WHEREABOUTS__HTTP__LISTNE",
            "x",
            "http.listne isn't a setting: WHEREABOUTS__HTTP__LISTEN is meant?",
        ),
        (
            "WHEREABOUTS__HTTP",
            "x",
            "http is a section; its settings are given one by one, as WHEREABOUTS__HTTP__LISTEN",
        ),
        ("WHEREABOUTS__REDIS__SHARDS__0__URL", secret, "isn't a setting"),
        (
            "WHEREABOUTS__REDIS__SHARDS",
            secret,
            "redis.shards[0] must be a section with name, weight, url",
        ),
        ("WHEREABOUTS__HTTP__DRAIN_MS", "3s", "http.drain_ms must be a whole number"),
        ("WHEREABOUTS__DEV", "yes", "dev must be true or false"),
        (
            "WHEREABOUTS__BACKENDS__LIVE",
            "mysql",
            "backends.live must be one of \"embedded\", \"redis\"",
        ),
        (
            "WHEREABOUTS_HTTP_LISTEN",
            "localhost:1",
            "isn't read: WHEREABOUTS__HTTP__LISTEN is meant?",
        ),
        (
            "WHEREABOUTS_HTTP__LISTEN",
            "localhost:1",
            "isn't read: WHEREABOUTS__HTTP__LISTEN is meant?",
        ),
        (
            "whereabouts__http__listen",
            "localhost:1",
            "isn't read: WHEREABOUTS__HTTP__LISTEN is meant?",
        ),
        ("WHEREABOUTS_GATEWAY_TLT_MS", "1", "isn't read: WHEREABOUTS__GATEWAY__TTL_MS is meant?"),
    ] {
        let told = faults(read("", &[(name, value)]));
        assert!(told.len() == 1 && told[0].starts_with(name) && told[0].contains(said), "{told:?}");
        assert!(!told[0].contains("secret"), "{told:?}");
    }
}

#[test]
fn every_setting_has_a_variable_that_is_read() {
    let dumped = toml::Table::try_from(Config::default()).expect("serialises");
    for setting in super::super::schema::all() {
        let steps: Vec<_> = setting.split('.').map(|name| Step::Name(name.to_owned())).collect();
        let default = steps.iter().try_fold(Value::Table(dumped.clone()), |value, step| {
            let Step::Name(name) = step else { return None };
            value.get(name).cloned()
        });
        // What isn't set by default takes text, or a file's name.
        let value = default.map_or_else(|| "10.0.0.1:1".to_owned(), |value| value.to_string());
        let variable = format!("{PREFIX}{}", setting.to_uppercase().replace('.', "__"));
        let read = read("", &[(&variable, &value)]);
        assert_eq!((read.faults.iter().next(), read.variables), (None, 1), "{variable}={value}");
    }
}
