use std::collections::HashMap;

use model::{FeedPosition, ReadToken, Timestamp, UserId, ViewerClass};
use sql::{Columns, damaged, missing};

use crate::core::pair::Pair;
use crate::core::transaction_state::{self, Tally};
use crate::{CircleChange, CircleEdit, DisplayName, Entry, Friend, Relation, StoredCircle, User};

fn text<'a>(row: &'a impl Columns, column: &str) -> Result<&'a str, sqlx::Error> {
    row.text(column)?.ok_or_else(|| missing(column))
}

fn id(row: &impl Columns, column: &str) -> Result<UserId, sqlx::Error> {
    UserId::parse(text(row, column)?).map_err(damaged)
}

fn name(row: &impl Columns, column: &str) -> Result<DisplayName, sqlx::Error> {
    DisplayName::parse(text(row, column)?).map_err(damaged)
}

fn time(row: &impl Columns, column: &str) -> Result<Timestamp, sqlx::Error> {
    row.number(column)?.map(Timestamp).ok_or_else(|| missing(column))
}

fn small(row: &impl Columns, column: &str) -> Result<Option<u32>, sqlx::Error> {
    row.number(column)?.map(u32::try_from).transpose().map_err(damaged)
}

/// A user: `id`, `display_name`, `radius_m`, `created_ms`.
pub(crate) fn user(row: &impl Columns) -> Result<User, sqlx::Error> {
    Ok(User {
        id: id(row, "id")?,
        name: name(row, "display_name")?,
        radius_m: small(row, "radius_m")?,
        created: time(row, "created_ms")?,
    })
}

/// The users of `ids`, found in any order, in the order of `ids`.
pub(crate) fn users(
    ids: &[UserId],
    rows: &[impl Columns],
) -> Result<Vec<Option<User>>, sqlx::Error> {
    let found: HashMap<UserId, User> = rows
        .iter()
        .map(|row| user(row).map(|user| (user.id.clone(), user)))
        .collect::<Result<_, _>>()?;
    Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
}

/// A relation: `friend`, `asked`, `asked_by`, `blocks`, `blocked_by`.
fn relation(row: &impl Columns) -> Result<Relation, sqlx::Error> {
    Ok(Relation {
        friend: row.flag("friend")?,
        asked: row.flag("asked")?,
        asked_by: row.flag("asked_by")?,
        blocks: row.flag("blocks")?,
        blocked_by: row.flag("blocked_by")?,
    })
}

/// As many relations, each from the row whose `place` is its index; nothing where there is no row.
pub(crate) fn relations(count: usize, rows: &[impl Columns]) -> Result<Vec<Relation>, sqlx::Error> {
    let mut all = vec![Relation::default(); count];
    for row in rows {
        let index = row.number("place")?.and_then(|place| usize::try_from(place).ok());
        if let Some(place) = index.and_then(|index| all.get_mut(index)) {
            *place = relation(row)?;
        }
    }
    Ok(all)
}

/// A pair: `owner`, `other`, how the owner stands to the other, `since_ms` and `their_since_ms`.
pub(crate) fn pair(row: &impl Columns) -> Result<(Pair, transaction_state::Row), sqlx::Error> {
    let pair = Pair::new(&id(row, "owner")?, &id(row, "other")?)
        .ok_or_else(|| damaged("somebody is related to themself"))?;
    let found = transaction_state::Row {
        relation: relation(row)?,
        since_low: time(row, "since_ms")?,
        since_high: time(row, "their_since_ms")?,
    };
    Ok((pair, found))
}

/// How many of each somebody has: `id`, `friends`, `outgoing`, `blocks`.
pub(crate) fn tally(row: &impl Columns) -> Result<(UserId, Tally), sqlx::Error> {
    let count = |column| small(row, column).map(Option::unwrap_or_default);
    let tally = Tally {
        friends: count("friends")?,
        outgoing: count("outgoing")?,
        blocks: count("blocks")?,
    };
    Ok((id(row, "id")?, tally))
}

/// An item of a list: `other`, `name`, `since_ms`.
pub(crate) fn entry(row: &impl Columns) -> Result<Entry, sqlx::Error> {
    Ok(Entry { other: id(row, "other")?, name: name(row, "name")?, since: time(row, "since_ms")? })
}

/// As many circles, and the state of the feed, from one statement, so that all of it comes from the same moment. Every
/// row has the state, `history` and `head`, and there is at least one. The row whose `place` is a circle's index has the
/// circle: `exists`, `radius_m`, and in `friends` their ids with blanks between, which no id has.
pub(crate) fn circles(
    count: usize,
    rows: &[impl Columns],
) -> Result<(ReadToken, Vec<StoredCircle>), sqlx::Error> {
    let state = sql::read_token(rows.first().ok_or(sqlx::Error::RowNotFound)?)?;
    let mut all = vec![StoredCircle::default(); count];
    for row in rows {
        let index = row.number("place")?.and_then(|place| usize::try_from(place).ok());
        if let Some(place) = index.and_then(|index| all.get_mut(index)) {
            *place = circle(row)?;
        }
    }
    Ok((state, all))
}

