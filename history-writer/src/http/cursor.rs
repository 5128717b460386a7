use api::{Cursor, Problem};
use model::{DeviceId, Timestamp, UserId, Version};

use super::invalid;
use crate::Direction;

/// The list that a cursor belongs to.
fn list(user: &UserId, direction: Direction) -> String {
    let order = match direction {
        Direction::Ascending => "asc",
        Direction::Descending => "desc",
    };
    format!("track/{order}/{user}")
}

/// Behind the point of this version.
pub(super) fn encode(after: &Version, user: &UserId, direction: Direction) -> String {
    let Version { effective, device, seq } = after;
    Cursor::after(format!("{},{seq},{device}", effective.0)).encode(&list(user, direction))
}

/// Reads a cursor of this user's track in this order.
pub(super) fn decode(text: &str, user: &UserId, direction: Direction) -> Result<Version, Problem> {
    let cursor = Cursor::decode(text, &list(user, direction))?;
    let mut parts = cursor.last().splitn(3, ',');
    let version = (|| {
        let effective = Timestamp(parts.next()?.parse().ok()?);
        let seq = parts.next()?.parse().ok()?;
        Some(Version { effective, device: DeviceId::parse(parts.next()?).ok()?, seq })
    })();
    version.ok_or_else(|| invalid("invalid_cursor", "cursor is not one that this service gave"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went_and_belongs_to_its_track() {
        let (ann, bob) = ("ann", "bob");
        let [ann, bob] = [ann, bob].map(|name| UserId::parse(name).expect("a user"));
        for (effective, seq) in [(0, 0), (i64::MIN, u64::MAX), (i64::MAX, 1)] {
            let device = DeviceId::parse("phone").expect("a device");
            let version = Version { effective: Timestamp(effective), device, seq };
            let text = encode(&version, &ann, Direction::Ascending);
            assert_eq!(decode(&text, &ann, Direction::Ascending), Ok(version));
            for foreign in [
                decode(&text, &bob, Direction::Ascending),
                decode(&text, &ann, Direction::Descending),
            ] {
                assert_eq!(foreign.expect_err("another list").code(), "invalid_cursor");
            }
        }
        for last in ["", "1", "1,1", "1,-1,phone", "x,1,phone", "1,1,"] {
            let text = Cursor::after(last).encode(&list(&ann, Direction::Ascending));
            assert!(decode(&text, &ann, Direction::Ascending).is_err(), "{last}");
        }
    }
}
