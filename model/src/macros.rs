/// Makes an enum of reasons why something isn't done, each with its [`ErrorKind`](crate::ErrorKind), its word for programs
/// and its sentence for people, in which its fields can stand.
#[macro_export]
macro_rules! refusals {
    (
        $(#[$doc:meta])*
        $vis:vis enum $name:ident {$(
            $(#[$variant_doc:meta])*
            $variant:ident $({ $( $(#[$field_doc:meta])* $field:ident: $type:ty ),+ $(,)? })?
                = $kind:ident, $code:literal, $text:literal;
        )+}
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
        $vis enum $name {$(
            $(#[$variant_doc])*
            #[error($text)]
            $variant $({ $( $(#[$field_doc])* $field: $type ),+ })?,
        )+}

        impl $name {
            /// What kind of failure it is.
            $vis fn kind(self) -> $crate::ErrorKind {
                match self {
                    $( Self::$variant $({ $($field: _),+ })? => $crate::ErrorKind::$kind, )+
                }
            }

            /// The word for programs.
            $vis fn code(self) -> &'static str {
                match self {
                    $( Self::$variant $({ $($field: _),+ })? => $code, )+
                }
            }
        }

    };
}

/// Makes an enum of words: each variant with the word by which it is written down, in metrics, stores and on the wire.
#[macro_export]
macro_rules! words {
    (
        $(#[$doc:meta])*
        $vis:vis enum $name:ident {$(
            $(#[$variant_doc:meta])*
            $variant:ident = $word:literal,
        )+}
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        $vis enum $name {$(
            $(#[$variant_doc])*
            $variant,
        )+}

        impl $name {
            /// All of them.
            $vis const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word.
            $vis fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $word, )+
                }
            }

            /// Reads the word; `None` for any other.
            $vis fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.as_str() == word)
            }
        }
    };
}

/// Names of moments for [`crash::point`](crate::crash::point), and a list of all of them.
#[macro_export]
macro_rules! crash_points {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)+) => {
        $( $(#[$doc])* pub(super) const $name: &str = $word; )+

        /// All of them.
        pub const ALL: &[&str] = &[$($name),+];
    };
}
