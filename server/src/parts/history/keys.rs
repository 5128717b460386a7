//! The deployment's keys, by which users' keys are wrapped.

use std::path::{Path, PathBuf};

use history_writer::{Config, DeploymentKey, DeploymentKeys, KeyId, Register};

use model::Faults;

use super::super::unusable_file;
use super::NAME;
use crate::keys::{self, OwnKey};

/// Where in the data folder a node's own key lies.
const OWN_KEY_FILE: &str = "history.key";
/// How long a key is, bytes.
const KEY_BYTES: usize = 32;

/// The keys of the settings, or the node's own, which is made if there is none and nothing was sealed yet.
///
/// Errs if a key is missing by which users' keys are wrapped: what was sealed by these could not be read, and couldn't be
/// told apart from what was erased.
pub(super) async fn read(
    config: &Config,
    data_dir: &Path,
    register: &dyn Register,
) -> Result<DeploymentKeys, String> {
    let wrapping = register.wrapping_keys().await.map_err(unusable_file(NAME))?;
    let keys = if config.key_files.is_empty() {
        let own = own(data_dir);
        match own.read()? {
            Some(key) => in_order(vec![deployment_key(&own.path, &key)?])?,
            None if wrapping.is_empty() => {
                let key = own.make()?;
                in_order(vec![deployment_key(&own.path, &key)?])?
            }
            None => return Err(missing(&wrapping, &own.path.display().to_string())),
        }
    } else {
        in_order(read_files(&config.key_files).map_err(String::from)?)?
    };
    let unknown: Vec<_> = wrapping.into_iter().filter(|id| !keys.has(*id)).collect();
    if unknown.is_empty() { Ok(keys) } else { Err(missing(&unknown, "history.key_files")) }
}

/// The node's own.
pub(super) fn own(data_dir: &Path) -> OwnKey {
    OwnKey {
        path: data_dir.join(OWN_KEY_FILE),
        bytes: KEY_BYTES,
        remedy: "Put it back from your copy; ops/history.md says more.",
    }
}

/// Whether the files of the settings can be used; errs with all that can't.
pub(super) fn check(files: &[PathBuf]) -> Result<String, Faults> {
    let ids: Vec<_> = read_files(files)?.iter().map(|key| key.id().to_string()).collect();
    match &ids[..] {
        [] => {
            Ok(format!("the node's own, {OWN_KEY_FILE} in the data folder: keep a copy elsewhere"))
        }
        [only] => Ok(only.clone()),
        [first, earlier @ ..] => Ok(format!("{first}; earlier: {}", earlier.join(", "))),
    }
}

fn read_files(files: &[PathBuf]) -> Result<Vec<DeploymentKey>, Faults> {
    let mut faults = Faults::default();
    let read = |path: &PathBuf| deployment_key(path, &keys::read(path)?);
    let keys = files.iter().filter_map(|path| faults.check(read(path))).collect();
    faults.result().map(|()| keys)
}

fn deployment_key(path: &Path, bytes: &[u8]) -> Result<DeploymentKey, String> {
    let key = bytes.try_into().map_err(|_| {
        let (path, found) = (path.display(), bytes.len());
        format!("{path} isn't a key of movement history: it has {found} bytes, not {KEY_BYTES}")
    })?;
    Ok(DeploymentKey::new(key))
}

/// The first wraps.
fn in_order(keys: Vec<DeploymentKey>) -> Result<DeploymentKeys, String> {
    let mut keys = keys.into_iter();
    let current = keys.next().ok_or("movement history has no key")?;
    Ok(DeploymentKeys::new(current, keys.collect()))
}

