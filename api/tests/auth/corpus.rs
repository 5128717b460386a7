//! What fuzzing begins with (`fuzz/corpus`), as ordinary tests.

use std::path::Path;

use api::{JwksError, TokenError, jwks};

use super::fixture::Pair;
use super::{NOW, SECRET, hs, verifier};

fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let files = std::fs::read_dir(folder).expect("a corpus").map(|file| file.expect("a file"));
    let name = |file: &std::fs::DirEntry| file.file_name().to_string_lossy().into_owned();
    files.map(|file| (name(&file), std::fs::read(file.path()).expect("bytes"))).collect()
}

#[test]
fn tokens_that_fuzzing_begins_with_are_judged() {
    let (verifier, secret) = (verifier(vec![hs()]), Pair::Secret(SECRET));
    let mut judged = 0;
    for (name, bytes) in corpus("token") {
        let text = String::from_utf8_lossy(&bytes);
        assert!(verifier.verify(&text, NOW).is_err(), "{name}");
        let signed = secret.forge(r#"{"alg":"HS256","kid":"hs"}"#, &text);
        let fault = verifier.verify(&signed, NOW).expect_err("of other issuers");
        assert!(
            !matches!(fault, TokenError::Malformed | TokenError::BadSignature),
            "{name} {fault}"
        );
        judged += 1;
    }
    assert!(judged > 10, "{judged}");
}

#[test]
fn key_sets_that_fuzzing_begins_with_are_read() {
    let read: Vec<_> = corpus("jwks")
        .into_iter()
        .map(|(name, bytes)| (name, jwks(&bytes).map(|it| it.keys.len())))
        .collect();
    let of = |name: &str| read.iter().find(|(it, _)| it == name).map(|(_, read)| *read);
    assert_eq!(of("three"), Some(Ok(3)));
    assert_eq!(of("many"), Some(Err(JwksError::TooMany)));
    for none in ["secret", "small", "off_the_curve", "entries_of_other_kinds"] {
        assert_eq!(of(none), Some(Err(JwksError::NoneUsable)), "{none}");
    }
    assert_eq!(of("repeated_names"), Some(Err(JwksError::Malformed)));
    assert!(read.len() > 10, "{}", read.len());
}
