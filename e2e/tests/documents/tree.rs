//! The project's files, as they would be committed.

use std::path::{Path, PathBuf};

/// What holds what is built, installed or stored, never what is written. In a second working tree `.git` is a file.
const PASSED_OVER: [&str; 5] =
    [".git", "target", "node_modules", "whereabouts-data", "__pycache__"];

/// The project's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace")
}

/// A file of the project, by its path from the root.
pub(crate) fn read(path: &str) -> String {
    let whole = root().join(path);
    std::fs::read_to_string(&whole).unwrap_or_else(|e| panic!("{}: {e}", whole.display()))
}

/// Every text file, by its path from the root, with what it says.
pub(crate) fn texts() -> Vec<(String, String)> {
    let mut texts = Vec::new();
    collect(root(), &mut texts);
    texts.sort();
    texts
}

/// Every file of Rust.
pub(crate) fn rust_files() -> Vec<(String, String)> {
    let is_rust = |path: &str| Path::new(path).extension().is_some_and(|ending| ending == "rs");
    texts().into_iter().filter(|(path, _)| is_rust(path)).collect()
}

fn collect(folder: &Path, texts: &mut Vec<(String, String)>) {
    let entries = std::fs::read_dir(folder).expect("a readable folder");
    for entry in entries {
        let path: PathBuf = entry.expect("a readable folder").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if PASSED_OVER.contains(&name) {
            continue;
        }
        if path.is_dir() {
            collect(&path, texts);
            continue;
        }
        // What isn't text, such as data, or was there only for a moment, says nothing.
        if let Ok(text) = std::fs::read_to_string(&path) {
            let from_root = path.strip_prefix(root()).expect("a path below the root");
            texts.push((from_root.to_string_lossy().into_owned(), text));
        }
    }
}
