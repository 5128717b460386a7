//! What can be wrong before anything starts, and how it is said.

use directory::StoreErrorKind;
use directory::postgres::{Config, check};
use e2e::servers::Postgres;
use model::ErrorChain;

use super::world::{config, connect, database, shared, try_connect};

async fn unusable(config: &Config) -> String {
    assert_eq!(check(config).await.err(), try_connect(config).await.err());
    match try_connect(config).await {
        Err(error) if error.kind() == StoreErrorKind::Unusable => {
            let why = ErrorChain(&error).to_string();
            assert!(!why.contains("p@ss") && !why.contains("p%40ss"), "{why}");
            why
        }
        other => panic!("should be unusable: {other:?}"),
    }
}

#[tokio::test]
async fn a_server_that_can_not_be_reached_is_named() {
    // Nobody listens on port 1.
    let why = unusable(&config("postgres://whereabouts:x@127.0.0.1:1/friends")).await;
    assert!(why.contains("127.0.0.1:1") && why.contains("can't be reached"), "{why}");
    let why = unusable(&config("postgres://whereabouts:x@nowhere.invalid/friends")).await;
    assert!(why.contains("nowhere.invalid:5432") && why.contains("can't be reached"), "{why}");
}

#[tokio::test]
async fn a_wrong_or_missing_password_is_said() {
    let right = database(shared().await).await;
    let (start, rest) = right.url.split_once("whereabouts:").expect("a user");
    let (_, rest) = rest.split_once('@').expect("a host");
    let wrong = config(&format!("{start}whereabouts:wrong@{rest}"));
    let why = unusable(&wrong).await;
    assert!(why.contains("password of user whereabouts is wrong"), "{why}");
    assert!(!format!("{wrong:?}").contains("wrong"));
    let none = config(&format!("{start}whereabouts@{rest}"));
    let why = unusable(&none).await;
    assert!(why.contains("wants a password") && why.contains("password_file"), "{why}");
}

#[tokio::test]
async fn a_password_comes_from_its_file() {
    let right = database(shared().await).await;
    let (address, database) = right.url.rsplit_once('@').expect("a host");
    let (user, password) = address.rsplit_once(':').expect("a password");
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let password = password.replace("%40", "@").replace("%3A", ":").replace("%2F", "/");
    let password = password.replace("%3F", "?").replace("%23", "#");
    std::fs::write(file.path(), format!("{password}\n")).expect("written");
    let password_file = Some(file.path().to_owned());
    let by_file = Config { password_file, ..config(&format!("{user}@{database}")) };
    let store = connect(&by_file).await;
    assert!(!format!("{store:?} {by_file:?}").contains("p@ss"));
}

#[tokio::test]
async fn a_missing_database_or_schema_is_said_with_the_remedy() {
    let server = shared().await;
    let why = unusable(&config(&server.url("nowhere"))).await;
    assert!(why.contains("no database nowhere"), "{why}");
    let why = unusable(&config(&server.database().await)).await;
    assert!(why.contains("no schema") && why.contains("whereabouts migrate --config"), "{why}");
}

#[tokio::test]
async fn tls_that_the_server_does_not_speak_is_said() {
    let plain = database(shared().await).await;
    let why = unusable(&config(&format!("{}?sslmode=require", &*plain.url))).await;
    assert!(why.contains("does not support TLS"), "{why}");
}

#[tokio::test]
async fn a_replica_is_refused() {
    let server = Postgres::start().await;
    let primary = database(&server).await;
    let replica = server.replica().await;
    let name = primary.url.rsplit('/').next().expect("a database");
    let why = unusable(&config(&replica.url(name))).await;
    assert!(why.contains("is a replica"), "{why}");
}
