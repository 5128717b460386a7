//! Where the program is.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The program to test instead of the one that is built with the tests.
const BINARY_VARIABLE: &str = "WHEREABOUTS_BIN";

/// Names the point at which the program of [`crashing_binary`] dies.
pub const CRASH_VARIABLE: &str = "WHEREABOUTS_CRASH_AT";

/// The program: the one that the environment names, or the one of this workspace, built as the tests are.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    let built = || build(&["--bin", "whereabouts"], "whereabouts");
    BINARY.get_or_init(|| std::env::var_os(BINARY_VARIABLE).map_or_else(built, PathBuf::from))
}

/// The same program, which dies at the named point of `model::crash` that the environment variable [`CRASH_VARIABLE`]
/// names.
pub fn crashing_binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    let words = ["--features", "crash-points", "--example", "crashing"];
    BINARY.get_or_init(|| build(&words, "examples/crashing"))
}

/// Tests of one package don't make cargo build the binaries of another.
fn build(what: &[&str], file: &str) -> PathBuf {
    let mut cargo = std::process::Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package", "server"]).args(what);
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    assert!(cargo.status().expect("cargo runs").success(), "the program can't be built");
    // The test lies in a folder beside it.
    let test = std::env::current_exe().expect("the test has a path");
    let folder = test.parent().and_then(Path::parent).expect("target/PROFILE/deps/TEST");
    folder.join(file)
}
