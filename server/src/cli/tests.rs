use super::*;
use clap::CommandFactory;

/// Widths of terminals, columns.
const WIDTHS: [usize; 4] = [60, 80, 100, 120];
const WIDEST: usize = help::COLUMNS_MAX;

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

/// What `--help` of a command and of all below it prints, at a width.
fn helps(command: clap::Command, width: usize) -> Vec<String> {
    let below: Vec<_> = command.get_subcommands().cloned().collect();
    let own = command.term_width(width.min(WIDEST)).render_long_help().to_string();
    let own = help::with_broken_usage(&own, width.min(WIDEST));
    let below = below.into_iter().flat_map(|command| helps(command, width));
    std::iter::once(own).chain(below).collect()
}

#[test]
fn help_breaks_lines_between_words_and_only_where_the_next_one_does_not_fit() {
    for width in WIDTHS {
        let widest = width.min(WIDEST);
        for help in helps(Cli::command(), width) {
            let lines: Vec<_> = help.lines().collect();
            for pair in lines.windows(2) {
                let [line, next] = pair else { continue };
                let (words, first) = (line.trim(), next.split_whitespace().next());
                let is_wide = line.chars().count() > widest && words.contains(' ');
                assert!(!is_wide, "wider than {widest}: {line:?}");
                // A sentence that goes on where it might have gone on before.
                let goes_on = words.ends_with(|c: char| c.is_alphanumeric() || ",;`)".contains(c));
                let continues = |word: &str| {
                    word.starts_with(|c: char| c.is_lowercase() || "(`".contains(c))
                        && !word.starts_with("whereabouts")
                        && word != "duckdb"
                        && !word.ends_with(':')
                };
                let indent = |line: &str| line.len() - line.trim_start().len();
                let fits = first
                    .is_some_and(|word| line.chars().count() + 1 + word.chars().count() <= widest);
                let is_text = !words.starts_with(['-', '<'])
                    && !words.contains("  ")
                    && indent(line) == indent(next);
                let is_command =
                    ["whereabouts", "./", "duckdb"].iter().any(|it| words.starts_with(it));
                let is_broken =
                    goes_on && first.is_some_and(continues) && fits && is_text && !is_command;
                assert!(!is_broken, "at {width}: {line:?} and then {next:?}");
            }
        }
    }
}
