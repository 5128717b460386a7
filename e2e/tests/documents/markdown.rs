//! Reads as much Markdown as the project's pages use.

/// The rows of the first table after this heading, cell by cell, without the table's head.
pub(crate) fn table(page: &str, heading: &str) -> Vec<Vec<String>> {
    let mut lines = page.lines().skip_while(|line| line.trim_start_matches('#').trim() != heading);
    assert!(lines.next().is_some(), "no heading \"{heading}\"");
    let section = lines.take_while(|line| !line.starts_with('#'));
    let table = section.skip_while(|line| !line.starts_with('|'));
    let rows = table.take_while(|line| line.starts_with('|')).skip(2);
    let rows: Vec<Vec<String>> = rows.map(cells).collect();
    assert!(!rows.is_empty(), "no table under \"{heading}\"");
    rows
}

fn cells(row: &str) -> Vec<String> {
    row.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
}

/// The words that stand in backquotes.
pub(crate) fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The text with every run of spaces and line ends as one space.
pub(crate) fn flowing(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The targets of all links outside of code.
pub(crate) fn links(page: &str) -> Vec<String> {
    let mut targets = Vec::new();
    for (n, prose) in page.split("```").enumerate() {
        if n % 2 == 1 {
            continue;
        }
        let pieces = prose.split("](").skip(1);
        targets.extend(pieces.filter_map(|piece| Some(piece.split_once(')')?.0.to_owned())));
    }
    targets
}

/// The anchors that the page's headings make.
pub(crate) fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    let slug = |heading: &str| {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(slug).collect()
}

#[test]
fn tables_quotes_links_and_anchors_are_found() {
    let page =
        "# A page\n\nsee [x](x.md#y)\n\n## Of `words`\n| a | b |\n|---|---|\n| `c` | d and `e` |\n";
    assert_eq!(table(page, "Of `words`"), [["`c`", "d and `e`"]]);
    assert_eq!(quoted("d and `e`, `f`"), ["e", "f"]);
    assert_eq!(links(page), ["x.md#y"]);
    assert_eq!(anchors(page), ["a-page", "of-words"]);
    assert_eq!(flowing("a\n  b"), "a b");
}
