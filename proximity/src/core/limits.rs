//! How much of everything there may be; units last.

/// The longest name, characters.
pub const NAME_CHARS_MAX: usize = 200;
/// The longest address, characters.
pub const ADDRESS_CHARS_MAX: usize = 500;
/// The longest phone number, characters.
pub const PHONE_CHARS_MAX: usize = 50;
/// The longest address of a site, characters.
pub const SITE_CHARS_MAX: usize = 500;
/// The longest category, characters.
pub const CATEGORY_CHARS_MAX: usize = 100;
/// The most categories of a business; the least is one.
pub const CATEGORIES_MAX: usize = 5;
/// The most attributes of a business.
pub const ATTRIBUTES_MAX: usize = 50;
/// The longest key of an attribute, characters.
pub const ATTRIBUTE_KEY_CHARS_MAX: usize = 50;
/// The longest value of an attribute, characters.
pub const ATTRIBUTE_VALUE_CHARS_MAX: usize = 500;
/// The most intervals in a week of opening hours: six a day.
pub const INTERVALS_MAX: usize = 42;
/// The longest source of imported places, and the longest id within one, characters.
pub const SOURCE_CHARS_MAX: usize = 100;
/// The longest idempotency key, characters.
pub const KEY_CHARS_MAX: usize = 255;
/// Keys, and removals, that are forgotten with each batch that brings some: more than it can bring.
pub const FORGOTTEN_MAX: u32 = 1_024;
/// How long a removal stays in the feed, and a category that no business has any more is known, milliseconds: a week.
pub const REMOVED_AGE_MS_MAX: i64 = 7 * 24 * 60 * 60 * 1_000;
/// How long an idempotency key is remembered, milliseconds: a day.
pub const KEY_AGE_MS_MAX: i64 = 24 * 60 * 60 * 1_000;
/// The results on a page where the request doesn't say.
pub const RESULTS_DEFAULT: usize = 20;
/// The most results on a page.
pub const RESULTS_MAX: usize = 100;

/// The largest radius that any deployment may allow, metres: up to here distances are exact to a centimetre.
pub(crate) const RADIUS_M_MAX: u32 = 100_000;

/// How far a search may reach, and how much one user may own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest radius of a search, metres; the smallest is 1.
    pub radius_m_max: u32,
    /// The radius of a search that names none, metres.
    pub radius_m_default: u32,
    /// Businesses per owner.
    pub owned_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { radius_m_max: 20_000, radius_m_default: 5_000, owned_max: 1_000 }
    }
}
