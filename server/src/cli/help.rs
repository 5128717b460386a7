//! Help and usage errors as they are printed.

use std::io::Write;

use console::{Term, measure_text_width};

/// The widest that help becomes, columns.
pub(super) const COLUMNS_MAX: usize = 100;
/// What the library begins the line with that it doesn't break, and how far the lines after it are moved in.
const USAGE: &str = "Usage:";
const INDENT: &str = "    ";

/// Prints what the library says of a command line that it doesn't run, where it belongs.
pub(super) fn print(said: &clap::Error) {
    let to_error = said.use_stderr();
    let styled =
        if to_error { console::colors_enabled_stderr() } else { console::colors_enabled() };
    let rendered = said.render();
    let text = if styled { rendered.ansi().to_string() } else { rendered.to_string() };
    let text = with_broken_usage(&text, columns());
    // Whoever has hung up wants to read no more.
    let _ = if to_error {
        std::io::stderr().write_all(text.as_bytes())
    } else {
        std::io::stdout().write_all(text.as_bytes())
    };
}

/// As wide as the library takes the terminal to be.
fn columns() -> usize {
    let told = || std::env::var("COLUMNS").ok()?.parse().ok();
    let terminal = Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
    terminal.or_else(told).filter(|columns| *columns > 0).unwrap_or(COLUMNS_MAX).min(COLUMNS_MAX)
}

/// The library breaks no usage line, so terminals would, in the middle of words.
pub(super) fn with_broken_usage(text: &str, columns: usize) -> String {
    let mut broken = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if console::strip_ansi_codes(line).starts_with(USAGE) {
            break_line(line, columns, &mut broken);
        } else {
            broken.push_str(line);
        }
    }
    broken
}

fn break_line(line: &str, columns: usize, broken: &mut String) {
    let mut used = 0;
    for word in line.split_inclusive(' ') {
        let width = measure_text_width(word.trim_end());
        if used > 0 && used + width > columns {
            broken.truncate(broken.trim_end_matches(' ').len());
            broken.push('\n');
            broken.push_str(INDENT);
            used = INDENT.len();
        }
        broken.push_str(word);
        used += measure_text_width(word.trim_end_matches('\n'));
    }
}
