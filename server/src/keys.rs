mod address;
mod fetch;
mod trust;

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use api::{Issuer, KeySource, Signer, Verifier, VerifyingKey};
use model::{Faults, Role};

use crate::config::{Auth, ForeignIssuer, Key};
pub(crate) use address::JwksAddress;
use fetch::Published;
pub(crate) use trust::connector;

/// The `kid` of the key that a node makes for itself.
const OWN_KID: &str = "own";

/// What a key is called for a moment that the settings give no name.
const UNNAMED_KID: &str = "any";

/// Where in the data folder it lies.
const OWN_KEY_FILE: &str = "token.key";

/// Its length, bytes.
const OWN_KEY_BYTES: usize = 32;

/// What some editors put before text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The keys of a deployment: those that tokens are checked with, and the node's own to sign with.
pub struct Keys;

impl Keys {
    /// What tokens are checked with: the configured keys, or the node's own in this folder, which is made if it is missing,
    /// and those of the other issuers. Errs with all that is wrong with them, a line each.
    pub fn verifier(auth: &Auth, own_key_dir: Option<&Path>) -> Result<Verifier, String> {
        let mut issuers = configured(auth)?;
        if let Some(dir) = own_key_dir.filter(|_| auth.keys.is_empty()) {
            let key = VerifyingKey::hs256(OWN_KID, &own_secret(dir)?).map_err(|e| e.to_string())?;
            issuers.insert(0, issuer(Issuer::new(auth.own_rules(), vec![key]))?);
        }
        let verifier = Verifier::of_issuers(issuers, auth.leeway_s).map_err(|e| e.to_string())?;
        Ok(verifier.with_token_bytes_max(auth.token_bytes_max))
    }

    /// Says which configured keys can't be used, all of them.
    pub(crate) fn check(auth: &Auth) -> Result<(), Faults> {
        let issuers = configured(auth)?;
        let verifier = Verifier::of_issuers(issuers, auth.leeway_s).map_err(|e| e.to_string());
        let mut faults = Faults::default();
        faults.check(verifier);
        faults.result()
    }

    /// Where an issuer publishes its keys, if it does.
    pub(crate) fn published(foreign: &ForeignIssuer) -> Result<Option<Published>, String> {
        let Some(url) = &foreign.jwks_url else { return Ok(None) };
        let interval = Duration::from_secs(foreign.jwks_refresh_s);
        Published::new(JwksAddress::parse(url)?, foreign.jwks_ca_file.as_deref(), interval)
            .map(Some)
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

    /// Says whether the node's own key may sign for somebody with this role.
    pub(crate) fn may_sign_for(auth: &Auth, role: Role) -> Result<(), String> {
        match auth.unprefixed().filter(|_| role == Role::User) {
            None => Ok(()),
            Some(issuer) => Err(format!(
                "users' tokens come from {} (auth.issuers), which has no prefix: the node's own key signs for --role service \
                 and --role operator only",
                issuer.issuer
            )),
        }
    }
}

fn issuer(made: Result<Issuer, api::KeyError>) -> Result<Issuer, String> {
    made.map_err(|e| e.to_string())
}

/// The issuers whose keys the settings name.
fn configured(auth: &Auth) -> Result<Vec<Issuer>, Faults> {
    let (mut faults, mut issuers) = (Faults::default(), Vec::new());
    if !auth.keys.is_empty() {
        let own = read_keys(&auth.keys).map(|keys| issuer(Issuer::new(auth.own_rules(), keys)));
        match own {
            Ok(own) => issuers.extend(faults.check(own)),
            Err(unusable) => faults.extend(unusable),
        }
    }
    for foreign in &auth.issuers {
        match foreign_issuer(foreign) {
            Ok(foreign) => issuers.push(foreign),
            Err(all) => all.iter().for_each(|why| {
                faults.add(format!("auth.issuers, {}: {why}", foreign.issuer));
            }),
        }
    }
    faults.result().map(|()| issuers)
}

fn foreign_issuer(foreign: &ForeignIssuer) -> Result<Issuer, Faults> {
    let mut faults = Faults::default();
    let keys = read_keys(&foreign.keys).map_err(|unusable| faults.extend(unusable));
    let made = match (faults.check(Keys::published(foreign)), keys) {
        (Some(Some(source)), Ok(_)) => {
            let source: Arc<dyn KeySource> = Arc::new(source);
            Some(Issuer::fetched(foreign.rules(), source))
        }
        (Some(None), Ok(keys)) => faults.check(issuer(Issuer::new(foreign.rules(), keys))),
        _ => None,
    };
    made.ok_or(faults)
}

/// The bytes of a key.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|e| format!("can't read the key {}: {e}", path.display()))
}

