//! The examples of a help text.

/// A command line that a help text shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Example {
    pub(super) line: String,
}

/// What examples begin with.
const BEGINNINGS: [&str; 3] = ["whereabouts ", "./", "duckdb "];

/// All of a text: lines that stand apart and begin with a program. What is quoted may go on in the next line.
pub(super) fn examples(help: &str) -> Vec<Example> {
    let mut found = Vec::new();
    let mut lines = help.lines();
    while let Some(line) = lines.next() {
        let text = line.trim();
        let is_apart = line.starts_with("  ") && !line.starts_with("   ");
        if !is_apart || !BEGINNINGS.iter().any(|begin| text.starts_with(begin)) {
            continue;
        }
        let mut line = text.to_owned();
        while line.matches('"').count() % 2 == 1 {
            let Some(more) = lines.next() else { break };
            line = format!("{line} {}", more.trim());
        }
        found.push(Example { line });
    }
    found
}

impl Example {
    /// Whether it is of this command.
    pub(super) fn does(&self, command: &str) -> bool {
        self.line.strip_prefix("whereabouts ").is_some_and(|rest| {
            rest.strip_prefix(command).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        })
    }

    /// Whether it goes on until it is ended.
    pub(super) fn serves(&self) -> bool {
        self.does("serve") || self.does("demo") && !self.line.contains("--for")
    }
}

#[test]
fn examples_are_told_from_prose() {
    let help = "Does it.\n\nExamples:\n  whereabouts a --b c\n      that way\n  x -c \"y\n\n  duckdb -c \"one\n  two\"\n    whereabouts z";
    let lines: Vec<_> = examples(help).into_iter().map(|it| it.line).collect();
    assert_eq!(lines, ["whereabouts a --b c", "duckdb -c \"one two\""]);
}
