//! The embedded store and the embedded register pass the lists that all have to.

use std::sync::Arc;

use history_writer::conformance::{RegisterBackend, StoreBackend};
use history_writer::{EmbeddedRegister, EmbeddedStore, Register, Store, StoreAnswer};
use tempfile::TempDir;

struct Embedded(TempDir);

impl Embedded {
    fn new() -> Self {
        Self(TempDir::new().expect("a temporary directory"))
    }
}

impl StoreBackend for Embedded {
    fn open(&self) -> StoreAnswer<'_, Arc<dyn Store>> {
        Box::pin(async {
            let store = EmbeddedStore::open(self.0.path()).await?;
            Ok(Arc::new(store) as Arc<dyn Store>)
        })
    }
}

impl RegisterBackend for Embedded {
    fn open(&self) -> StoreAnswer<'_, Arc<dyn Register>> {
        Box::pin(async {
            let register = EmbeddedRegister::open(self.0.path()).await?;
            Ok(Arc::new(register) as Arc<dyn Register>)
        })
    }
}

sql::conformance_tests!(history_writer::store_conformance_list, embedded_store, Embedded::new());
sql::conformance_tests!(
    history_writer::register_conformance_list,
    embedded_register,
    Embedded::new()
);
