//! What decides knows nobody who does: no clock, lock, socket, task, database or wire format in a core.

use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree};

use super::CORES;
use super::tokens::{Kind, flatten};
use crate::documents::tree;

/// What of the standard library, and of `model`, isn't pure.
const IMPURE: [&str; 19] = [
    "std::sync::Mutex",
    "std::sync::RwLock",
    "std::sync::Condvar",
    "std::sync::Once",
    "std::sync::OnceLock",
    "std::sync::LazyLock",
    "std::sync::Barrier",
    "std::sync::mpsc",
    "std::sync::atomic",
    "std::fs",
    "std::io",
    "std::net",
    "std::thread",
    "std::process",
    "std::env",
    "std::os",
    "std::time",
    "model::SystemClock",
    "model::crash",
];

#[test]
fn cores_name_only_what_is_pure() {
    let files = tree::rust_files();
    let mut faults = Vec::new();
    for (part, core, pure) in CORES {
        let root = format!("{part}/src/{core}");
        let foreign = dependencies(part);
        let mut looked_at = 0;
        for (path, text) in &files {
            let Some(rest) = path.strip_prefix(&root) else { continue };
            if !(rest == ".rs" || rest.starts_with('/')) || is_test(rest) {
                continue;
            }
            looked_at += 1;
            let inner = rest.trim_end_matches(".rs").split('/').filter(|name| !name.is_empty());
            let depth = 1 + inner.count();
            let mut looker =
                Looker { core, pure, foreign: &foreign, depth, path, faults: &mut faults };
            looker.visit_file(&syn::parse_file(text).expect("Rust"));
        }
        assert!(looked_at > 1, "{root} is gone: where does {part} decide?");
    }
    assert!(
        faults.is_empty(),
        "a core decides, and names only itself, model, std without locks and I/O, and its pure crates; move the rest to the \
         store, the doors or the service: {faults:#?}"
    );
}

fn is_test(path: &str) -> bool {
    path.split('/').any(|name| name == "tests.rs" || name == "tests")
}

/// The crates that a part's manifest names, as they are called in code.
fn dependencies(part: &str) -> Vec<String> {
    let manifest: toml::Table = tree::read(&format!("{part}/Cargo.toml")).parse().expect("TOML");
    let tables = ["dependencies", "dev-dependencies"].into_iter();
    let names =
        tables.filter_map(|name| manifest.get(name)?.as_table()).flat_map(toml::Table::keys);
    names.map(|name| name.replace('-', "_")).chain(["std".to_owned(), "alloc".to_owned()]).collect()
}

struct Looker<'a> {
    core: &'a str,
    pure: &'a [&'a str],
    foreign: &'a [String],
    /// How many modules deep the file lies below the crate.
    depth: usize,
    path: &'a str,
    faults: &'a mut Vec<String>,
}

impl Looker<'_> {
    fn judge(&mut self, segments: &[String]) {
        let Some(first) = segments.first().map(String::as_str) else { return };
        let name = segments.join("::");
        let fits = match first {
            "crate" => segments.get(1).is_some_and(|second| second == self.core),
            "super" => {
                let ups = segments.iter().take_while(|segment| *segment == "super").count();
                ups < self.depth
            }
            "model" | "std" | "alloc" => !IMPURE.iter().any(|impure| {
                let within = |a: &str, b: &str| a == b || a.starts_with(&format!("{b}::"));
                // A module that is brought in whole brings what is impure in it.
                within(&name, impure) || (segments.len() > 1 && within(impure, &name))
            }),
            _ => !self.foreign.iter().any(|name| name == first) || self.pure.contains(&first),
        };
        if !fits {
            self.faults.push(format!("{}: {name}", self.path));
        }
    }

    fn judge_tree(&mut self, tree: &UseTree, before: &[String]) {
        let mut segments = before.to_vec();
        match tree {
            UseTree::Path(path) => {
                segments.push(path.ident.to_string());
                self.judge_tree(&path.tree, &segments);
            }
            UseTree::Name(name) if name.ident == "self" => self.judge(&segments),
            UseTree::Name(name) => {
                segments.push(name.ident.to_string());
                self.judge(&segments);
            }
            UseTree::Rename(name) => {
                segments.push(name.ident.to_string());
                self.judge(&segments);
            }
            UseTree::Glob(_) => self.judge(&segments),
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.judge_tree(tree, before));
            }
        }
    }
}

impl<'ast> Visit<'ast> for Looker<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes: &[Attribute] = match item {
            Item::Mod(module) => &module.attrs,
            Item::Fn(function) => &function.attrs,
            Item::Impl(block) => &block.attrs,
            Item::Use(tree) => &tree.attrs,
            _ => &[],
        };
        let for_tests = |attribute: &Attribute| {
            attribute.path().is_ident("cfg")
                && attribute.parse_args::<syn::Ident>().is_ok_and(|what| what == "test")
        };
        if !attributes.iter().any(for_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        self.depth += 1;
        visit::visit_item_mod(self, module);
        self.depth -= 1;
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.judge_tree(&item.tree, &[]);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<_> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        if segments.len() > 1 {
            self.judge(&segments);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        self.visit_path(&called.path);
        let mut tokens = Vec::new();
        flatten(called.tokens.clone(), &mut tokens);
        // A path ends where something else than `::` and a word follows.
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        let end = |path: &mut Vec<String>, looker: &mut Self| {
            if path.len() > 1 {
                looker.judge(path);
            }
            path.clear();
        };
        for token in tokens {
            match (token.kind, token.text.as_str()) {
                (Kind::Mark, ":") => colons += 1,
                (Kind::Word, word) => {
                    if colons != 2 {
                        end(&mut path, self);
                    }
                    path.push(word.to_owned());
                    colons = 0;
                }
                _ => {
                    end(&mut path, self);
                    colons = 0;
                }
            }
        }
        end(&mut path, self);
    }

    fn visit_expr_await(&mut self, _: &'ast syn::ExprAwait) {
        self.faults.push(format!("{}: waits for something", self.path));
    }
}