fn missing(ids: &[KeyId], from: &str) -> String {
    let ids: Vec<_> = ids.iter().map(KeyId::to_string).collect();
    let ids = ids.join(", ");
    format!(
        "{NAME}: users' keys are wrapped by the deployment's key {ids}, which isn't in {from}. Put it back from your copy: \
         without it nobody can read what was kept. If it is lost for good, ops/history.md says how to begin anew."
    )
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use history_writer::EmbeddedRegister;
    use model::UserId;
    use tempfile::TempDir;

    use super::*;

    struct Folder(TempDir);

    impl Folder {
        fn new() -> Self {
            Self(tempfile::tempdir().expect("a folder"))
        }

        fn own_key(&self) -> PathBuf {
            self.0.path().join(OWN_KEY_FILE)
        }

        /// A file of the settings with a key of these bytes.
        fn file(&self, byte: u8) -> PathBuf {
            let path = self.0.path().join(format!("{byte}.key"));
            fs::write(&path, [byte; KEY_BYTES]).expect("written");
            path
        }

        async fn read(&self, key_files: Vec<PathBuf>) -> Result<DeploymentKeys, String> {
            let register = self.register().await;
            read(&Config { key_files, ..Config::default() }, self.0.path(), &register).await
        }

        async fn register(&self) -> EmbeddedRegister {
            EmbeddedRegister::open(self.0.path()).await.expect("opened")
        }

        /// Somebody's key is wrapped.
        async fn wrap(&self, keys: &DeploymentKeys, name: &str) {
            let user = UserId::parse(name).expect("an id");
            let wrapped = keys.wrap(&user, &history_writer::UserKey::new([7; 32]));
            self.register().await.make_keys(&[(user, wrapped)]).await.expect("noted");
        }
    }

    #[tokio::test]
    async fn a_node_makes_its_own_key_once_and_for_itself_only() {
        let folder = Folder::new();
        let made = folder.read(vec![]).await.expect("made").current();
        let permissions = fs::metadata(folder.own_key()).expect("there").permissions();
        assert_eq!(permissions.mode() & 0o777, 0o600);
        assert_eq!(folder.read(vec![]).await.expect("read").current(), made);
        fs::remove_file(folder.own_key()).expect("removed");
        assert_ne!(folder.read(vec![]).await.expect("nothing is lost").current(), made);
    }

    #[tokio::test]
    async fn a_key_that_is_missing_is_named_and_none_is_made_in_its_place() {
        let folder = Folder::new();
        let keys = folder.read(vec![]).await.expect("made");
        folder.wrap(&keys, "ann").await;
        fs::remove_file(folder.own_key()).expect("removed");
        let refused = folder.read(vec![]).await.expect_err("it is missing");
        let id = keys.current().to_string();
        assert!(refused.contains(&id) && refused.contains("history.key"), "{refused}");
        assert!(!folder.own_key().exists(), "no other is made");
        let refused = folder.read(vec![folder.file(1)]).await.expect_err("another");
        assert!(refused.contains(&id) && refused.contains("history.key_files"), "{refused}");
    }

    #[tokio::test]
    async fn the_first_of_several_wraps_and_all_unwrap() {
        let folder = Folder::new();
        let (old, new) = (folder.file(1), folder.file(2));
        let before = folder.read(vec![old.clone()]).await.expect("read");
        folder.wrap(&before, "ann").await;
        let both = folder.read(vec![new.clone(), old.clone()]).await.expect("read");
        assert!(both.current() != before.current() && both.has(before.current()));
        assert!(folder.read(vec![new.clone()]).await.is_err(), "the old one is still needed");
        let said = check(&[new, old]).expect("both can be read");
        assert_eq!(said, format!("{}; earlier: {}", both.current(), before.current()));
    }

    #[tokio::test]
    async fn what_is_no_key_is_named() {
        let folder = Folder::new();
        let short = folder.0.path().join("short.key");
        fs::write(&short, b"short").expect("written");
        for refused in [
            check(std::slice::from_ref(&short)).map_err(String::from),
            folder.read(vec![short.clone()]).await.map(|_| String::new()),
        ] {
            let why = refused.expect_err("five bytes");
            assert!(why.contains("short.key") && why.contains("5 bytes"), "{why}");
        }
        let all = [PathBuf::from("/nowhere/key"), folder.file(1), short];
        let why = check(&all).expect_err("two are none").to_string();
        assert!(why.contains("/nowhere/key") && why.contains("short.key"), "{why}");
        assert_eq!(why.lines().count(), 2, "{why}");
        fs::write(folder.own_key(), b"damaged").expect("written");
        assert!(folder.read(vec![]).await.expect_err("damaged").contains("history.key"));
    }
}
