use api::{Cursor, Problem};
use model::{ErrorKind, ReadToken};

use crate::{BusinessId, CategoryKey, Millimetres, Query, SearchCursor};

/// A place in the walk as text that only this query takes back.
pub(crate) fn encode(cursor: &SearchCursor, query: &Query) -> String {
    let SearchCursor { distance, id, began } = cursor;
    Cursor::after(format!("{} {id} {began}", distance.0)).encode(&list(query))
}

/// Reads the text that this query was given, whatever the number of results on a page.
pub(crate) fn decode(text: &str, query: &Query) -> Result<SearchCursor, Problem> {
    let cursor = Cursor::decode(text, &list(query))?;
    parse(cursor.last()).ok_or_else(|| {
        let detail = "cursor is not one that this service gave";
        Problem::new(ErrorKind::Invalid, "invalid_cursor", detail)
    })
}

fn parse(text: &str) -> Option<SearchCursor> {
    let mut words = text.splitn(3, ' ');
    let distance = Millimetres(words.next()?.parse().ok()?);
    let id = BusinessId::parse(words.next()?).ok()?;
    Some(SearchCursor { distance, id, began: ReadToken::parse(words.next()?)? })
}

/// The name of what is walked over: where somebody is doesn't stand in it, only a digest.
fn list(query: &Query) -> String {
    let centre = query.circle().centre();
    let numbers = [
        centre.latitude().to_bits(),
        centre.longitude().to_bits(),
        query.circle().radius().0,
        query.open_when().map_or(0, |at| at.0 as u64),
        u64::from(query.open_when().is_some()),
        u64::from(query.category().is_some()),
    ];
    let category = query.category().map_or("", CategoryKey::as_str);
    let bytes = numbers.iter().flat_map(|number| number.to_le_bytes()).chain(category.bytes());
    format!("nearby/{:016x}", model::fnv1a(bytes))
}

#[cfg(test)]
mod tests {
    use model::{FeedPosition, Metres, Position, SeededRandom, Timestamp};

    use super::*;
    use crate::Limits;

    fn query(latitude: f64) -> Query {
        page(latitude, 20)
    }

    fn page(latitude: f64, limit: usize) -> Query {
        let centre = Position::new(latitude, -115.0).expect("on Earth");
        Query::new(centre, Metres(500.0), limit, &Limits::default()).expect("allowed")
    }

    fn cursor() -> SearchCursor {
        SearchCursor {
            distance: Millimetres(123_456),
            id: BusinessId::random(&SeededRandom::new(7)),
            began: ReadToken { timeline: 1 << 63, position: FeedPosition(99) },
        }
    }

    #[test]
    fn a_cursor_comes_back_to_its_query() {
        let text = encode(&cursor(), &query(36.0));
        assert_eq!(decode(&text, &query(36.0)), Ok(cursor()));
        let larger_pages = page(36.0, 100);
        assert_eq!(decode(&text, &larger_pages), Ok(cursor()));
    }

    #[test]
    fn other_queries_and_changed_cursors_are_refused() {
        let text = encode(&cursor(), &query(36.0));
        let category = CategoryKey::parse("Food").ok();
        for other in [
            query(36.000_001),
            query(36.0).of_category(category),
            query(36.0).open_at(Some(Timestamp(0))),
        ] {
            assert!(decode(&text, &other).is_err());
        }
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).expect("ASCII");
            assert!(decode(&changed, &query(36.0)).is_err(), "{changed}");
        }
        for last in ["", "1", "1 2 3", "-1 0000000000000 1.1", "1 0000000000000 1.1 1"] {
            let forged = Cursor::after(last).encode(&list(&query(36.0)));
            assert!(decode(&forged, &query(36.0)).is_err(), "{last}");
        }
    }
}
