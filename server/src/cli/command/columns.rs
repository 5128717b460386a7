//! Tables for people: whoever wants to parse them takes `--json`.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use console::Term;

/// A line below the headings and no others: rows are short.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// A table with these headings, as wide as the terminal; into a file or a pipe its lines are as long as they are.
pub(super) fn table<const N: usize>(headings: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_header(headings);
    let term = Term::stdout();
    if term.is_term() {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(term.size().1);
    }
    table
}

/// Aligns the columns of numbers.
pub(super) fn align_right(table: &mut Table, columns: impl IntoIterator<Item = usize>) {
    for column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}
