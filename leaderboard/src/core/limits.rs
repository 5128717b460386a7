//! How much of everything there may be; units last.

/// The most events of one request.
pub const EVENTS_MAX: usize = 256;
/// The most changes of one event; all of them happen or none.
pub const CHANGES_MAX: usize = 16;
/// The longest key of an event, characters.
pub const KEY_CHARS_MAX: usize = 255;
/// How long the key of an event is remembered after it came where nothing else is set, milliseconds: a day. An event that says
/// it happened earlier is refused, since it may have been counted.
pub const KEY_AGE_MS_DEFAULT: i64 = 24 * 60 * 60 * 1_000;
/// How long a log in a database keeps its rows where nothing else is set, milliseconds: a week.
pub const CHANGE_AGE_MS_DEFAULT: i64 = 7 * 24 * 60 * 60 * 1_000;
/// How far ahead of our clock an event may say that it happened, milliseconds.
pub const AHEAD_MS_MAX: i64 = 5 * 60 * 1_000;
/// The longest time for which a season takes events after its end, milliseconds: a day.
pub const GRACE_MS_MAX: i64 = 24 * 60 * 60 * 1_000;
/// The most seasons of a board that are kept after they ended.
pub const ARCHIVES_MAX: usize = 100;
/// The most rewards of a board.
pub const REWARDS_MAX: usize = 20;
/// The longest data of a reward, bytes of JSON.
pub const REWARD_BYTES_MAX: usize = 1_024;
/// The longest cron expression, characters.
pub const CRON_CHARS_MAX: usize = 255;
/// The most boards of a deployment.
pub const BOARDS_MAX: usize = 10_000;
/// The most players who ever were on a board in one of its seasons: memory has numbers for as many, whatever their ids.
pub const PLAYERS_MAX: u64 = 200_000_000;
/// The most players who are banned from one board.
pub const BANNED_MAX: usize = 100_000;
/// The standings on a page where the request doesn't say.
pub const STANDINGS_DEFAULT: usize = 10;
/// The most standings on a page.
pub const STANDINGS_MAX: usize = 100;
/// The neighbours above, and as many below, where the request doesn't say.
pub const AROUND_DEFAULT: usize = 4;
/// The most neighbours above, and as many below.
pub const AROUND_MAX: usize = 50;
/// The most players that one request names.
pub const USERS_MAX: usize = 100;
/// The most events that a log in memory remembers by their keys where nothing else is set. If it has as many it refuses new
/// ones until some are old enough, rather than forget a key that it promised to remember. Each takes about 120 bytes.
pub const KEYS_MAX_DEFAULT: usize = 10_000_000;
/// How long after an erasing the embedded log waits for others, before it takes the snapshot by which files lose the names,
/// milliseconds.
pub const ERASING_WAIT_MS: u64 = 60_000;
/// The size at which a segment of the embedded log is followed by another, bytes. A segment may be longer by one batch.
pub const SEGMENT_BYTES_MAX: u64 = 64 << 20;
/// How much the embedded log appends between two snapshots, bytes: with as much to read, a start takes a second longer.
pub const SNAPSHOT_BYTES: u64 = 128 << 20;
/// How much the embedded log appends between two snapshots, records.
pub const SNAPSHOT_RECORDS: u64 = 1_000_000;
/// The changes that a log keeps in memory for whoever follows it, of all boards together; each takes about 100 bytes.
pub const CHANGES_RECENT_MAX: usize = 262_144;
/// The players in one piece of a board's entries.
pub const STANDEES_MAX: usize = 4_096;
/// The players whom a verification looks at again because they differed; of more it only says how many.
pub const SUSPECTS_MAX: usize = 10_000;
