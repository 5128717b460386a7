use crate::cli::say;
use std::fmt::Write as _;
use std::time::Duration;

use console::{Term, measure_text_width, style, truncate_str};
use parking_lot::Mutex;
use simulation::{Change, Coming, Observer, Scene, Sight, Stage};

/// Arrivals and departures that stay on the screen.
const EVENTS: usize = 6;

/// The narrowest screen that is drawn for, columns.
const COLUMNS_MIN: usize = 40;

/// Without a terminal, how often a line is printed.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Who sees whom, drawn anew every second; without a terminal a line now and then.
pub(super) struct LiveTable {
    term: Term,
    /// How whoever looks on takes part, in pieces between which a line may be broken.
    invitation: Vec<String>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    events: Events,
    last_line: Option<Duration>,
    cleared: bool,
}

impl LiveTable {
    pub(super) fn new(invitation: Vec<String>) -> Self {
        Self { term: Term::stdout(), invitation, state: Mutex::default() }
    }

    fn draw(&self, scene: &Scene<'_>, events: &Events) -> String {
        let (rows, columns) = self.term.size();
        let (rows, columns) = (usize::from(rows), usize::from(columns).max(COLUMNS_MIN));
        let mut lines = head(scene, columns);
        let foot = self.foot(columns);
        // Those that are empty, and that says how many people aren't shown.
        let others = lines.len() + EVENTS + foot.len() + 4;
        let mut watchers: Vec<_> =
            scene.people().iter().map(|user| (user, scene.sights(user))).collect();
        watchers.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(b.0)));
        let room = rows.saturating_sub(others).max(5);
        for (user, sights) in watchers.iter().take(room) {
            lines.push(person(user.as_str(), sights, columns));
        }
        if watchers.len() > room {
            lines.push(
                style(format!("… and {} more people", watchers.len() - room)).dim().to_string(),
            );
        }
        lines.push(String::new());
        lines.extend(events.shown.iter().map(event));
        lines.push(String::new());
        lines.extend(foot);
        let mut screen = String::new();
        for line in lines {
            let _ = writeln!(screen, "{}\x1b[K", truncate_str(&line, columns, "…"));
        }
        screen
    }

    fn foot(&self, columns: usize) -> Vec<String> {
        let ends = std::iter::once("Ctrl-C ends".to_owned());
        wrapped(&self.invitation.iter().cloned().chain(ends).collect::<Vec<_>>(), columns)
    }

    fn line(scene: &Scene<'_>) -> String {
        format!(
            "{:>5.0} s  {} connected  {} fixes  {} pushes  p99 {:.1} ms  {} friends seen  {} missed  {} wrong",
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

fn head(scene: &Scene<'_>, columns: usize) -> Vec<String> {
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
    let title = style("Whereabouts").bold();
    let pieces = [
        format!("{title}  {} on the recorded day", style(clock).cyan().bold()),
        format!("{} people connected", scene.connected),
        format!("{} of them see somebody", scene.watchers()),
        format!("{} friends seen in all", scene.pairs_in_view()),
        format!("{:.0} fixes/s", per_s(scene.lately.fixes)),
        format!("{:.0} pushes/s", per_s(scene.lately.pushes)),
        format!("fix to friend p50 {:.1} ms, p99 {:.1} ms", latency.p50_ms, latency.p99_ms),
        format!("oracle: {verdict} in {} checks", oracle.checks),
    ];
    let mut lines = wrapped(&pieces, columns);
    lines.push(String::new());
    let titles = format!("{:<10} {:>5}  {}", "who", "sees", "whom, how far, how old");
    lines.push(style(titles).bold().to_string());
    lines
}

/// Pieces side by side, on as many lines as they need.
fn wrapped(pieces: &[String], columns: usize) -> Vec<String> {
    const BETWEEN: &str = "  ";
    let mut lines: Vec<String> = Vec::new();
    for piece in pieces {
        match lines.last_mut() {
            Some(line)
                if measure_text_width(line) + BETWEEN.len() + measure_text_width(piece)
                    <= columns =>
            {
                line.extend([BETWEEN, piece]);
            }
            _ => lines.push(piece.clone()),
        }
    }
    lines
}

/// Arrivals and departures, in which two who see each other are one.
#[derive(Default)]
struct Events {
    shown: Vec<Event>,
}

struct Event {
    coming: Coming,
    /// The other one was told the same.
    mutual: bool,
}

impl Events {
    fn add(&mut self, coming: &Coming) {
        let other =
            self.shown.iter_mut().rev().find(|it| {
                it.coming.watcher == coming.friend && it.coming.friend == coming.watcher
            });
        if let Some(other) = other.filter(|it| !it.mutual && it.coming.what == coming.what) {
            other.mutual = true;
            return;
        }
        self.shown.push(Event { coming: coming.clone(), mutual: false });
        let old = self.shown.len().saturating_sub(EVENTS);
        self.shown.drain(..old);
    }
}

/// Whom somebody sees: as many as fit whole, and how many more.
fn person(name: &str, sights: &[Sight], columns: usize) -> String {
    let mut line = format!("{name:<10} {:>5}", sights.len());
    for (shown, sight) in sights.iter().enumerate() {
        let km = sight.distance_m / 1_000.0;
        let age_s = sight.age_ms.max(0) as f64 / 1_000.0;
        let friend = style(sight.friend.as_str()).cyan();
        let between = if shown == 0 { "  " } else { ", " };
        let piece =
            format!("{between}{friend} {}", style(format!("{km:.1} km {age_s:.0} s")).dim());
        let left = sights.len() - shown;
        let more = format!("{between}+{left}");
        let room = if left == 1 { 0 } else { more.len() };
        if measure_text_width(&line) + measure_text_width(&piece) + room > columns {
            line.push_str(&style(more).dim().to_string());
            break;
        }
        line.push_str(&piece);
    }
    line
}

fn event(Event { coming, mutual }: &Event) -> String {
    let (watcher, friend) = (&coming.watcher, &coming.friend);
    let what = match coming.what {
        Change::Came => style("near").green(),
        Change::Far => style("far ").yellow(),
        Change::Gone => style("gone").red(),
    };
    match (coming.what, *mutual) {
        (Change::Came, true) => format!("  {what}  {friend} and {watcher} see each other"),
        (Change::Came, false) => format!("  {what}  {watcher} sees {friend}"),
        (Change::Far, true) => format!("  {what}  {friend} and {watcher} are too far apart"),
        (Change::Far, false) => format!("  {what}  {friend} is too far away for {watcher}"),
        (Change::Gone, true) => format!("  {what}  {friend} and {watcher} see each other no more"),
        (Change::Gone, false) => format!("  {what}  {watcher} sees {friend} no more"),
    }
}

impl Observer for LiveTable {
    fn stage(&self, stage: Stage) {
        if let Stage::Users { done: 0, .. } = stage {
            say!("Making sixty people and their friendships …");
        }
    }

    fn tick(&self, scene: &Scene<'_>) {
        let mut state = self.state.lock();
        scene.comings().iter().for_each(|coming| state.events.add(coming));
        if self.term.is_term() {
            let clear = if std::mem::replace(&mut state.cleared, true) { "" } else { "\x1b[2J" };
            let screen = self.draw(scene, &state.events);
            let _ = self.term.write_str(&format!("{clear}\x1b[H{screen}\x1b[J"));
        } else if state.last_line.is_none_or(|last| scene.elapsed >= last + LINE_EVERY) {
            if state.last_line.replace(scene.elapsed).is_none() {
                self.invitation.iter().for_each(|line| say!("{line}"));
            }
            say!("{}", Self::line(scene));
        }
    }
}

#[cfg(test)]
mod tests;
