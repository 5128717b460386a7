use std::fmt;
use std::sync::Arc;

use crate::core::catalogue::text::{LineError, check};
use crate::core::limits::CATEGORY_CHARS_MAX;

/// What a business is, in the words of whoever entered it: `Group / Kind`, or only a group.
///
/// Spaces around the first `/` don't matter, and for finding, capitals don't either.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Category(Arc<str>);

/// What a search for a category looks for: a category or a whole group, without capitals.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CategoryKey(String);

impl Category {
    /// Checks the text, and brings it into the form `Group / Kind`.
    pub fn parse(text: &str) -> Result<Self, LineError> {
        let whole = check(text, CATEGORY_CHARS_MAX)?;
        let Some((group, kind)) = whole.split_once('/') else { return Ok(Self(whole)) };
        match (group.trim(), kind.trim()) {
            ("", "") => Err(LineError::Blank),
            ("", only) | (only, "") => Self::parse(only),
            (group, kind) => check(&format!("{group} / {kind}"), CATEGORY_CHARS_MAX).map(Self),
        }
    }

    /// `Group / Kind`, or only the group.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `/`.
    pub fn group(&self) -> &str {
        self.as_str().split_once(" / ").map_or(self.as_str(), |(group, _)| group)
    }

    /// What finds exactly this category; of one without a kind, everything in the group.
    pub fn key(&self) -> CategoryKey {
        CategoryKey(self.as_str().to_lowercase())
    }

    /// What finds the whole group.
    pub fn group_key(&self) -> CategoryKey {
        CategoryKey(self.group().to_lowercase())
    }
}

impl CategoryKey {
    /// What a client asked for.
    pub fn parse(text: &str) -> Result<Self, LineError> {
        Category::parse(text).map(|category| category.key())
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// All that finds a business of these categories, each once, in order.
pub(crate) fn keys<'a>(categories: impl IntoIterator<Item = &'a Category>) -> Vec<CategoryKey> {
    let mut keys: Vec<_> = categories
        .into_iter()
        .flat_map(|category| [category.key(), category.group_key()])
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn category(text: &str) -> Category {
        Category::parse(text).expect(text)
    }

    #[test]
    fn one_category_has_one_form() {
        for text in ["Food / Thai", " Food/Thai ", "Food  /Thai"] {
            assert_eq!(category(text).as_str(), "Food / Thai");
        }
        assert_eq!(category("Food / "), category("Food"));
        assert_eq!(category("/ Food"), category("Food"));
        assert_eq!(category("A / B / C").group(), "A");
        for text in ["", " / ", "//", &"x".repeat(101), "x/\n"] {
            assert!(Category::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_form_of_a_category_is_its_own_form() {
        for text in ["a/b/c", "a//b", "/a/b", "a/ /b", "a", "/a//b/"] {
            let once = category(text);
            assert_eq!(category(once.as_str()), once, "{text}");
        }
    }

    #[test]
    fn a_group_finds_its_kinds() {
        let found = keys(&[category("Food / Thai"), category("food / Greek"), category("Bar")]);
        let words: Vec<_> = found.iter().map(CategoryKey::as_str).collect();
        assert_eq!(words, ["bar", "food", "food / greek", "food / thai"]);
        assert_eq!(CategoryKey::parse("FOOD"), Ok(category("food / Thai").group_key()));
    }
}
