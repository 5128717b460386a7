use api::{Cursor, Problem};

use super::request::{invalid, whole};
use crate::{Board, BoardPosition, Entry};

/// The lists of players that have cursors. A board is told by its number: one that was made again under the same name is
/// another list.
pub(super) fn list(kind: &str, board: &Board) -> String {
    let standings = board.current();
    format!("{kind}/{}/{}", standings.board.0, standings.season)
}

/// Behind whoever has this entry.
pub(super) fn encode(after: Entry, list: &str) -> String {
    Cursor::after(format!("{},{}", after.score, after.reached.0)).encode(list)
}

/// Reads a cursor that must belong to `list`.
pub(super) fn decode(text: &str, list: &str) -> Result<Entry, Problem> {
    let cursor = Cursor::decode(text, list)?;
    let entry = cursor.last().split_once(',').and_then(|(score, reached)| {
        let (score, reached) = (score.parse().ok()?, BoardPosition(whole(reached)?));
        Some(Entry { score, reached })
    });
    entry.ok_or_else(|| invalid("invalid_cursor", "cursor is not one that this service gave"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went_and_belongs_to_its_list() {
        for (score, reached) in [(0, 1), (i64::MIN, u64::MAX), (i64::MAX, 0)] {
            let entry = Entry { score, reached: BoardPosition(reached) };
            let text = encode(entry, "scores/7/0");
            assert_eq!(decode(&text, "scores/7/0"), Ok(entry));
            assert!(decode(&text, "scores/8/0").is_err());
        }
        for last in ["", "1", "1,", ",1", "1,-1", "1,+1", "x,1", "1,2,3"] {
            let text = Cursor::after(last).encode("scores/7/0");
            assert!(decode(&text, "scores/7/0").is_err(), "{last}");
        }
    }
}
