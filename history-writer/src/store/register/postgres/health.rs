use std::sync::Arc;
use std::time::Duration;

use model::ErrorChain;
use sql::postgres::{HealthProbe, ReadFrom};
use tokio::time::sleep;

use super::Shared;

/// The pause between two looks at the server.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the server may take to answer a look, or to let us in for one.
const LOOK_TIMEOUT: Duration = Duration::from_secs(2);

/// Looks at the server again and again.
pub(super) async fn run(shared: Arc<Shared>) {
    let primary = Arc::clone(&shared.primary);
    let mut probe = HealthProbe::new(primary, ReadFrom::Primary, LOOK_TIMEOUT);
    loop {
        let looked = probe.ask(|connection| {
            let sql = "SELECT number FROM history.schema_version";
            Box::pin(sqlx::query_scalar::<_, i64>(sql).fetch_one(connection))
        });
        let away = looked.await.err();
        shared.fault.note(away.map(|away| ErrorChain(&away.why).to_string()));
        sleep(PAUSE).await;
    }
}
