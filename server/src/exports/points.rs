//! Points of many users as Parquet files, a folder a day as analysts' tools expect them: `day=2026-11-27/part-0000.parquet`.
//!
//! A week is written at a time, user after user: its days are the only files that are open, and the rows that wait to be written
//! are bounded whatever there is ([`WEEK_ROWS_MAX`]). A day becomes visible when it is finished, by a rename.

mod columns;
mod day;
mod layout;
mod page;
mod schema;
#[cfg(test)]
mod tests;
mod week;

pub(crate) use day::DaySummary;
pub(crate) use layout::{Day, Folder};
pub(crate) use page::Page;
pub(crate) use week::{WEEK_ROWS_MAX, Week};
