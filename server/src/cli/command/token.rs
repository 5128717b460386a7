use std::process::ExitCode;

use api::Signer;
use model::{Clock, SystemClock, UserId};

use super::{Done, config};
use crate::cli::args::{Signing, TokenArgs};
use crate::cli::say;
use crate::keys::{self, Keys};

pub(crate) fn token(args: &TokenArgs) -> Done {
    let user = UserId::parse(&args.user).map_err(|fault| format!("--user {fault}"))?;
    let ttl_s = u32::try_from(args.duration.as_secs().max(1))
        .map_err(|_| "--for is longer than a token can hold".to_owned())?;
    let Signing { sources, secret_file, private_key_file, .. } = &args.signing;
    if secret_file.is_none() && private_key_file.is_none() {
        Keys::may_sign_for(&config(sources)?.auth, args.role)?;
    }
    let signer = signer(&args.signing)?;
    say!("{}", signer.sign(&user, args.role, SystemClock::start().now().wall, ttl_s));
    Ok(ExitCode::SUCCESS)
}

/// The key that the arguments name, or the node's own.
pub(crate) fn signer(signing: &Signing) -> Result<Signer, String> {
    let config = config(&signing.sources)?;
    let auth = &config.auth;
    let kid = signing.kid.as_deref().unwrap_or_default();
    let made = match (&signing.secret_file, &signing.private_key_file) {
        (Some(path), _) => {
            Signer::hs256(kid, &keys::read_secret(path)?, &auth.issuer, &auth.audience)
        }
        (None, Some(path)) => Signer::eddsa(kid, &keys::read(path)?, &auth.issuer, &auth.audience),
        (None, None) => return Keys::signer(auth, &config.data.dir),
    };
    made.map_err(|e| format!("this key can't sign: {e}"))
}
