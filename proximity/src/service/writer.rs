use std::future::ready;
use std::sync::Arc;

use futures_util::FutureExt;
use model::ReadToken;
use sql::{CommitMetrics, Committed, GroupCommit};

use crate::core::catalogue::mutation::{Outcome, WriteRequest};
use crate::core::limits::Limits;
use crate::error::Error;
use crate::metrics::{COMMIT_DURATION, COMMIT_WRITES};
use crate::store::{Applied, Store};

/// What was written, and what a read must include to see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// What the write did.
    pub outcome: Outcome,
    /// The state that has it.
    pub as_of: ReadToken,
}

/// Starts the task that commits.
pub(super) fn start(
    store: Arc<dyn Store>,
    limits: Limits,
) -> GroupCommit<WriteRequest, Written, Error> {
    let metrics =
        CommitMetrics { part: "businesses", duration: COMMIT_DURATION, requests: COMMIT_WRITES };
    GroupCommit::start(metrics, move |writes| {
        let store = Arc::clone(&store);
        async move {
            let Applied { outcomes, as_of } = store.apply(writes, limits).await?;
            let written = |outcome| Written { outcome, as_of };
            let answers = outcomes.into_iter().map(|it| Ok(it.map(written)?)).collect();
            Ok(Committed { answers, before_answers: ready(()).boxed() })
        }
    })
}
