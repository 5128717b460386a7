//! Links on the project's pages lead somewhere.

use super::markdown::{anchors, links};
use super::tree;

const PAGES: [&str; 4] = ["README.md", "ARCHITECTURE.md", "PROTOCOL.md", "CHANGELOG.md"];

#[test]
fn links_within_the_project_lead_to_files_and_headings() {
    let mut lost = Vec::new();
    for name in PAGES.into_iter().filter(|name| tree::root().join(name).exists()) {
        for target in links(&tree::read(name)) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let path = if path.is_empty() { name } else { path };
            let file = tree::root().join(path);
            let is_page = file.extension().is_some_and(|ending| ending == "md");
            let leads = file.exists()
                && (anchor.is_empty()
                    || !is_page
                    || anchors(&tree::read(path)).iter().any(|a| a == anchor));
            if !leads {
                lost.push(format!("{name}: {target}"));
            }
        }
    }
    assert!(lost.is_empty(), "links that lead nowhere: {lost:#?}");
}

#[test]
fn every_crate_goes_into_the_container() {
    let root: toml::Table = tree::read("Cargo.toml").parse().expect("TOML");
    let let_through = tree::read(".dockerignore");
    for member in root["workspace"]["members"].as_array().expect("members") {
        let line = format!("!{}", member.as_str().expect("a name"));
        assert!(let_through.lines().any(|said| said == line), "{line} is missing in .dockerignore");
    }
}
