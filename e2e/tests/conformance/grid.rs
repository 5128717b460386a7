use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use futures_util::StreamExt;

/// Cases under way at the same time.
const AT_ONCE: usize = 8;

/// How every case went with every backend.
pub(crate) struct Grid {
    backends: Vec<&'static str>,
    cases: Vec<&'static str>,
    passed: BTreeMap<(&'static str, &'static str), bool>,
}

/// A case with a backend of its own, not yet begun.
pub(crate) struct Trial {
    pub(crate) case: &'static str,
    pub(crate) backend: &'static str,
    pub(crate) run: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Grid {
    pub(crate) fn new(
        backends: &[&'static str],
        cases: impl IntoIterator<Item = &'static str>,
    ) -> Self {
        let cases: Vec<_> = cases.into_iter().collect();
        assert_eq!(cases.iter().collect::<BTreeSet<_>>().len(), cases.len(), "a name twice");
        Self { backends: backends.to_vec(), cases, passed: BTreeMap::new() }
    }

    pub(crate) async fn run(mut self, trials: impl IntoIterator<Item = Trial>) -> Self {
        let running = trials.into_iter().map(|trial| async move {
            // In a task of its own, so that its panic ends nothing else.
            let passed = tokio::spawn(trial.run).await.is_ok();
            ((trial.case, trial.backend), passed)
        });
        self.passed = futures_util::stream::iter(running).buffer_unordered(AT_ONCE).collect().await;
        self
    }

    /// Whether every cell is there, and passed.
    pub(crate) fn is_whole(&self) -> bool {
        let cells = self
            .cases
            .iter()
            .flat_map(|case| self.backends.iter().map(move |backend| (*case, *backend)));
        !self.cases.is_empty()
            && cells.into_iter().all(|cell| self.passed.get(&cell) == Some(&true))
    }
}

impl fmt::Display for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.cases.iter().map(|case| case.len()).max().unwrap_or(0);
        write!(f, "{:width$}", "")?;
        for backend in &self.backends {
            write!(f, "  {backend}")?;
        }
        for case in &self.cases {
            write!(f, "\n{:width$}", case.replace('_', " "))?;
            for backend in &self.backends {
                let mark = match self.passed.get(&(*case, *backend)) {
                    Some(true) => "✓",
                    Some(false) => "✗",
                    None => "",
                };
                write!(f, "  {mark:^0$}", backend.chars().count())?;
            }
        }
        writeln!(f)
    }
}
