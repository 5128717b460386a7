use std::collections::BTreeMap;
use std::sync::Weak;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use parking_lot::Mutex;

use super::super::super::{History, Shared};
use crate::{PeerAddress, PeerError, Peers};

/// How whoever is at an address does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Manner {
    /// Answers as it should.
    Honest,
    /// Never answers, and never hangs up.
    Silent,
    /// Hangs up.
    Gone,
    /// Answers with these bytes.
    Says(Vec<u8>),
    /// Answers what somebody asked it first.
    Repeats,
}

/// Carries questions between the processes of a test.
#[derive(Default)]
pub(super) struct Network {
    processes: Mutex<BTreeMap<String, (Weak<Shared>, Manner)>>,
    first_answer: Mutex<Option<Vec<u8>>>,
    pub(super) asked: AtomicUsize,
}

pub(super) fn address(log: u128) -> PeerAddress {
    PeerAddress::parse(&format!("10.0.0.{log}:80")).expect("an address")
}

impl Network {
    pub(super) fn join(&self, log: u128, history: &History) {
        let process = (std::sync::Arc::downgrade(&history.shared), Manner::Honest);
        self.processes.lock().insert(address(log).to_string(), process);
    }

    pub(super) fn behaves(&self, log: u128, manner: Manner) {
        if let Some((_, behaviour)) = self.processes.lock().get_mut(address(log).as_str()) {
            *behaviour = manner;
        }
    }

    fn answer(&self, address: &PeerAddress, question: &[u8]) -> Option<Result<Vec<u8>, PeerError>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let gone = || PeerError::Unreachable("gone".to_owned());
        let known = self.processes.lock().get(address.as_str()).cloned();
        let Some((shared, manner)) = known else { return Some(Err(gone())) };
        let Some(shared) = shared.upgrade() else { return Some(Err(gone())) };
        match manner {
            Manner::Honest => {
                let answer = History { shared }.answer_peer(question);
                if let Ok(answer) = &answer {
                    self.first_answer.lock().get_or_insert_with(|| answer.clone());
                }
                Some(answer.map_err(|_| PeerError::Refused { status: 403 }))
            }
            Manner::Silent => None,
            Manner::Gone => Some(Err(gone())),
            Manner::Says(bytes) => Some(Ok(bytes)),
            Manner::Repeats => Some(Ok(self.first_answer.lock().clone().expect("one was given"))),
        }
    }
}

impl Peers for Network {
    fn ask<'a>(
        &'a self,
        address: &'a PeerAddress,
        question: Vec<u8>,
    ) -> BoxFuture<'a, Result<Vec<u8>, PeerError>> {
        Box::pin(async move {
            match self.answer(address, &question) {
                Some(answer) => answer,
                None => std::future::pending().await,
            }
        })
    }
}
