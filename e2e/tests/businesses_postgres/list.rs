//! Every case of the list that every store passes, each in a database of its own.

use std::sync::Arc;

use proximity::conformance::Backend;
use proximity::postgres::{Config, PostgresStore};
use proximity::{Answer, Store};
use tokio::sync::OnceCell;

use super::world;

#[derive(Default)]
struct Database(OnceCell<Config>);

impl Backend for Database {
    fn open(&self) -> Answer<'_, Arc<dyn Store>> {
        Box::pin(async {
            let made = self.0.get_or_init(async || world::database(world::shared().await).await);
            let store = PostgresStore::connect(made.await).await?;
            Ok(Arc::new(store) as Arc<dyn Store>)
        })
    }
}

proximity::conformance_tests!(postgres, Database::default());
