//! What `--help` promises: every example of every command does what it says, as it is written, and help can be read on any terminal.

mod example;
mod world;

use e2e::process::binary;
use futures_util::future::join_all;

use example::{Example, examples};
use world::World;

/// What no test here runs: another does (`./test` plays the demo on a cluster), or it is another program's.
const ELSEWHERE: [&str; 2] = ["./cluster up", "duckdb "];

/// Widths of terminals, columns, and from which width on help grows no wider.
const WIDTHS: [usize; 4] = [40, 60, 80, 120];
const WIDEST: usize = 100;

/// What `--help` of a command says on a terminal of this width.
fn help(command: &[String], width: usize) -> String {
    let mut program = std::process::Command::new(binary());
    program.args(command).arg("--help").env("COLUMNS", width.to_string());
    let said = program.output().expect("the program runs");
    assert!(said.status.success(), "{command:?}: {said:?}");
    String::from_utf8(said.stdout).expect("text")
}

/// Every command with all below it, by the words that lead to it.
fn commands() -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    let mut at = 0;
    while let Some(command) = all.get(at).cloned() {
        let said = help(&command, WIDEST);
        let listed = said.split("\nCommands:\n").nth(1).unwrap_or_default();
        let names = listed.lines().take_while(|line| line.starts_with("  "));
        let names = names.filter(|line| !line.starts_with("   "));
        let names = names.filter_map(|line| line.split_whitespace().next());
        for name in names.filter(|name| *name != "help") {
            all.push(command.iter().cloned().chain([name.to_owned()]).collect());
        }
        at += 1;
    }
    all
}

#[tokio::test]
async fn every_example_runs_as_it_is_written() {
    let all: Vec<_> = commands().iter().map(|command| help(command, WIDEST)).collect();
    let all: Vec<Example> = all.iter().flat_map(|help| examples(help)).collect();
    let is_elsewhere = |it: &&Example| ELSEWHERE.iter().any(|begin| it.line.starts_with(begin));
    let examples: Vec<_> = all.iter().filter(|it| !is_elsewhere(it)).collect();
    assert!(examples.len() > 30 && all.len() > examples.len(), "{all:#?}");
    let world = World::start().await;
    // Those that make what others use come first, and those after them don't disturb each other.
    let mut left = examples;
    for turn in ["migrate", "import places", "import"] {
        let (now, later): (Vec<_>, Vec<_>) = left.into_iter().partition(|it| it.does(turn));
        left = later;
        assert!(!now.is_empty(), "no example of {turn}");
        if turn == "import" {
            world.serve().await;
        }
        for example in now {
            world.run(example).await;
        }
    }
    join_all(left.into_iter().map(|example| world.run(example))).await;
    world.end().await;
}

#[test]
fn help_fits_the_terminal_and_breaks_no_word() {
    for command in commands() {
        let whole: Vec<_> = words(&help(&command, WIDEST));
        for width in WIDTHS {
            let said = help(&command, width);
            for line in said.lines().filter(|line| line.chars().count() > width.min(WIDEST)) {
                // A word that is longer than the line, with what stands before it.
                let longest = line.split_whitespace().map(|word| word.chars().count()).max();
                let indent = line.chars().take_while(|c| *c == ' ').count();
                let room = width.saturating_sub(indent);
                let is_one = line.split_whitespace().count() == 1;
                assert!(
                    is_one || longest.is_some_and(|longest| longest >= room),
                    "{command:?} at {width}: {line:?}"
                );
            }
            assert_eq!(words(&said), whole, "{command:?} at {width}: the same words, unbroken");
        }
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
