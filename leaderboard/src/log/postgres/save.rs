use model::UserId;
use sqlx::PgConnection;

use super::change_set::ChangeSet;
use super::load::Loaded;
use super::rows;
use crate::core::record::Record;
use crate::core::transaction_state::seasons;
use crate::{BoardNumber, StandingsId};

/// Writes what a batch came to, in one statement unless boards or bans are changed, or a key is old enough to be used again.
pub(super) async fn records(
    connection: &mut PgConnection,
    records: &[Record],
    before: &Loaded,
) -> Result<(), sqlx::Error> {
    let set = ChangeSet::new(records, before);
    // Boards first: what is on them is counted in their rows.
    boards(connection, &set).await?;
    bans(connection, &set).await?;
    outdated_keys(connection, &set, before).await?;
    seasons_and_people(connection, &set).await?;
    scores(connection, &set).await
}

async fn boards(connection: &mut PgConnection, set: &ChangeSet<'_>) -> Result<(), sqlx::Error> {
    if !set.deleted.is_empty() {
        let sql = "WITH gone AS (DELETE FROM leaderboard.boards WHERE number = ANY ($1))
                   INSERT INTO leaderboard.deleted SELECT * FROM unnest($1::bigint[])";
        sqlx::query(sql).bind(numbers(&set.deleted)).execute(&mut *connection).await?;
    }
    if !set.boards.is_empty() {
        let sql = "INSERT INTO leaderboard.boards (number, id, head, banned, definition, due_ms)
                   SELECT number, id, 0, 0, definition, due_ms
                   FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::bigint[])
                       AS made (number, id, definition, due_ms)
                   ON CONFLICT (number) DO UPDATE SET definition = excluded.definition,
                       due_ms = excluded.due_ms";
        let due_ms = |board: &&crate::Board| seasons::due(board).map(|due| due.0);
        sqlx::query(sql)
            .bind(numbers(set.boards.keys()))
            .bind(set.boards.values().map(|board| board.id.as_str()).collect::<Vec<_>>())
            .bind(set.boards.values().map(|board| rows::definition(board)).collect::<Vec<_>>())
            .bind(set.boards.values().map(due_ms).collect::<Vec<_>>())
            .execute(&mut *connection)
            .await?;
    }
    if let Some(last) = set.deleted.iter().chain(set.boards.keys()).max() {
        let sql = "UPDATE leaderboard.feed SET head = greatest(head, $1)";
        sqlx::query(sql).bind(last.0 as i64).execute(connection).await?;
    }
    Ok(())
}

async fn bans(connection: &mut PgConnection, set: &ChangeSet<'_>) -> Result<(), sqlx::Error> {
    for (is_banned, sql) in [
        (
            true,
            "INSERT INTO leaderboard.bans SELECT * FROM unnest($1::bigint[], $2::text[])
             ON CONFLICT DO NOTHING",
        ),
        (
            false,
            "DELETE FROM leaderboard.bans AS ban
             USING unnest($1::bigint[], $2::text[]) AS ended (board, user_id)
             WHERE ban.board = ended.board AND ban.user_id = ended.user_id",
        ),
    ] {
        let concerned = set.bans.iter().filter(|(_, banned)| **banned == is_banned);
        let (boards, users): (Vec<i64>, Vec<&str>) =
            concerned.map(|((board, user), _)| (board.0 as i64, user.as_str())).unzip();
        if !boards.is_empty() {
            sqlx::query(sql).bind(boards).bind(users).execute(&mut *connection).await?;
        }
    }
    Ok(())
}

/// Makes room for keys that may be used again. Those of others must not: to insert one twice fails.
async fn outdated_keys(
    connection: &mut PgConnection,
    set: &ChangeSet<'_>,
    before: &Loaded,
) -> Result<(), sqlx::Error> {
    let outdated = set.keys.values().filter(|record| before.has_key(&record.event));
    let (producers, keys): (Vec<&str>, Vec<&str>) =
        outdated.map(|record| (record.event.producer.as_str(), record.event.key.as_str())).unzip();
    if producers.is_empty() {
        return Ok(());
    }
    let sql = "DELETE FROM leaderboard.keys AS known
               USING unnest($1::text[], $2::text[]) AS old (producer, key)
               WHERE known.producer = old.producer AND known.key = old.key";
    sqlx::query(sql).bind(producers).bind(keys).execute(connection).await?;
    Ok(())
}

