//! Tables for people: whoever wants to parse them takes `--json`.

use std::ops::Range;

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use console::Term;

/// A line below the headings and no others: rows are short.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// A table with these headings, as wide as the terminal; into a file or a pipe its lines are as long as they are. The
/// columns `right` are of numbers.
pub(super) fn table<const N: usize>(
    headings: [&str; N],
    right: Range<usize>,
    rows: impl IntoIterator<Item = [String; N]>,
) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_header(headings).add_rows(rows);
    let term = Term::stdout();
    if term.is_term() {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(term.size().1);
    }
    for column in table.column_iter_mut().take(right.end).skip(right.start) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
