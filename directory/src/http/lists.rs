use api::{Cursor, Page, Problem};
use model::{ErrorKind, UserId};

use crate::{Directory, Entry, List};

/// The name of a user's list in a cursor.
pub(super) fn name(list: List, owner: &UserId) -> String {
    format!("{}/{owner}", list.as_str())
}

/// Reads a page, and the cursor of the next one if there is more.
pub(super) async fn read(
    directory: &Directory,
    list: List,
    owner: &UserId,
    page: &Page,
) -> Result<(Vec<Entry>, Option<String>), Problem> {
    let after = page.after.as_ref().map(|cursor| UserId::parse(cursor.last())).transpose();
    let after = after.map_err(|_| {
        Problem::new(ErrorKind::Invalid, "invalid_cursor", "cursor belongs to another list")
    })?;
    // One more than asked for tells whether there is more.
    let mut entries = directory.page(list, owner, after.as_ref(), page.limit + 1).await?;
    let more = entries.len() > page.limit;
    entries.truncate(page.limit);
    let end = entries.last().filter(|_| more);
    let next = end.map(|entry| Cursor::after(entry.other.as_str()).encode(&name(list, owner)));
    Ok((entries, next))
}
