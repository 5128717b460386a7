use scylla::client::session::Session;
use scylla::errors::PrepareError;
use scylla::statement::prepared::PreparedStatement;

/// What is asked of the database. Each names a whole partition, so it goes to a node that has a copy; and is idempotent,
/// since it carries its time of writing.
pub(super) struct Statements {
    pub(super) put_bucket: PreparedStatement,
    pub(super) put_chunk: PreparedStatement,
    /// Some of the user's buckets, in order and against it.
    pub(super) buckets: [PreparedStatement; 2],
    /// The chunks of a bucket between two places, in order and against it.
    pub(super) chunks: [PreparedStatement; 2],
    /// Where chunks of a bucket begin and end that begin in a range.
    pub(super) spans: PreparedStatement,
    pub(super) erase_range: PreparedStatement,
    pub(super) erase_chunk: PreparedStatement,
    pub(super) erase_bucket: PreparedStatement,
    /// Which version the schema has.
    pub(super) version: PreparedStatement,
}

impl Statements {
    pub(super) async fn prepare(session: &Session, keyspace: &str) -> Result<Self, PrepareError> {
        let prepare = async |cql: &str| {
            let mut statement = session.prepare(cql.replace('$', keyspace)).await?;
            statement.set_is_idempotent(true);
            Ok::<_, PrepareError>(statement)
        };
        let buckets = async |order: &str| {
            let cql = format!(
                "SELECT bucket FROM $.buckets WHERE user = ? AND bucket >= ? AND bucket <= ?
                 ORDER BY bucket {order} LIMIT ?"
            );
            prepare(&cql).await
        };
        let chunks = async |order: &str| {
            let cql = format!(
                "SELECT first_ms, bytes FROM $.chunks
                 WHERE user = ? AND bucket = ?
                   AND (first_ms, digest) > (?, ?) AND (first_ms, digest) < (?, ?)
                 ORDER BY first_ms {order}, digest {order} LIMIT ?"
            );
            prepare(&cql).await
        };
        Ok(Self {
            put_bucket: prepare(
                "INSERT INTO $.buckets (user, bucket) VALUES (?, ?) USING TIMESTAMP ?",
            )
            .await?,
            put_chunk: prepare(
                "INSERT INTO $.chunks (user, bucket, first_ms, digest, last_ms, points, bytes)
                 VALUES (?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?",
            )
            .await?,
            buckets: [buckets("ASC").await?, buckets("DESC").await?],
            chunks: [chunks("ASC").await?, chunks("DESC").await?],
            spans: prepare(
                "SELECT first_ms, digest, last_ms FROM $.chunks
                 WHERE user = ? AND bucket = ? AND first_ms >= ? AND first_ms < ?",
            )
            .await?,
            erase_range: prepare(
                "DELETE FROM $.chunks USING TIMESTAMP ?
                 WHERE user = ? AND bucket = ? AND first_ms >= ? AND first_ms < ?",
            )
            .await?,
            erase_chunk: prepare(
                "DELETE FROM $.chunks USING TIMESTAMP ?
                 WHERE user = ? AND bucket = ? AND first_ms = ? AND digest = ?",
            )
            .await?,
            erase_bucket: prepare(
                "DELETE FROM $.buckets USING TIMESTAMP ? WHERE user = ? AND bucket = ?",
            )
            .await?,
            version: prepare("SELECT number FROM $.schema_version WHERE part = 'history'").await?,
        })
    }
}