/// Removes what people have no more, before others may have it, and says what is to be tidied up.
async fn seasons_and_people(
    connection: &mut PgConnection,
    set: &ChangeSet<'_>,
) -> Result<(), sqlx::Error> {
    if !set.removed.is_empty() {
        let sql = "DELETE FROM leaderboard.entries AS entry
                   USING unnest($1::bigint[], $2::integer[], $3::text[])
                       AS gone (board, season, user_id)
                   WHERE entry.board = gone.board AND entry.season = gone.season
                       AND entry.user_id = gone.user_id";
        sqlx::query(sql)
            .bind(numbers(set.removed.iter().map(|(id, _)| &id.board)))
            .bind(season_numbers(set.removed.iter().map(|(id, _)| id)))
            .bind(set.removed.iter().map(|(_, user)| user.as_str()).collect::<Vec<_>>())
            .execute(&mut *connection)
            .await?;
    }
    for (some, sql) in [
        (
            &set.sealed,
            "INSERT INTO leaderboard.seasons (board, season, players, sealed)
             SELECT board, season, 0, true FROM unnest($1::bigint[], $2::integer[])
                 AS ended (board, season)
             ON CONFLICT (board, season) DO UPDATE SET sealed = true",
        ),
        (
            &set.dropped,
            "INSERT INTO leaderboard.dropped SELECT * FROM unnest($1::bigint[], $2::integer[])
             ON CONFLICT DO NOTHING",
        ),
    ] {
        if !some.is_empty() {
            let boards = numbers(some.iter().map(|id| &id.board));
            sqlx::query(sql)
                .bind(boards)
                .bind(season_numbers(some))
                .execute(&mut *connection)
                .await?;
        }
    }
    if !set.erased.is_empty() {
        let sql = "INSERT INTO leaderboard.erased (board, position, user_id, pseudonym)
                   SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[])";
        sqlx::query(sql)
            .bind(numbers(set.erased.iter().map(|(board, ..)| board)))
            .bind(set.erased.iter().map(|(_, position, ..)| position.0 as i64).collect::<Vec<_>>())
            .bind(set.erased.iter().map(|(.., user, _)| user.as_str()).collect::<Vec<_>>())
            .bind(set.erased.iter().map(|(.., name)| name.as_str()).collect::<Vec<_>>())
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Writes the log's rows, what players have since, the keys, and how far boards have come. Rows go to each table in the
/// order of its key, so that one page of an index after the other is changed, and nobody waits in a circle. Those who are known
/// are inserted too: that looks each of them up by the key, while an update may choose to read all.
const SCORES: &str = "
    WITH appended AS (
        INSERT INTO leaderboard.changes
            (board, position, season, user_id, what, shown, score, reached, amount, producer, key,
             at_ms, part)
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::integer[], $4::text[], $5::text[],
                             $6::bool[], $7::bigint[], $8::bigint[], $9::bigint[], $10::text[],
                             $11::text[], $12::bigint[], $34::integer[])
    ), joined AS (
        INSERT INTO leaderboard.entries (board, season, user_id, score, reached)
        SELECT * FROM unnest($13::bigint[], $14::integer[], $15::text[], $16::bigint[],
                             $17::bigint[])
    ), moved AS (
        INSERT INTO leaderboard.entries (board, season, user_id, score, reached)
        SELECT * FROM unnest($18::bigint[], $19::integer[], $20::text[], $21::bigint[],
                             $22::bigint[])
        ON CONFLICT (board, season, user_id)
            DO UPDATE SET score = excluded.score, reached = excluded.reached
    ), counted AS (
        INSERT INTO leaderboard.seasons AS season (board, season, players)
        SELECT * FROM unnest($23::bigint[], $24::integer[], $25::bigint[])
        ON CONFLICT (board, season) DO UPDATE SET players = season.players + excluded.players
    ), remembered AS (
        INSERT INTO leaderboard.keys (producer, key, at_ms, digest, result)
        SELECT * FROM unnest($26::text[], $27::text[], $28::bigint[], $29::bytea[], $30::bytea[])
    )
    UPDATE leaderboard.boards AS board SET head = new.head, banned = board.banned + new.banned
    FROM unnest($31::bigint[], $32::bigint[], $33::bigint[]) AS new (number, head, banned)
    WHERE board.number = new.number";

