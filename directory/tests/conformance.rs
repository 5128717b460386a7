//! The embedded store passes the list that every store has to.

use std::sync::Arc;

use directory::conformance::Backend;
use directory::embedded::EmbeddedStore;
use directory::{Answer, Store};
use tempfile::TempDir;

struct Embedded(TempDir);

impl Embedded {
    fn new() -> Self {
        Self(TempDir::new().expect("a temporary directory"))
    }
}

impl Backend for Embedded {
    fn open(&self) -> Answer<'_, Arc<dyn Store>> {
        Box::pin(async {
            let store = EmbeddedStore::open(self.0.path()).await?;
            Ok(Arc::new(store) as Arc<dyn Store>)
        })
    }
}

sql::conformance_tests!(directory::conformance_list, embedded, Embedded::new());
