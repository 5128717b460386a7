//! `dump-config`.

use e2e::process::{Home, binary, run};
use server::{Config, LiveBackend};

use super::settings::{FAILED, assert_prints, assert_refused, beside, gateway, text};

#[tokio::test]
async fn without_a_file_the_defaults_are_dumped() {
    let ended = run(&["dump-config"]).await;
    assert_prints(&ended, &["[gateway]", "tick_ms = 5"]);
    let dumped: Config = toml::from_str(&ended.output).expect("its own settings");
    assert_eq!(dumped, Config::default());
}

#[tokio::test]
async fn passwords_are_left_out_and_all_else_can_be_read_again() {
    let home = gateway("roles = [\"gateway\"]\n[gateway]\ntick_ms = 7");
    let settings = home.settings();
    let ended = run(&["dump-config", "--config", text(&settings), "--data", "/elsewhere"]).await;
    assert_prints(&ended, &["redis://:***@", "postgres://whereabouts:***@"]);
    assert!(!format!("{ended:?}").contains("hush"), "{ended:?}");
    let again = beside(&home, "again.toml");
    std::fs::write(&again, &ended.output).expect("written");
    let dumped = Config::load(&again).expect("its own settings");
    assert_eq!(dumped.backends.live, LiveBackend::Redis);
    assert_eq!((dumped.gateway.tick_ms, text(&dumped.data.dir)), (7, "/elsewhere"));
    assert_eq!(dumped.auth, Config::load(&settings).expect("as written").auth);
}

#[tokio::test]
async fn what_can_not_work_is_not_dumped() {
    let home = Home::new("[gateway]\ntick_ms = 0\n");
    let ended = run(&["dump-config", "--config", text(&home.settings())]).await;
    assert_refused(&ended, FAILED, &["gateway.tick_ms must be from 1 to 1000"]);
}

#[tokio::test]
async fn whoever_reads_no_further_is_no_reason_to_panic() {
    for command in ["dump-config", "check-config"] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let ended = tokio::process::Command::new(binary()).arg(command).stdout(writer).output();
        let ended = ended.await.expect("it runs");
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        assert!(ended.stderr.is_empty(), "{ended:?}");
    }
}
