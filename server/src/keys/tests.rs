use super::*;
use model::{Role, Timestamp, UserId};

#[test]
fn a_node_believes_what_it_signed_before_and_after_a_restart() {
    let dir = tempfile::tempdir().expect("a folder");
    let auth = Auth::default();
    let alice = UserId::parse("alice").expect("id");
    let now = Timestamp(1_800_000_000_000);
    let refused = Keys::signer(&auth, dir.path()).map(drop).expect_err("nobody has made one");
    assert!(refused.contains("no service has kept its data in"), "{refused}");
    assert!(std::fs::read_dir(dir.path()).expect("the folder").next().is_none());
    Keys::verifier(&auth, Some(dir.path())).expect("a node starts");
    let token = Keys::signer(&auth, dir.path()).expect("signer").sign(&alice, Role::User, now, 60);
    for _ in 0..2 {
        let verifier = Keys::verifier(&auth, Some(dir.path())).expect("verifier");
        assert_eq!(verifier.verify(&token, now).map(|c| c.user), Ok(alice.clone()));
    }
}

#[test]
fn a_damaged_key_is_said_and_not_replaced() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join(OWN_KEY_FILE), b"short").expect("write");
    let refused =
        Keys::verifier(&Auth::default(), Some(dir.path())).map(|_| ()).expect_err("refused");
    assert!(refused.contains("token.key"), "{refused}");
}

#[test]
fn the_final_newline_of_a_printable_secret_is_no_part_of_it_and_of_others_it_is() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("secret");
    let printable = b"a secret of 32 printable letters".to_vec();
    let binary = [&[0x80, 0xff, 0][..], &[7; 30]].concat();
    let lines = b"two lines are\na secret of another kind".to_vec();
    let with = |secret: &[u8], more: &[u8]| [secret, more].concat();
    for (written, read) in [
        (printable.clone(), printable.clone()),
        (with(&printable, b"\n"), printable.clone()),
        (with(&printable, b"\r\n"), printable.clone()),
        (with(&printable, b"\n\n"), with(&printable, b"\n\n")),
        (with(&printable, b"\r"), with(&printable, b"\r")),
        (with(&printable, b" \n"), with(&printable, b" ")),
        ("ein Schlüssel\n".into(), "ein Schlüssel".into()),
        (with(&binary, b"\n"), with(&binary, b"\n")),
        (with(&binary, b"\r\n"), with(&binary, b"\r\n")),
        (with(&lines, b"\n"), with(&lines, b"\n")),
        (
            with(b"a secret\tof 32 printable letters", b"\n"),
            b"a secret\tof 32 printable letters".to_vec(),
        ),
        (with(b"\xef\xbb\xbf", &printable), printable.clone()),
        (with(b"\xef\xbb\xbf", &with(&printable, b"\r\n")), printable.clone()),
        (with(b"\xef\xbb\xbf", &binary), with(b"\xef\xbb\xbf", &binary)),
        (with(b"\xef\xbb\xbf", &lines), with(b"\xef\xbb\xbf", &lines)),
        (b"\n".to_vec(), Vec::new()),
        (Vec::new(), Vec::new()),
    ] {
        std::fs::write(&path, &written).expect("write");
        assert_eq!(read_secret(&path), Ok(read), "{written:?}");
    }
}

#[test]
fn what_everybody_may_have_is_no_secret() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("secret");
    let key = Key::Hs256 { kid: Some("k".to_owned()), secret_file: path.clone() };
    for kind in ["PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE", "TRUSTED CERTIFICATE"] {
        let text = format!("text\n-----BEGIN {kind}-----\nMIIB\n-----END {kind}-----\n");
        std::fs::write(&path, text).expect("write");
        let why = read_key(&key).map(drop).expect_err("whoever has it could sign");
        assert!(why.contains("secret is a public key or a certificate"), "{why}");
    }
    std::fs::write(&path, "a secret of 32 letters: PUBLIC KEY").expect("write");
    assert!(read_key(&key).is_ok());
}
