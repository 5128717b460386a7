//! What lists of conformance are made of. A list is a macro of the part, which gives all of its cases to the one that is
//! named: [`conformance_tests!`](crate::conformance_tests) or [`conformance_cases!`](crate::conformance_cases).

use std::future::Future;
use std::pin::Pin;

/// A case of the list of those who test a `B`.
#[derive(Debug)]
pub struct Case<B: ?Sized> {
    /// What must hold, as the words of a sentence with `_` between.
    pub name: &'static str,
    /// Tries it, and panics if it doesn't hold.
    pub run: for<'a> fn(&'a B) -> Running<'a>,
}

/// A case that is being tried.
pub type Running<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Makes a test of every case: `conformance_tests!(directory::conformance_list, embedded, Embedded::new());` makes
/// `embedded::asking_twice_is_one_request` and so on. The expression is evaluated for each.
#[macro_export]
macro_rules! conformance_tests {
    ($part:ident::$list:ident, $adapter:ident, $backend:expr) => {
        mod $adapter {
            use super::*;
            $part::$list! { (sql::conformance_tests) $part ($backend) }
        }
    };
    (@ $part:tt ($backend:expr) $($topic:ident::$case:ident,)+) => {
        $(
            #[tokio::test]
            async fn $case() {
                $part::conformance::$topic::$case(&$backend).await;
            }
        )+
    };
}

/// All cases as a list of [`Case`](conformance::Case)s.
#[macro_export]
macro_rules! conformance_cases {
    (@ $part:tt () $($topic:ident::$case:ident,)+) => {
        &[$(
            $crate::conformance::Case {
                name: stringify!($case),
                run: |backend| Box::pin($part::conformance::$topic::$case(backend)),
            },
        )+]
    };
}