async fn scores(connection: &mut PgConnection, set: &ChangeSet<'_>) -> Result<(), sqlx::Error> {
    let ChangeSet { changes, new, known, players, heads, keys, .. } = set;
    let event = |it: fn(&crate::core::record::EventRecord) -> &str| -> Vec<Option<&str>> {
        changes.iter().map(|row| row.event.map(|(record, _)| it(record))).collect()
    };
    let banned = |board: &BoardNumber| set.banned.get(board).copied().unwrap_or_default();
    let mut query = sqlx::query(SCORES)
        .bind(changes.iter().map(|row| row.standings.board.0 as i64).collect::<Vec<_>>())
        .bind(changes.iter().map(|row| row.position.0 as i64).collect::<Vec<_>>())
        .bind(changes.iter().map(|row| row.standings.season as i32).collect::<Vec<_>>())
        .bind(changes.iter().map(|row| row.user.map(UserId::as_str)).collect::<Vec<_>>())
        .bind(changes.iter().map(|row| row.what).collect::<Vec<_>>())
        .bind(changes.iter().map(|row| row.is_shown).collect::<Vec<_>>())
        .bind(changes.iter().map(|row| row.entry.map(|it| it.score)).collect::<Vec<_>>())
        .bind(changes.iter().map(|row| row.entry.map(|it| it.reached.0 as i64)).collect::<Vec<_>>())
        .bind(changes.iter().map(|row| row.event.map(|(_, amount)| amount)).collect::<Vec<_>>())
        .bind(event(|record| record.event.producer.as_str()))
        .bind(event(|record| record.event.key.as_str()))
        .bind(changes.iter().map(|row| row.event.map(|(it, _)| it.at.0)).collect::<Vec<_>>());
    for entries in [new, known] {
        query = query
            .bind(numbers(entries.keys().map(|(id, _)| &id.board)))
            .bind(season_numbers(entries.keys().map(|(id, _)| id)))
            .bind(entries.keys().map(|(_, user)| user.as_str()).collect::<Vec<_>>())
            .bind(entries.values().map(|entry| entry.score).collect::<Vec<_>>())
            .bind(entries.values().map(|entry| entry.reached.0 as i64).collect::<Vec<_>>());
    }
    query
        .bind(numbers(players.keys().map(|id| &id.board)))
        .bind(season_numbers(players.keys()))
        .bind(players.values().copied().collect::<Vec<_>>())
        .bind(keys.keys().map(|(producer, _)| producer.as_str()).collect::<Vec<_>>())
        .bind(keys.keys().map(|(_, key)| *key).collect::<Vec<_>>())
        .bind(keys.values().map(|record| record.at.0).collect::<Vec<_>>())
        .bind(keys.values().map(|record| record.digest.to_bytes().to_vec()).collect::<Vec<_>>())
        .bind(keys.values().map(|record| rows::result(record)).collect::<Vec<_>>())
        .bind(numbers(heads.keys()))
        .bind(heads.values().map(|head| head.0 as i64).collect::<Vec<_>>())
        .bind(heads.keys().map(banned).collect::<Vec<_>>())
        .bind(changes.iter().map(|row| row.part).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

fn numbers<'a>(boards: impl IntoIterator<Item = &'a BoardNumber>) -> Vec<i64> {
    boards.into_iter().map(|board| board.0 as i64).collect()
}

fn season_numbers<'a>(ids: impl IntoIterator<Item = &'a StandingsId>) -> Vec<i32> {
    ids.into_iter().map(|id| id.season as i32).collect()
}
