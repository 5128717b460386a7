use sqlx::PgConnection;

/// How long after an erasing the log still says who it was, seconds: so long whoever follows it learns whom to forget, and then
/// begins anew.
const KNOWN_S: f64 = 600.0;
/// Positions that are gone through in one statement.
const POSITIONS_AT_ONCE: i64 = 20_000;

/// Lets the log say nothing of those any more who were erased some minutes ago: what they did until then is somebody's of whom
/// nothing is known, and has no key, which may be made of a name.
pub(super) async fn forget(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let sql = "SELECT board, max(position) FROM leaderboard.erased
               WHERE since < clock_timestamp() - make_interval(secs => $1) GROUP BY board";
    let boards: Vec<(i64, i64)> =
        sqlx::query_as(sql).bind(KNOWN_S).fetch_all(&mut *connection).await?;
    for (board, last) in boards {
        let mut from = 0;
        while from < last {
            let to = last.min(from + POSITIONS_AT_ONCE);
            let sql = "UPDATE leaderboard.changes AS change
                       SET user_id = erased.pseudonym, key = NULL
                       FROM leaderboard.erased AS erased
                       WHERE change.board = $1 AND change.position > $2 AND change.position <= $3
                           AND erased.board = $1 AND erased.position <= $4
                           AND change.user_id = erased.user_id
                           AND change.position < erased.position";
            let renamed = sqlx::query(sql).bind(board).bind(from).bind(to).bind(last);
            renamed.execute(&mut *connection).await?;
            from = to;
        }
        // Who comes later finds a gap, and begins anew.
        let sql = "WITH gone AS (
                       DELETE FROM leaderboard.erased WHERE board = $1 AND position <= $2
                       RETURNING board, position)
                   DELETE FROM leaderboard.changes AS change USING gone
                   WHERE change.board = gone.board AND change.position = gone.position";
        sqlx::query(sql).bind(board).bind(last).execute(&mut *connection).await?;
    }
    Ok(())
}
