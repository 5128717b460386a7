//! The embedded store passes the list that every store has to, with and without an index in memory.

use std::sync::Arc;

use proximity::conformance::Backend;
use proximity::embedded::EmbeddedStore;
use proximity::{Answer, Store};
use tempfile::TempDir;

struct Embedded {
    data: TempDir,
    is_resident: bool,
}

impl Embedded {
    fn new() -> Self {
        Self { data: TempDir::new().expect("a temporary directory"), is_resident: false }
    }

    fn resident() -> Self {
        Self { is_resident: true, ..Self::new() }
    }
}

impl Backend for Embedded {
    fn open(&self) -> Answer<'_, Arc<dyn Store>> {
        Box::pin(async {
            let store = EmbeddedStore::open(self.data.path()).await?;
            Ok(Arc::new(store) as Arc<dyn Store>)
        })
    }

    fn is_resident(&self) -> bool {
        self.is_resident
    }
}

sql::conformance_tests!(proximity::conformance_list, embedded, Embedded::new());
sql::conformance_tests!(
    proximity::conformance_list,
    embedded_with_resident_index,
    Embedded::resident()
);

#[tokio::test]
async fn a_thousand_walks_while_others_write() {
    proximity::conformance::walks::random_walks(&Embedded::new(), 1_000).await;
}
