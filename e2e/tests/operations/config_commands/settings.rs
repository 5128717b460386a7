//! Settings of a gateway, and how a command ended.

use std::path::{Path, PathBuf};

use e2e::process::{Ended, Home};

/// Exit codes: of what can't be done, and of a command line that can't be understood.
pub(crate) const FAILED: Option<i32> = Some(1);
pub(crate) const USAGE: Option<i32> = Some(64);

/// Addresses where nobody listens: the first ports, which no system gives away.
pub(crate) const REDIS_AWAY: &str = "127.0.0.1:1";
pub(crate) const POSTGRES_AWAY: &str = "127.0.0.1:2";

/// A gateway's settings, with its state on servers that are away and a key in a file beside them.
pub(crate) fn gateway(more: &str) -> Home {
    let home = Home::new("");
    let key = beside(&home, "token.secret");
    std::fs::write(&key, "a secret of at least 32 bytes, for the test").expect("written");
    let settings = format!(
        r#"
{more}
[auth]
keys = [{{ kid = "k", alg = "HS256", secret_file = "{}" }}]
[backends]
live = "redis"
directory = "postgres"
[postgres.directory]
url = "postgres://whereabouts:hush@{POSTGRES_AWAY}/whereabouts"
[[redis.shards]]
name = "a"
url = "redis://:hush@{REDIS_AWAY}"
[[redis.shards]]
name = "b"
url = "redis://{REDIS_AWAY}/3"
"#,
        key.display()
    );
    write(&home, &settings);
    home
}

/// The same with a part of the settings replaced.
pub(crate) fn gateway_but(from: &str, to: &str) -> Home {
    let home = gateway("");
    let settings = std::fs::read_to_string(home.settings()).expect("written before");
    assert!(settings.contains(from), "{from} isn't in {settings}");
    write(&home, &settings.replacen(from, to, 1));
    home
}

fn write(home: &Home, settings: &str) {
    std::fs::write(home.settings(), settings).expect("written");
}

/// A file beside the settings.
pub(crate) fn beside(home: &Home, name: &str) -> PathBuf {
    home.settings().parent().expect("a folder").join(name)
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("a readable path")
}

/// It ended with this code, nothing on standard output, and all of these words in what it says.
pub(crate) fn assert_refused(ended: &Ended, code: Option<i32>, words: &[&str]) {
    assert_eq!(ended.code, code, "{ended:?}");
    assert_eq!(ended.output, "", "errors go to standard error");
    assert_holds(&ended.log, words);
    assert!(!ended.log.contains("panicked"), "{}", ended.log);
    assert!(!ended.log.contains("hush"), "a password: {}", ended.log);
}

/// It ended well and printed all of these words.
pub(crate) fn assert_prints(ended: &Ended, words: &[&str]) {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_holds(&ended.output, words);
}

pub(crate) fn assert_holds(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is missing: {text}");
    }
}
