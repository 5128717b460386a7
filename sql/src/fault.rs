/// What can go wrong with a database, for each part to turn into an error of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It can't be reached, is full or too slow, the text says how. What was to be written may be or not.
    Unavailable(String),
    /// Its data was written by a newer version of the program.
    NewerVersion {
        /// Its schema.
        found: i64,
        /// The newest that we know.
        known: i64,
    },
    /// It can't be worked with from the start: absent, not writable, not ours; the text says what, where, and what to do.
    Unusable(String),
    /// A fault of ours, or damaged data.
    Internal(String),
}

impl Fault {
    /// Errs if there are more steps of a schema than we know.
    pub(crate) fn if_newer(found: i64, steps: &[&str]) -> Result<(), Self> {
        let known = steps.len() as i64;
        if found > known { Err(Self::NewerVersion { found, known }) } else { Ok(()) }
    }
}
