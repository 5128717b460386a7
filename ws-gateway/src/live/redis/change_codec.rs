//! How a change of circles travels, on the channels of the users whose circles change; all numbers big-endian.
//!
//! | bytes | |
//! |---|---|
//! | 1 | 2: this layout, where a position has 1 |
//! | 8 | the feed's timeline |
//! | 8 | the change's position in it |
//! | 1 | 0 these two may not see each other any more, 1 they may, 2 a radius, 3 what one is shown of another, 4 a name |
//! | 1 + n | the user with the smaller id, or whose radius or name it is, or who is shown it: the length, then the characters |
//! | 1 + n, 4 or 0 | the other user; or the radius, metres, 0 for the deployment's; or nothing |
//!
//! A kind that isn't known is of a newer gateway, and passed over: whoever knows nothing of it needs nothing of it.

use bytes::Buf as _;
use model::{FeedPosition, ReadToken, UserId};

use crate::session::circle::{CircleChange, CircleEdit};

/// What a message begins with that isn't a position.
const LAYOUT: u8 = 2;

const PARTED: u8 = 0;
const FRIENDS: u8 = 1;
const RADIUS: u8 = 2;
const STANDING: u8 = 3;
const NAME: u8 = 4;

/// Whether a message is a change of circles.
pub(super) fn is_change(bytes: &[u8]) -> bool {
    bytes.first() == Some(&LAYOUT)
}

/// Lays a change out.
pub(super) fn encode(change: &CircleChange) -> Vec<u8> {
    let mut out = Vec::with_capacity(160);
    out.push(LAYOUT);
    out.extend(change.as_of.timeline.to_be_bytes());
    out.extend(change.as_of.position.0.to_be_bytes());
    let text = |out: &mut Vec<u8>, user: &UserId| {
        out.push(user.as_str().len() as u8);
        out.extend(user.as_str().as_bytes());
    };
    match &change.edit {
        CircleEdit::Pair { low, high, friends } => {
            out.push(if *friends { FRIENDS } else { PARTED });
            text(&mut out, low);
            text(&mut out, high);
        }
        CircleEdit::Radius { user, radius_m } => {
            out.push(RADIUS);
            text(&mut out, user);
            // Nobody looks 0 m far.
            out.extend(radius_m.unwrap_or(0).to_be_bytes());
        }
        CircleEdit::Shown(user, other) => {
            out.push(STANDING);
            text(&mut out, user);
            text(&mut out, other);
        }
        CircleEdit::Renamed(user) => {
            out.push(NAME);
            text(&mut out, user);
        }
    }
    out
}

/// Reads a change; none if the bytes aren't one.
pub(super) fn decode(bytes: &[u8]) -> Option<CircleChange> {
    let mut rest = bytes.strip_prefix(&[LAYOUT])?;
    let timeline = rest.try_get_u64().ok()?;
    let position = rest.try_get_u64().ok()?;
    let kind = rest.try_get_u8().ok()?;
    let one = user(&mut rest)?;
    let edit = match kind {
        PARTED | FRIENDS => {
            CircleEdit::Pair { low: one, high: user(&mut rest)?, friends: kind == FRIENDS }
        }
        RADIUS => {
            let radius_m = rest.try_get_u32().ok()?;
            CircleEdit::Radius { user: one, radius_m: (radius_m > 0).then_some(radius_m) }
        }
        STANDING => CircleEdit::Shown(one, user(&mut rest)?),
        NAME => CircleEdit::Renamed(one),
        _ => return None,
    };
    rest.is_empty().then_some(CircleChange {
        as_of: ReadToken { timeline, position: FeedPosition(position) },
        edit,
    })
}

fn user(rest: &mut &[u8]) -> Option<UserId> {
    let length = rest.try_get_u8().ok()?;
    let (some, others) = rest.split_at_checked(length.into())?;
    *rest = others;
    UserId::parse(std::str::from_utf8(some).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(name: &str) -> UserId {
        UserId::parse(name).expect("a valid id")
    }

    fn change(edit: CircleEdit) -> CircleChange {
        CircleChange {
            as_of: ReadToken { timeline: 0x0102_0304_0506_0708, position: FeedPosition(9) },
            edit,
        }
    }

    #[test]
    fn the_layout_is_frozen() {
        let head = b"\x02\x01\x02\x03\x04\x05\x06\x07\x08\x00\x00\x00\x00\x00\x00\x00\x09";
        let pair = CircleEdit::Pair { low: id("a"), high: id("bob"), friends: true };
        assert_eq!(encode(&change(pair)), [&head[..], b"\x01\x01a\x03bob"].concat());
        let radius = CircleEdit::Radius { user: id("a"), radius_m: Some(500) };
        assert_eq!(encode(&change(radius)), [&head[..], b"\x02\x01a\x00\x00\x01\xf4"].concat());
        let standing = CircleEdit::Shown(id("bob"), id("a"));
        assert_eq!(encode(&change(standing)), [&head[..], b"\x03\x03bob\x01a"].concat());
        let name = CircleEdit::Renamed(id("a"));
        assert_eq!(encode(&change(name)), [&head[..], b"\x04\x01a"].concat());
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(
            timeline in any::<u64>(), position in any::<u64>(), low in "[!$(-.0-9:-@A-Z_a-z{|}~]{1,128}", high in "[a-z@|:]{1,128}",
            kind in 0..5u8, radius_m in proptest::option::of(1..50_000u32),
        ) {
            prop_assume!(UserId::parse(&low).is_ok() && high != "me");
            let (low, high) = (id(&low), id(&high));
            let edit = match kind {
                2 => CircleEdit::Radius { user: low, radius_m },
                3 => CircleEdit::Shown(low, high),
                4 => CircleEdit::Renamed(low),
                _ => CircleEdit::Pair { low, high, friends: kind == 1 },
            };
            let whole = CircleChange { as_of: ReadToken { timeline, position: FeedPosition(position) }, edit };
            let bytes = encode(&whole);
            prop_assert!(is_change(&bytes));
            prop_assert_eq!(decode(&bytes), Some(whole.clone()));
            prop_assert_eq!(decode(&bytes[..bytes.len() - 1]), None);
        }

        #[test]
        fn bytes_of_others_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = decode(&bytes);
        }
    }
}
