use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{Cursor, Problem, whole_parameter};

/// Items on a page where the request doesn't say.
pub const PAGE_LIMIT_DEFAULT: u16 = 50;
/// The most items on a page.
pub const PAGE_LIMIT_MAX: u16 = 500;

/// How many items a page may have: 1 … [`PAGE_LIMIT_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = u16, minimum = 1, maximum = 500, default = 50)]
pub struct Limit(u16);

impl Default for Limit {
    fn default() -> Self {
        Self(PAGE_LIMIT_DEFAULT)
    }
}

impl TryFrom<String> for Limit {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let number = whole_parameter(&text).and_then(|number| u16::try_from(number).ok());
        match number {
            Some(n) if (1..=PAGE_LIMIT_MAX).contains(&n) => Ok(Self(n)),
            _ => Err(format!("must be a whole number from 1 to {PAGE_LIMIT_MAX}")),
        }
    }
}

/// The parameters of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The most items to answer with.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before; absent for the first page.
    cursor: Option<String>,
}

impl PageQuery {
    /// The page of `list` that is asked for.
    pub fn page(&self, list: &str) -> Result<Page, Problem> {
        Page::new(self.limit, self.cursor.as_deref(), list)
    }
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The most items, 1 … [`PAGE_LIMIT_MAX`].
    pub limit: usize,
    /// The item behind which the page starts.
    pub after: Option<Cursor>,
}

impl Page {
    /// For lists with parameters of their own besides those of [`PageQuery`].
    pub fn new(limit: Option<Limit>, cursor: Option<&str>, list: &str) -> Result<Self, Problem> {
        let after = cursor.map(|text| Cursor::decode(text, list)).transpose()?;
        Ok(Self { limit: usize::from(limit.unwrap_or_default().0), after })
    }
}
