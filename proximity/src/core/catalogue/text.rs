use std::sync::Arc;

/// Why a text is no line of its kind: 1 … so many characters of any script, not only spaces, no control characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// Nothing, or only spaces.
    #[error("is blank")]
    Blank,
    /// More characters than these.
    #[error("is over {0} characters")]
    TooLong(usize),
    /// A control character, such as U+0000 or a line feed.
    #[error("has a control character")]
    Control,
}

/// Checks a line of up to `max` characters, and leaves the spaces at its ends out.
pub(crate) fn check(text: &str, max: usize) -> Result<Arc<str>, LineError> {
    if text.chars().any(char::is_control) {
        return Err(LineError::Control);
    }
    let text = text.trim();
    match text.chars().count() {
        0 => Err(LineError::Blank),
        count if count > max => Err(LineError::TooLong(max)),
        _ => Ok(Arc::from(text)),
    }
}

/// Makes a type of lines of up to so many characters.
macro_rules! line {
    ($(#[$doc:meta])* $name:ident, $max:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// Checks the text, and leaves the spaces at its ends out.
            pub fn parse(text: &str) -> Result<Self, $crate::core::catalogue::text::LineError> {
                $crate::core::catalogue::text::check(text, $max).map(Self)
            }

            /// The line as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(&*self.0, f)
            }
        }
    };
}

pub(crate) use line;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_any_script_are_taken_without_the_spaces_around_them() {
        for ok in ["A", "\u{200f}\u{5d0}\u{5d1}", "山田 太郎", "김밥천국", &"é".repeat(20)]
        {
            assert_eq!(&*check(&format!(" {ok}\u{3000}"), 20).expect(ok), ok);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for (text, fault) in [
            ("", LineError::Blank),
            (" \u{3000}", LineError::Blank),
            (&"😀".repeat(2_560) as &str, LineError::TooLong(20)),
            (&"é".repeat(21), LineError::TooLong(20)),
            ("a\0b", LineError::Control),
            ("a\nb", LineError::Control),
            ("a\n", LineError::Control),
        ] {
            assert_eq!(check(text, 20), Err(fault), "{text:?}");
        }
    }
}