fn circle(row: &impl Columns) -> Result<StoredCircle, sqlx::Error> {
    let ids = row.text("friends")?.unwrap_or_default().split(' ').filter(|id| !id.is_empty());
    let ids = ids.map(|id| UserId::parse(id).map_err(damaged));
    let friends = ids.map(|id| Ok(Friend { id: id?, class: ViewerClass::Precise }));
    let mut friends: Vec<Friend> = friends.collect::<Result<_, sqlx::Error>>()?;
    friends.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    Ok(StoredCircle { exists: row.flag("exists")?, radius_m: small(row, "radius_m")?, friends })
}

/// The column `kind` of a change of a pair.
const PAIR: &str = "pair";
/// The column `kind` of a change of a radius.
const RADIUS: &str = "radius";
/// The column `kind` of a change of what somebody is shown of another.
const STANDING: &str = "standing";
/// The column `kind` of a change of a name.
const NAME: &str = "name";

/// A row of `changes`, but for its position and time.
pub(crate) struct EditRow<'a> {
    pub(crate) kind: &'static str,
    /// The low one of a pair, or whose radius or name it is, or who is shown something of `b`.
    pub(crate) a: &'a str,
    /// The other one, if there is one: the high one of a pair.
    pub(crate) b: Option<&'a str>,
    pub(crate) class: Option<&'static str>,
    pub(crate) radius_m: Option<i64>,
}

impl<'a> EditRow<'a> {
    pub(crate) fn new(edit: &'a CircleEdit) -> Self {
        let row = |kind, a: &'a UserId, b: Option<&'a UserId>| Self {
            kind,
            a: a.as_str(),
            b: b.map(UserId::as_str),
            class: None,
            radius_m: None,
        };
        match edit {
            CircleEdit::Pair { low, high, class } => {
                let class = class.map(ViewerClass::as_str);
                Self { class, ..row(PAIR, low, Some(high)) }
            }
            CircleEdit::Radius { user, radius_m } => {
                Self { radius_m: radius_m.map(i64::from), ..row(RADIUS, user, None) }
            }
            CircleEdit::Standing { user, other } => row(STANDING, user, Some(other)),
            CircleEdit::Name { user } => row(NAME, user, None),
        }
    }
}

/// The state of the feed, and changes, from one statement. Every row has the state, `history` and `head`, and there is at
/// least one; those with a `position` have a change, in order: `kind`, `a`, `b`, `class`, `radius_m`.
pub(crate) fn changes(
    rows: &[impl Columns],
) -> Result<(ReadToken, Vec<CircleChange>), sqlx::Error> {
    let state = sql::read_token(rows.first().ok_or(sqlx::Error::RowNotFound)?)?;
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(position) = row.number("position")? {
            let position = FeedPosition(u64::try_from(position).map_err(damaged)?);
            all.push(CircleChange { position, what: edit(row)? });
        }
    }
    Ok((state, all))
}

fn edit(row: &impl Columns) -> Result<CircleEdit, sqlx::Error> {
    match text(row, "kind")? {
        PAIR => {
            Ok(CircleEdit::Pair { low: id(row, "a")?, high: id(row, "b")?, class: class(row)? })
        }
        RADIUS => Ok(CircleEdit::Radius { user: id(row, "a")?, radius_m: small(row, "radius_m")? }),
        STANDING => Ok(CircleEdit::Standing { user: id(row, "a")?, other: id(row, "b")? }),
        NAME => Ok(CircleEdit::Name { user: id(row, "a")? }),
        other => Err(damaged(format!("a change of the kind {other} isn't known"))),
    }
}

fn class(row: &impl Columns) -> Result<Option<ViewerClass>, sqlx::Error> {
    match row.text("class")? {
        None => Ok(None),
        Some(word) if word == ViewerClass::Precise.as_str() => Ok(Some(ViewerClass::Precise)),
        Some(other) => Err(damaged(format!("the class {other} isn't known"))),
    }
}

/// The state of the feed, `history` and `head`, and the clock, `now_ms`.
pub(crate) fn state(row: &impl Columns) -> Result<(ReadToken, Timestamp), sqlx::Error> {
    Ok((sql::read_token(row)?, time(row, "now_ms")?))
}

/// A row of `relations`: one of the two directions of a pair.
pub(crate) struct Directed<'a> {
    pub(crate) owner: &'a str,
    pub(crate) other: &'a str,
    pub(crate) relation: Relation,
    pub(crate) since_ms: i64,
}

/// What pairs become in `relations`, both directions of each.
#[derive(Default)]
pub(crate) struct Directions<'a> {
    /// Rows to be as they are here.
    pub(crate) standing: Vec<Directed<'a>>,
    /// Owner and other of rows that go.
    pub(crate) gone: Vec<(&'a str, &'a str)>,
}

impl<'a> Directions<'a> {
    pub(crate) fn new(pairs: &'a [(Pair, transaction_state::Row)]) -> Self {
        let mut directions = Self::default();
        for (pair, row) in pairs {
            let (low, high) = (pair.low.as_str(), pair.high.as_str());
            if row.relation.is_nothing() {
                directions.gone.extend([(low, high), (high, low)]);
                continue;
            }
            let directed = |owner, other, relation, since: Timestamp| Directed {
                owner,
                other,
                relation,
                since_ms: since.0,
            };
            directions.standing.extend([
                directed(low, high, row.relation, row.since_low),
                directed(high, low, row.relation.mirror(), row.since_high),
            ]);
        }
        directions
    }
}
