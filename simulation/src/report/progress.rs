use indicatif::{ProgressBar, ProgressStyle};

use crate::report::scene::{Observer, Scene, Stage};

/// Shows a bar on stderr; nothing where that is no terminal.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar that waits for its first stage.
    pub fn new() -> Self {
        let bar = ProgressBar::no_length();
        let style = ProgressStyle::with_template("{prefix:12} {bar:30} {pos}/{len} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar }
    }

    fn counted(&self, what: &'static str, done: usize, of: usize) {
        self.bar.set_prefix(what);
        self.bar.set_length(of as u64);
        self.bar.set_position(done as u64);
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Observer for Progress {
    fn stage(&self, stage: Stage) {
        match stage {
            Stage::Users { done, of } => self.counted("users", done, of),
            Stage::Friendships { done, of } => self.counted("friendships", done, of),
            Stage::Connecting { done, of } => self.counted("connecting", done, of),
            Stage::Running { duration } => {
                let seconds = duration.map_or(0, |duration| duration.as_secs() as usize);
                self.counted("seconds", 0, seconds);
                if duration.is_none() {
                    self.bar.unset_length();
                }
            }
            Stage::Closing => self.bar.finish_and_clear(),
        }
    }

    fn tick(&self, scene: &Scene<'_>) {
        self.bar.set_position(scene.elapsed.as_secs());
        let per_s = |count: u64| count as f64 / scene.lately_span.as_secs_f64().max(1e-3);
        self.bar.set_message(format!(
            "{} connected, {:.0} fixes/s, {:.0} pushes/s, p99 {:.1} ms, {} missed, {} wrong",
            scene.connected,
            per_s(scene.lately.fixes),
            per_s(scene.lately.pushes),
            scene.latency.p99_ms,
            scene.oracle.missed,
            scene.oracle.wrong,
        ));
    }
}
