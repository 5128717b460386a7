use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Waits until whoever started it closes its input, or is gone without having done so (killed, or at its end with the
/// server in a static); then ends what runs in the folder, first politely, and removes the folder.
const WATCH: &str = r#"
trap '' HUP INT TERM
cat > /dev/null
signal=QUIT
for n in $(seq 200); do
    running=$(find /proc/[0-9]*/cwd -maxdepth 0 \( -lname "$1" -o -lname "$1/*" \) 2> /dev/null)
    [ -n "$running" ] || break
    [ "$n" -lt 100 ] || signal=KILL
    for cwd in $running; do
        id=${cwd#/proc/}
        kill -s $signal "${id%/cwd}"
    done
    sleep 0.05
done
rm -rf "$1"
"#;

/// A folder of its own for a server that runs in it. Dropped, both go.
pub(crate) struct ServerDir {
    path: PathBuf,
    watch: Child,
}

impl ServerDir {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("whereabouts-").tempdir();
        let path = folder.expect("a temporary folder").keep();
        let path = path.canonicalize().expect("it exists");
        let mut watch = Command::new("sh");
        watch.args(["-c", WATCH, "sh"]).arg(&path).current_dir("/");
        watch.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // What a terminal sends to the tests is not for it.
        let watch = watch.process_group(0).spawn().expect("a shell");
        Self { path, watch }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Ends what runs in the folder, and removes it.
    pub(crate) fn clear(&mut self) {
        drop(self.watch.stdin.take());
        // A test that panics already mustn't panic here too.
        let _ = self.watch.wait();
    }
}

impl Drop for ServerDir {
    fn drop(&mut self) {
        self.clear();
    }
}
