//! A database that lets in only who has a password, over TLS.

use std::path::{Path, PathBuf};

use e2e::servers::{Cassandra, make_certificate};
use history_writer::Store as _;
use history_writer::cassandra::{CassandraStore, Config, check};
use model::{ErrorChain, SystemClock};

use super::world::{chunk, config, connect, migrated, read, user};

fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("written");
    path
}

async fn refused(config: &Config) -> String {
    let error = CassandraStore::connect(config, None).await.expect_err("it isn't let in");
    ErrorChain(&error).to_string()
}

#[tokio::test]
async fn a_database_that_wants_a_password_and_tls_gets_them() {
    let (node, folder) = (Cassandra::start_guarded().await, tempfile::tempdir().expect("a folder"));
    let login = |password: &str| Config {
        user: Some("cassandra".to_owned()),
        password_file: Some(file(folder.path(), password.trim_end(), password)),
        tls_ca_file: Some(node.authority()),
        ..config(&node)
    };
    let right = migrated(login("cassandra\n")).await;
    let said = check(&right, None, &SystemClock::start()).await.expect("it is let in");
    assert!(said.contains("with the schema that is needed"), "{said}");
    let (store, ann) = (connect(&right).await, user("ann"));
    let chunk = chunk(&ann, 0, vec![1, 2, 3]);
    store.put(std::slice::from_ref(&chunk)).await.expect("stored");
    assert_eq!(read(&store, &ann).await, [chunk.sealed]);

    let why = refused(&login("wrong")).await;
    assert!(why.contains("are user and password right?"), "{why}");
    let nobody = Config { user: None, password_file: None, ..right.clone() };
    let why = refused(&nobody).await;
    assert!(why.contains("does it want user and password_file"), "{why}");
    // Its certificate isn't signed by that one.
    let others = make_certificate(folder.path());
    let why = refused(&Config { tls_ca_file: Some(others), ..right.clone() }).await;
    assert!(why.contains("of an authority in tls_ca_file"), "{why}");
    let empty = file(folder.path(), "empty.pem", "");
    let why = refused(&Config { tls_ca_file: Some(empty), ..right.clone() }).await;
    assert!(why.contains("has no certificate"), "{why}");
    let plain = Config { tls_ca_file: None, ..right };
    let why = refused(&plain).await;
    assert!(why.contains("does it want TLS"), "{why}");
}
