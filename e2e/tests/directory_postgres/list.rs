//! Every case of the list that every store passes, each in a database of its own.

use std::sync::Arc;

use directory::conformance::{Backend, CASES};
use directory::postgres::{Config, PostgresStore};
use directory::{Answer, Store};
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

directory::conformance_tests!(postgres, Database::default());

#[test]
fn the_list_for_programs_names_each_case_once() {
    let mut names: Vec<_> = CASES.iter().map(|case| case.name).collect();
    assert!(names.contains(&"asking_twice_is_one_request"), "{names:?}");
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[tokio::test]
async fn a_case_of_the_list_for_programs_runs() {
    let case = CASES.iter().find(|case| case.name == "accepting_makes_friends");
    let backend = Database::default();
    (case.expect("is in the list").run)(&backend).await;
    assert!(backend.0.initialized());
}
