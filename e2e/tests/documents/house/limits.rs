//! The README's limits are those of the settings, out of the box.

use crate::documents::markdown::{quoted, table};
use crate::documents::tree;

#[test]
fn the_readme_has_the_limits_that_are_in_force() {
    let settings: toml::Table = tree::read("server/default.toml").parse().expect("TOML");
    for row in table(&tree::read("README.md"), "Limits") {
        let [limit, shown, names] = &row[..] else { panic!("three cells: {row:?}") };
        let names = quoted(names);
        assert!(!names.is_empty() || row[2] == "fixed", "{limit}: say what sets it");
        for name in names {
            let (first, others) = name.split_once('.').expect("section.key");
            let section = settings.get(first);
            let value = others.split('.').fold(section, |within, key| within?.get(key));
            let value = value.and_then(toml::Value::as_integer);
            let value = value.unwrap_or_else(|| panic!("{limit}: there is no number {name}"));
            assert!(numbers(shown).contains(&value), "{limit}: {name} is {value}, not {shown}");
        }
    }
}

/// The whole numbers in a text, which may have commas between their thousands.
fn numbers(text: &str) -> Vec<i64> {
    let digits = text.replace(',', "");
    digits.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect()
}
