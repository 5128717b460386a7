use crate::cli::say;
use std::fmt::Write as _;
use std::time::Duration;

use console::{Term, style, truncate_str};
use parking_lot::Mutex;
use simulation::{Coming, Observer, Scene, Sight, Stage};

/// Arrivals and departures that stay on the screen.
const EVENTS: usize = 6;

/// Lines of the screen that aren't people: the head, the events, the foot.
const OTHER_LINES: usize = 10 + EVENTS;

/// Without a terminal, how often a line is printed.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Who sees whom, drawn anew every second; without a terminal a line now and then.
pub(super) struct LiveTable {
    term: Term,
    /// How whoever looks on takes part.
    invitation: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    events: Vec<String>,
    last_line: Option<Duration>,
    cleared: bool,
}

impl LiveTable {
    pub(super) fn new(invitation: String) -> Self {
        Self { term: Term::stdout(), invitation, state: Mutex::default() }
    }

    fn draw(&self, scene: &Scene<'_>, events: &[String]) -> String {
        let (rows, columns) = self.term.size();
        let (rows, columns) = (usize::from(rows), usize::from(columns).max(40));
        let mut lines = Self::head(scene);
        let mut watchers: Vec<_> =
            scene.people().iter().map(|user| (user, scene.sights(user))).collect();
        watchers.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(b.0)));
        let room = rows.saturating_sub(OTHER_LINES).max(5);
        for (user, sights) in watchers.iter().take(room) {
            lines.push(person(user.as_str(), sights));
        }
        if watchers.len() > room {
            lines.push(
                style(format!("… and {} more people", watchers.len() - room)).dim().to_string(),
            );
        }
        lines.push(String::new());
        lines.extend_from_slice(events);
        lines.push(String::new());
        lines.push(format!("Connect yourself: {} · Ctrl-C ends", self.invitation));
        let mut screen = String::new();
        for line in lines {
            let _ = writeln!(screen, "{}\x1b[K", truncate_str(&line, columns, "…"));
        }
        screen
    }

    fn head(scene: &Scene<'_>) -> Vec<String> {
        let clock = scene.trace_seconds.map_or_else(String::new, |s| {
            let minutes = (s / 60.0) as u64;
            format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60)
        });
        let per_s = |count: u64| count as f64 / scene.lately_span.as_secs_f64().max(1e-3);
        let (latency, oracle) = (scene.latency, scene.oracle);
        let verdict = format!("{} missed, {} wrong", oracle.missed, oracle.wrong);
        let verdict = if oracle.missed + oracle.wrong == 0 {
            style(verdict).green()
        } else {
            style(verdict).red().bold()
        };
        vec![
            format!(
                "{}  {} on the recorded day  {} people connected  {} see somebody's position",
                style("Whereabouts").bold(),
                style(clock).cyan().bold(),
                scene.connected,
                scene.pairs_in_view(),
            ),
            format!(
                "{:.0} fixes/s  {:.0} pushes/s  fix to friend p50 {:.1} ms, p99 {:.1} ms  oracle: {} in {} checks",
                per_s(scene.lately.fixes),
                per_s(scene.lately.pushes),
                latency.p50_ms,
                latency.p99_ms,
                verdict,
                oracle.checks,
            ),
            String::new(),
            style(format!("{:<10} {:>5}  {}", "who", "sees", "whom, how far, how old"))
                .bold()
                .to_string(),
        ]
    }

    fn line(scene: &Scene<'_>) -> String {
        format!(
            "{:>5.0} s  {} connected  {} fixes  {} pushes  p99 {:.1} ms  {} pairs in view  {} missed  {} wrong",
            scene.elapsed.as_secs_f64(),
            scene.connected,
            scene.counts.fixes,
            scene.counts.pushes,
            scene.latency.p99_ms,
            scene.pairs_in_view(),
            scene.oracle.missed,
            scene.oracle.wrong,
        )
    }
}

fn person(name: &str, sights: &[Sight]) -> String {
    let whom: Vec<_> = sights
        .iter()
        .map(|sight| {
            let km = sight.distance_m / 1_000.0;
            let age_s = sight.age_ms.max(0) as f64 / 1_000.0;
            format!(
                "{} {}",
                style(sight.friend.as_str()).cyan(),
                style(format!("{km:.1} km {age_s:.0} s")).dim()
            )
        })
        .collect();
    format!("{name:<10} {:>5}  {}", sights.len(), whom.join(", "))
}

fn event(coming: &Coming) -> String {
    let what = match coming.what {
        simulation::Change::Came => style("came").green(),
        simulation::Change::Far => style("far ").yellow(),
        simulation::Change::Gone => style("gone").red(),
    };
    format!("  {what}  {} in {}'s list", coming.friend, coming.watcher)
}

impl Observer for LiveTable {
    fn stage(&self, stage: Stage) {
        if let Stage::Users { done: 0, .. } = stage {
            say!("Making sixty people and their friendships …");
        }
    }

    fn tick(&self, scene: &Scene<'_>) {
        let mut state = self.state.lock();
        state.events.extend(scene.comings().iter().map(event));
        let old = state.events.len().saturating_sub(EVENTS);
        state.events.drain(..old);
        if self.term.is_term() {
            let clear = if std::mem::replace(&mut state.cleared, true) { "" } else { "\x1b[2J" };
            let screen = self.draw(scene, &state.events);
            let _ = self.term.write_str(&format!("{clear}\x1b[H{screen}\x1b[J"));
        } else if state.last_line.is_none_or(|last| scene.elapsed >= last + LINE_EVERY) {
            state.last_line = Some(scene.elapsed);
            say!("{}", Self::line(scene));
        }
    }
}
