use model::UserId;
use sqlx::PgConnection;

/// The channel of this database on which changes are told.
pub(super) const CHANNEL: &str = "whereabouts_directory";

/// `PostgreSQL` refuses payloads of 8,000 bytes and more.
const BYTES_MAX: usize = 7_999;

/// What one process tells the others in a notification: its origin, and the users whose circles changed, with blanks
/// between (no id has one).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Notice<'a> {
    pub(super) origin: &'a str,
    pub(super) touched: Vec<UserId>,
}

impl<'a> Notice<'a> {
    /// `None` if it is none of ours.
    pub(super) fn parse(payload: &'a str) -> Option<Self> {
        let mut words = payload.split(' ');
        let origin = words.next()?;
        let touched: Vec<_> = words.map(UserId::parse).collect::<Result<_, _>>().ok()?;
        (!touched.is_empty()).then_some(Self { origin, touched })
    }
}

/// The payloads that tell of all these users.
fn payloads(origin: &str, touched: &[UserId]) -> Vec<String> {
    let mut payloads: Vec<String> = Vec::new();
    for user in touched {
        match payloads.last_mut() {
            Some(last) if last.len() + 1 + user.as_str().len() <= BYTES_MAX => {
                last.push(' ');
                last.push_str(user.as_str());
            }
            _ => payloads.push(format!("{origin} {user}")),
        }
    }
    payloads
}

/// Tells the other processes, at the transaction's commit, in one statement.
pub(super) async fn send(
    connection: &mut PgConnection,
    origin: &str,
    touched: &[UserId],
) -> Result<(), sqlx::Error> {
    if touched.is_empty() {
        return Ok(());
    }
    sqlx::query("SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS all_of (payload)")
        .bind(CHANNEL)
        .bind(payloads(origin, touched))
        .execute(connection)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BATCH_MAX;

    #[test]
    fn the_longest_batch_is_split_and_read_back_whole() {
        let touched: Vec<UserId> = (0..2 * BATCH_MAX)
            .map(|n| UserId::parse(&format!("{n:064}")).expect("an id"))
            .collect();
        let payloads = payloads("origin", &touched);
        assert!(payloads.len() > 1 && payloads.iter().all(|text| text.len() < 8_000));
        let notices: Vec<_> =
            payloads.iter().map(|text| Notice::parse(text).expect("a notice")).collect();
        assert!(notices.iter().all(|notice| notice.origin == "origin"));
        let read: Vec<_> = notices.into_iter().flat_map(|notice| notice.touched).collect();
        assert_eq!(read, touched);
    }

    #[test]
    fn what_somebody_else_notifies_is_no_notice() {
        for payload in ["", "origin", "origin ", "origin a  b", "origin a/b"] {
            assert_eq!(Notice::parse(payload), None, "{payload:?}");
        }
    }
}
