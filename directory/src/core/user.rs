use model::{Timestamp, UserId};

/// The longest display name, in Unicode scalar values: at most 400 bytes.
pub const NAME_CHARS_MAX: usize = 100;

/// What the directory knows of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Who.
    pub id: UserId,
    /// The name to show; the first [`NAME_CHARS_MAX`] characters of the id until one is given.
    pub name: DisplayName,
    /// The radius they chose, metres; `None` for the deployment's.
    pub radius_m: Option<u32>,
    /// When they were first seen.
    pub created: Timestamp,
}

/// A name for people to read: 1 … [`NAME_CHARS_MAX`] characters of any script, marks of direction included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayName(String);

/// Why a text is no display name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing, or only spaces.
    #[error("display_name is blank")]
    Blank,
    /// Over [`NAME_CHARS_MAX`].
    #[error("display_name is over {NAME_CHARS_MAX} characters")]
    TooLong,
    /// A control character, such as U+0000 or a line feed.
    #[error("display_name has a control character")]
    Control,
}

impl DisplayName {
    /// Checks the text.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.trim().is_empty() {
            return Err(NameError::Blank);
        }
        if text.chars().count() > NAME_CHARS_MAX {
            return Err(NameError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(NameError::Control);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name of somebody who gave none.
    pub fn of_id(id: &UserId) -> Self {
        Self(id.as_str().chars().take(NAME_CHARS_MAX).collect())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_id_is_a_name_too() {
        let id = UserId::parse(&"x".repeat(128)).expect("an id");
        let name = DisplayName::of_id(&id);
        assert_eq!(DisplayName::parse(name.as_str()), Ok(name));
    }

    #[test]
    fn names_of_any_script_are_taken() {
        for ok in ["A", "\u{200f}\u{5d0}\u{5d1}", "山田 太郎", "👩‍👩‍👧", &"é".repeat(NAME_CHARS_MAX)]
        {
            assert_eq!(DisplayName::parse(ok).expect(ok).as_str(), ok);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let emoji = "😀".repeat(2_560);
        for (text, fault) in [
            ("", NameError::Blank),
            (" \u{3000}", NameError::Blank),
            (emoji.as_str(), NameError::TooLong),
            ("a\0b", NameError::Control),
            ("a\nb", NameError::Control),
            ("a\u{9f}", NameError::Control),
        ] {
            assert_eq!(DisplayName::parse(text), Err(fault));
        }
    }
}
