use std::error::Error;

use model::{FeedPosition, ReadToken};
use sqlx::{ColumnIndex, Decode, Row, Type};

/// A row of either database: what is read of it is said once for both.
///
/// Errs if there is no such column, or something else is in it.
pub trait Columns {
    /// A text.
    fn text(&self, column: &str) -> Result<Option<&str>, sqlx::Error>;
    /// Whether something holds.
    fn flag(&self, column: &str) -> Result<bool, sqlx::Error>;
    /// An integer.
    fn number(&self, column: &str) -> Result<Option<i64>, sqlx::Error>;
    /// A fraction, such as degrees.
    fn fraction(&self, column: &str) -> Result<f64, sqlx::Error>;
}

impl<R> Columns for R
where
    R: Row,
    for<'a> &'a str: ColumnIndex<R> + Decode<'a, R::Database> + Type<R::Database>,
    for<'a> bool: Decode<'a, R::Database> + Type<R::Database>,
    for<'a> f64: Decode<'a, R::Database> + Type<R::Database>,
    for<'a> i64: Decode<'a, R::Database> + Type<R::Database>,
{
    fn text(&self, column: &str) -> Result<Option<&str>, sqlx::Error> {
        self.try_get(column)
    }

    fn flag(&self, column: &str) -> Result<bool, sqlx::Error> {
        self.try_get(column)
    }

    fn number(&self, column: &str) -> Result<Option<i64>, sqlx::Error> {
        self.try_get(column)
    }

    fn fraction(&self, column: &str) -> Result<f64, sqlx::Error> {
        self.try_get(column)
    }
}

/// The state of a feed as it is stored: `history`, the number of its timeline, and `head`.
pub fn read_token(row: &impl Columns) -> Result<ReadToken, sqlx::Error> {
    let number = |column| row.number(column)?.ok_or_else(|| missing(column));
    let position = u64::try_from(number("head")?).map_err(damaged)?;
    Ok(ReadToken { timeline: number("history")? as u64, position: FeedPosition(position) })
}

/// That what is stored can't be, and why.
pub fn damaged(error: impl Into<Box<dyn Error + Send + Sync>>) -> sqlx::Error {
    sqlx::Error::Decode(error.into())
}

/// That nothing is stored where something must be.
pub fn missing(column: &str) -> sqlx::Error {
    damaged(format!("{column} is missing"))
}