/// A shared secret. The newline that editors and `echo` put behind a printable one, and the mark that some put before text,
/// are no part of it; whatever else a file has is taken for random bytes, which may begin and end in any.
pub(crate) fn read_secret(path: &Path) -> Result<Vec<u8>, String> {
    let secret = read(path)?;
    let text = printable(&secret).map(<[u8]>::to_vec);
    Ok(text.unwrap_or(secret))
}

/// The secret in one line of text, if it is one.
fn printable(secret: &[u8]) -> Option<&[u8]> {
    let text = secret.strip_prefix(BYTE_ORDER_MARK).unwrap_or(secret);
    let line = match text.strip_suffix(b"\n") {
        Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
        None => text,
    };
    let is_control = |it: char| it.is_control() && it != '\t';
    std::str::from_utf8(line).is_ok_and(|text| !text.contains(is_control)).then_some(line)
}

/// Whether a secret is what everybody may have, in PEM.
fn is_public(secret: &[u8]) -> bool {
    let text = String::from_utf8_lossy(secret);
    let begun = text.split("-----BEGIN ").skip(1).filter_map(|rest| rest.split("-----").next());
    begun.into_iter().any(|kind| kind.ends_with("PUBLIC KEY") || kind.ends_with("CERTIFICATE"))
}

/// Errs with all that can't be used.
fn read_keys(keys: &[Key]) -> Result<Vec<VerifyingKey>, Faults> {
    let mut faults = Faults::default();
    let read = keys.iter().filter_map(|key| faults.check(read_key(key))).collect();
    faults.result().map(|()| read)
}

fn read_key(key: &Key) -> Result<VerifyingKey, String> {
    let (Key::Hs256 { kid, .. }
    | Key::EdDsa { kid, .. }
    | Key::Rs256 { kid, .. }
    | Key::Es256 { kid, .. }) = key;
    let name = kid.as_deref().unwrap_or(UNNAMED_KID);
    let (made, path) = match key {
        Key::Hs256 { secret_file, .. } => {
            let secret = read_secret(secret_file)?;
            if is_public(&secret) {
                let shown = secret_file.display();
                return Err(format!(
                    "{shown} is a public key or a certificate, not a secret: whoever has it could sign. Name it as \
                     public_key_file, with the alg of its issuer"
                ));
            }
            (VerifyingKey::hs256(name, &secret), secret_file)
        }
        Key::EdDsa { public_key_file, .. } => {
            (VerifyingKey::eddsa(name, &read(public_key_file)?), public_key_file)
        }
        Key::Rs256 { public_key_file, .. } => {
            (VerifyingKey::rs256(name, &read(public_key_file)?), public_key_file)
        }
        Key::Es256 { public_key_file, .. } => {
            (VerifyingKey::es256(name, &read(public_key_file)?), public_key_file)
        }
    };
    let made = made.map_err(|e| format!("the key {} can't be used: {e}", path.display()))?;
    Ok(if kid.is_some() { made } else { made.of_any_name() })
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
        // Whoever was first: two processes may have found none.
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
mod tests;
