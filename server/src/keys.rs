use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use api::{Signer, Verifier, VerifyingKey};

use crate::config::{Auth, Key};

/// The `kid` of the key that a node makes for itself.
const OWN_KID: &str = "own";

/// Where in the data folder it lies.
const OWN_KEY_FILE: &str = "token.key";

/// Its length, bytes.
const OWN_KEY_BYTES: usize = 32;

/// The keys of a deployment: those that tokens are checked with, and the node's own to sign with.
pub struct Keys;

impl Keys {
    /// What tokens are checked with: the configured keys, or the node's own, which is made if it is missing.
    pub fn verifier(auth: &Auth, data_dir: &Path) -> Result<Verifier, String> {
        let mut keys = Vec::new();
        for key in &auth.keys {
            keys.push(read_key(key)?);
        }
        if keys.is_empty() {
            let secret = own_secret(data_dir)?;
            keys.push(VerifyingKey::hs256(OWN_KID, &secret).map_err(|e| e.to_string())?);
        }
        Verifier::new(keys, &auth.issuer, &auth.audience, auth.leeway_s).map_err(|e| e.to_string())
    }

    /// Errs if the node's own key is damaged; one that is missing will be made.
    pub(crate) fn check_own(auth: &Auth, data_dir: &Path) -> Result<(), String> {
        if auth.keys.is_empty() { own_key(data_dir).read().map(drop) } else { Ok(()) }
    }

    /// Signs with the key of the node that keeps its data in this folder. Only a node makes one: another's would be believed by
    /// nobody.
    pub fn signer(auth: &Auth, data_dir: &Path) -> Result<Signer, String> {
        if !auth.keys.is_empty() {
            return Err(
                "this deployment has keys of its own issuer (auth.keys): tokens come from there"
                    .to_owned(),
            );
        }
        let secret = own_key(data_dir).read()?.ok_or_else(|| no_service(data_dir))?;
        Signer::hs256(OWN_KID, &secret, &auth.issuer, &auth.audience).map_err(|e| e.to_string())
    }
}

/// The bytes of a key.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|e| format!("can't read the key {}: {e}", path.display()))
}

fn read_key(key: &Key) -> Result<VerifyingKey, String> {
    let (made, path) = match key {
        Key::Hs256 { kid, secret_file } => {
            (VerifyingKey::hs256(kid, &read(secret_file)?), secret_file)
        }
        Key::EdDsa { kid, public_key_file } => {
            (VerifyingKey::eddsa(kid, &read(public_key_file)?), public_key_file)
        }
    };
    made.map_err(|e| format!("the key {} can't be used: {e}", path.display()))
}

fn own_secret(data_dir: &Path) -> Result<Vec<u8>, String> {
    let own = own_key(data_dir);
    own.read()?.map_or_else(|| own.make(), Ok)
}

fn no_service(data_dir: &Path) -> String {
    format!(
        "no service has kept its data in {}, so there is no key to sign with: go to the folder that it was started in, name \
         its data folder with --data DIR, or start one with whereabouts serve",
        data_dir.display()
    )
}

fn own_key(data_dir: &Path) -> OwnKey {
    OwnKey {
        path: data_dir.join(OWN_KEY_FILE),
        bytes: OWN_KEY_BYTES,
        remedy: "Remove it to have a new one made; older tokens then end.",
    }
}

/// A file of random bytes that a node makes for itself.
pub(crate) struct OwnKey {
    pub(crate) path: PathBuf,
    /// How many there are.
    pub(crate) bytes: usize,
    /// What to do if the file isn't one.
    pub(crate) remedy: &'static str,
}

impl OwnKey {
    /// The key, if there is one.
    pub(crate) fn read(&self) -> Result<Option<Vec<u8>>, String> {
        let shown = self.path.display();
        match std::fs::read(&self.path) {
            Ok(key) if key.len() == self.bytes => Ok(Some(key)),
            Ok(_) => Err(format!("{shown} isn't a key of {} bytes. {}", self.bytes, self.remedy)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("can't read {shown}: {error}")),
        }
    }

    /// Makes one, unless somebody else has meanwhile, and answers with what there is.
    pub(crate) fn make(&self) -> Result<Vec<u8>, String> {
        let shown = self.path.display();
        let mut key = vec![0; self.bytes];
        getrandom::fill(&mut key).map_err(|e| format!("no randomness for a key: {e}"))?;
        write_once(&self.path, &key).map_err(|e| format!("can't write {shown}: {e}"))?;
        // Whoever was first: a node and `whereabouts token` may both have found none.
        read(&self.path)
    }
}

/// Puts the file there whole or not at all, readable by its owner only, and never over another.
fn write_once(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let temporary = path.with_extension(format!("new-{}", std::process::id()));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&temporary, path);
    std::fs::remove_file(&temporary)?;
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
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
        Keys::verifier(&auth, dir.path()).expect("a node starts");
        let token =
            Keys::signer(&auth, dir.path()).expect("signer").sign(&alice, Role::User, now, 60);
        for _ in 0..2 {
            let verifier = Keys::verifier(&auth, dir.path()).expect("verifier");
            assert_eq!(verifier.verify(&token, now).map(|c| c.user), Ok(alice.clone()));
        }
    }

    #[test]
    fn a_damaged_key_is_said_and_not_replaced() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join(OWN_KEY_FILE), b"short").expect("write");
        let refused =
            Keys::verifier(&Auth::default(), dir.path()).map(|_| ()).expect_err("refused");
        assert!(refused.contains("token.key"), "{refused}");
    }
}
