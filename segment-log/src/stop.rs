use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::Error;

/// Whether a log may still be written to. Cheap to clone: all of them are of the same log.
#[derive(Debug, Clone)]
pub struct Stop {
    log: &'static str,
    why: Arc<OnceLock<String>>,
}

impl Stop {
    /// Of a log that may be written to.
    pub fn new(log: &'static str) -> Self {
        Self { log, why: Arc::default() }
    }

    /// Nothing more is written until the process starts again. The first reason stays.
    pub fn stop(&self, why: impl fmt::Display) -> Error {
        let why = self.why.get_or_init(|| {
            let why = format!("{why}; restart the server once that is mended");
            tracing::error!("nothing is written to {} any more: {why}", self.log);
            why
        });
        Error::Stopped(why.clone())
    }

    /// Errs if nothing is written any more.
    pub fn check(&self) -> Result<(), Error> {
        match self.why() {
            Some(why) => Err(Error::Stopped(why.to_owned())),
            None => Ok(()),
        }
    }

    /// Why nothing is written any more; `None` while it is.
    pub fn why(&self) -> Option<&str> {
        self.why.get().map(String::as_str)
    }
}
