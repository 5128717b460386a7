use api::{Cursor, Problem};
use model::{ErrorKind, ReadToken};

use super::Query;
use crate::core::catalogue::id::BusinessId;
use crate::core::geo::circle::Millimetres;

/// Where a walk over the pages of a search stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bookmark {
    /// The distance of the last hit.
    pub distance: Millimetres,
    /// The last hit.
    pub id: BusinessId,
    /// The state in which the walk began: older ones aren't searched, and what was put somewhere later is passed over.
    pub began: ReadToken,
}

impl Bookmark {
    /// As text that only this query takes back.
    pub fn encode(&self, query: &Query) -> String {
        let Self { distance, id, began } = self;
        Cursor::after(format!("{} {id} {began}", distance.0)).encode(&list(query))
    }

    /// Reads a bookmark of this query, whatever the number of results on a page.
    pub fn decode(text: &str, query: &Query) -> Result<Self, Problem> {
        let cursor = Cursor::decode(text, &list(query))?;
        Self::parse(cursor.last()).ok_or_else(|| {
            let detail = "cursor is not one that this service gave";
            Problem::new(ErrorKind::Invalid, "invalid_cursor", detail)
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.splitn(3, ' ');
        let distance = Millimetres(words.next()?.parse().ok()?);
        let id = BusinessId::parse(words.next()?).ok()?;
        Some(Self { distance, id, began: ReadToken::parse(words.next()?)? })
    }
}

/// The name of what is walked over: where somebody is doesn't stand in it, only a digest.
fn list(query: &Query) -> String {
    let centre = query.circle.centre();
    let numbers = [
        centre.latitude().to_bits(),
        centre.longitude().to_bits(),
        query.circle.radius().0,
        query.open_at.map_or(0, |at| at.0 as u64),
        u64::from(query.open_at.is_some()),
        u64::from(query.category.is_some()),
    ];
    let category = query.category.as_ref().map_or("", |category| category.as_str());
    let bytes = numbers.iter().flat_map(|number| number.to_le_bytes()).chain(category.bytes());
    format!("nearby/{:016x}", model::fnv1a(bytes))
}

#[cfg(test)]
mod tests {
    use model::{Metres, Position, SeededRandom, Timestamp};

    use super::*;
    use crate::core::catalogue::category::CategoryKey;
    use crate::limits::Limits;
    use model::FeedPosition;

    fn query(latitude: f64) -> Query {
        let centre = Position::new(latitude, -115.0).expect("on Earth");
        Query::new(centre, Metres(500.0), 20, &Limits::default()).expect("allowed")
    }

    fn bookmark() -> Bookmark {
        Bookmark {
            distance: Millimetres(123_456),
            id: BusinessId::random(&SeededRandom::new(7)),
            began: ReadToken { timeline: 1 << 63, position: FeedPosition(99) },
        }
    }

    #[test]
    fn a_bookmark_comes_back_to_its_query() {
        let text = bookmark().encode(&query(36.0));
        assert_eq!(Bookmark::decode(&text, &query(36.0)), Ok(bookmark()));
        let larger_pages = Query { limit: 100, ..query(36.0) };
        assert_eq!(Bookmark::decode(&text, &larger_pages), Ok(bookmark()));
    }

    #[test]
    fn other_queries_and_changed_bookmarks_are_refused() {
        let text = bookmark().encode(&query(36.0));
        let category = CategoryKey::parse("Food").ok();
        for other in [
            query(36.000_001),
            query(36.0).of_category(category),
            query(36.0).open_at(Some(Timestamp(0))),
        ] {
            assert!(Bookmark::decode(&text, &other).is_err());
        }
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).expect("ASCII");
            assert!(Bookmark::decode(&changed, &query(36.0)).is_err(), "{changed}");
        }
        for last in ["", "1", "1 2 3", "-1 0000000000000 1.1", "1 0000000000000 1.1 1"] {
            let forged = Cursor::after(last).encode(&list(&query(36.0)));
            assert!(Bookmark::decode(&forged, &query(36.0)).is_err(), "{last}");
        }
    }
}
