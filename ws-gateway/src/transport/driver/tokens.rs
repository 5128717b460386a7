//! Whose a session is: the token that opens it, those that prolong it, and the key by which the last one is valid.

use std::sync::Arc;
use std::task::{Context, Poll};

use api::{TokenError, Verified, VerifyingKey};
use futures_util::future::BoxFuture;
use model::RetryAfterMs;

use super::Driver;
use crate::session::Input;
use crate::session::messages::{CloseCode, ErrorWord, Rejection, Token};
use crate::session::signals::Signals;

/// What a token is verified for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To open the session.
    Admit,
    /// To prolong it.
    Renew,
}

/// A token that is being verified, which takes a while if its issuer is asked for new keys.
pub(super) type Verifying = (Purpose, BoxFuture<'static, Result<Verified, TokenError>>);

impl Driver {
    pub(super) fn verify(&mut self, token: Token, purpose: Purpose) {
        let (verifier, now) = (self.gateway().deps.verifier.clone(), self.gateway().now());
        let verifying = Box::pin(async move { verifier.verify_asking(&token.0, now).await });
        self.running.verifying = Some((purpose, verifying));
    }

    /// Goes on with what was verified; false while that takes.
    pub(super) fn hear_verified(&mut self, cx: &mut Context<'_>) -> bool {
        let Some((purpose, verifying)) = &mut self.running.verifying else { return true };
        let (purpose, Poll::Ready(verified)) = (*purpose, verifying.as_mut().poll(cx)) else {
            return false;
        };
        self.running.verifying = None;
        match purpose {
            Purpose::Admit => self.judge_first(verified),
            Purpose::Renew => self.judge_later(verified),
        }
        true
    }

    fn judge_first(&mut self, verified: Result<Verified, TokenError>) {
        let gateway = self.gateway().clone();
        let refused = match verified {
            Ok(verified) => match gateway.admission.admit(gateway.now().monotonic) {
                Ok(()) => return self.admit(verified),
                Err(RetryAfterMs(ms)) => {
                    let detail =
                        format!("too many sessions are being opened: your turn is in {ms} ms");
                    (CloseCode::TryAgainLater, detail)
                }
            },
            Err(fault) => {
                let code = match fault {
                    TokenError::NotYetValid => CloseCode::TokenNotYetValid,
                    TokenError::KeysAway(_) | TokenError::NotAskedYet(_) => {
                        CloseCode::TryAgainLater
                    }
                    _ => CloseCode::Unauthenticated,
                };
                (code, fault.to_string())
            }
        };
        self.input(Input::Refused(refused.0, refused.1));
    }

    fn judge_later(&mut self, verified: Result<Verified, TokenError>) {
        match verified {
            Ok(Verified { caller, key }) => {
                self.input(Input::Renewed(Ok(caller.clone())));
                if self.session.caller() == Some(&caller) {
                    self.hold_key(key);
                }
            }
            Err(fault) => {
                // The client can't know of an issuer that is away, and its session goes on.
                let (word, retry_after_ms) = match fault {
                    TokenError::KeysAway(RetryAfterMs(ms))
                    | TokenError::NotAskedYet(RetryAfterMs(ms)) => {
                        (ErrorWord::Unavailable, Some(ms))
                    }
                    _ => (ErrorWord::InvalidToken, None),
                };
                let mut rejection = Rejection::new(word, fault.to_string());
                rejection.retry_after_ms = retry_after_ms;
                self.input(Input::Renewed(Err(rejection)));
            }
        }
    }

    /// From now on the session lasts no longer than this key.
    pub(super) fn hold_key(&mut self, key: Arc<VerifyingKey>) {
        let is_in_use = key.is_in_use();
        self.key = Some(key);
        // It may have been removed after it had verified the token, and before there was anybody to tell.
        if !is_in_use {
            let in_ms = self.gateway().close_in_ms();
            self.input(Input::Signals(Signals { keys: true, ..Signals::default() }, in_ms));
        }
    }

    /// Whether the key by which the session's token is valid was removed.
    pub(super) fn key_is_gone(&self) -> bool {
        self.key.as_ref().is_some_and(|key| !key.is_in_use())
    }
}
