use std::collections::BTreeSet;
use std::process::ExitCode;

use futures_util::stream::{self, StreamExt as _};
use history_writer::{Bucket, TimeRange, limits};
use hyper::body::Bytes;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use model::{Clock as _, Role, SystemClock, Timestamp, UserId};

use super::EXPORTER;
use super::lacks::Lacks;
use super::whose::Whose;
use crate::cli::args::ExportPointsArgs;
use crate::cli::command::{Done, columns};
use crate::cli::service::{Service, in_path};
use crate::cli::{say, say_error};
use crate::exports::points::{Day, DaySummary, Folder, Page, WEEK_ROWS_MAX, Week};

/// Users whose first page is asked for at the same time: what the service answers at once to one caller.
const USERS_AT_ONCE: usize = 4;
/// Days that a table has at most; of more it has those that aren't whole.
const DAYS_SHOWN_MAX: usize = 31;
/// The bytes of the unit in which sizes are told.
const MIB: f64 = (1 << 20) as f64;

pub(super) async fn points(args: ExportPointsArgs) -> Done {
    if args.from >= args.to {
        return Err("--from must be earlier than --to".to_owned());
    }
    let whose = Whose::read(&args)?;
    let service = Service::new(&args.service, EXPORTER, Role::Service)?;
    let shown = args.output.display().to_string();
    let folder = Folder::open(&args.output);
    let mut export = Export {
        service,
        whose,
        range: TimeRange { from: args.from, to: args.to },
        folder: folder.map_err(|error| format!("can't write into {shown}: {error}"))?,
        resumes: args.resume,
        bar: ProgressBar::hidden(),
        points: 0,
        lacks: Lacks::default(),
        days: Vec::new(),
    };
    // What is received from now on isn't asked for.
    let until = args.to.min(SystemClock::start().now().wall);
    let done = export.run().await;
    export.bar.finish_and_clear();
    done.map_err(|why| format!("{why}. The days that are written stay; go on with --resume."))?;
    Ok(export.report(&shown, until))
}

struct Export {
    service: Service,
    whose: Whose,
    range: TimeRange,
    folder: Folder,
    /// Whether days stay that are whole already.
    resumes: bool,
    bar: ProgressBar,
    points: u64,
    lacks: Lacks,
    /// What was written of each day, and whether it is whole; `None` of those that stayed as they were.
    days: Vec<(Day, Option<DaySummary>, bool)>,
}

impl Export {
    /// A week at a time, as they lie in the store: nothing is read twice there.
    async fn run(&mut self) -> Result<(), String> {
        let first = Bucket::at(self.range.from).0;
        let last = Bucket::at(self.range.to.plus_ms(-1)).0;
        self.bar = bar((last - first + 1) as u64);
        for bucket in first..=last {
            let times = Bucket(bucket).times();
            let range = TimeRange {
                from: times.from.max(self.range.from),
                to: times.to.min(self.range.to),
            };
            let is_wanted = |day: &Day| !(self.resumes && self.folder.is_whole(*day));
            let (wanted, kept): (BTreeSet<_>, BTreeSet<_>) =
                Day::all_in(range).partition(is_wanted);
            self.days.extend(kept.into_iter().map(|day| (day, None, true)));
            if !wanted.is_empty() {
                self.week(range, &wanted).await?;
            }
            self.bar.inc(1);
        }
        self.days.sort_by_key(|(day, ..)| *day);
        Ok(())
    }

    async fn week(&mut self, range: TimeRange, days: &BTreeSet<Day>) -> Result<(), String> {
        let (first, last) = (days.first(), days.last());
        let range = TimeRange {
            from: first.map_or(range.from, |day| day.times().from.max(range.from)),
            to: last.map_or(range.to, |day| day.times().to.min(range.to)),
        };
        let (whole_range, mut lacks) = (self.range, Lacks::default());
        let mut week = Week::new(&self.folder, days, WEEK_ROWS_MAX)?;
        let mut users = self.whose.walk();
        while let Some(page) = users.next(&self.service, &mut lacks).await? {
            let first = page.into_iter().map(async |user| {
                let reading = Reading { service: &self.service, user, range };
                let body = reading.page("").await;
                (reading, body)
            });
            let mut first = stream::iter(first).buffered(USERS_AT_ONCE);
            while let Some((reading, body)) = first.next().await {
                let added = reading.add_to(&mut week, body, &mut lacks).await;
                self.points += added.map_err(|why| format!("{}: {why}", reading.user))?;
                self.bar.set_message(format!("{} points", HumanCount(self.points)));
            }
        }
        let is_whole = |day: Day| {
            let TimeRange { from, to } = day.times();
            whole_range.from <= from && to <= whole_range.to && lacks.is_nothing(to)
        };
        let written = week.finish(is_whole)?;
        self.days.extend(written.into_iter().map(|(day, what)| (day, what, is_whole(day))));
        self.lacks.extend(lacks);
        Ok(())
    }

    /// Says what was written.
    fn report(&self, shown: &str, until: Timestamp) -> ExitCode {
        let written: Vec<_> = self.days.iter().filter_map(|(_, what, _)| *what).collect();
        let is_short = self.days.len() <= DAYS_SHOWN_MAX;
        let shown_days = self.days.iter().filter(|(.., is_whole)| is_short || !is_whole);
        let rows: Vec<_> = shown_days.map(row).collect();
        if !rows.is_empty() {
            let headings = ["day", "points", "users", "MiB", "whole"];
            say!("{}", columns::table(headings, 1..4, rows).trim_fmt());
        }
        let bytes: u64 = written.iter().map(|day| day.bytes).sum();
        say!(
            "{} points of {} days in {shown}, {} MiB; {} days stayed as they were.",
            written.iter().map(|day| day.points).sum::<u64>(),
            written.iter().filter(|day| day.points > 0).count(),
            mebibytes(bytes),
            self.days.len() - written.len()
        );
        for line in self.lacks.lines(until) {
            say_error!("{line}");
        }
        if self.lacks.is_nothing(until) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

fn row((day, what, is_whole): &(Day, Option<DaySummary>, bool)) -> [String; 5] {
    let is_whole = if *is_whole { "yes" } else { "no" }.to_owned();
    match what {
        None => {
            let [points, users, size] = ["as it was", "", ""].map(str::to_owned);
            [day.to_string(), points, users, size, is_whole]
        }
        Some(DaySummary { points, users, bytes }) => {
            [day.to_string(), points.to_string(), users.to_string(), mebibytes(*bytes), is_whole]
        }
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / MIB)
}

/// A user's track of a week, which is read by pages: one that fails is asked for again.
struct Reading<'a> {
    service: &'a Service,
    user: UserId,
    range: TimeRange,
}

impl Reading<'_> {
    /// The page that this parameter asks for, if it isn't the first.
    async fn page(&self, cursor: &str) -> Result<Bytes, String> {
        let (user, TimeRange { from, to }) = (in_path(&self.user), self.range);
        let (from, to, limit) = (from.0, to.0, limits::TRACK_LIMIT_MAX);
        let path = format!("/v1/users/{user}/track?from={from}&to={to}&limit={limit}{cursor}");
        self.service.get_bytes(&path).await
    }

    /// Adds all of it, from this page on; answers how many points these were.
    async fn add_to(
        &self,
        week: &mut Week<'_>,
        first: Result<Bytes, String>,
        lacks: &mut Lacks,
    ) -> Result<u64, String> {
        let (user, mut body, mut added) = (self.user.as_str(), first?, 0);
        loop {
            let page: Page<'_> = serde_json::from_slice(&body)
                .map_err(|error| format!("the answer can't be read: {error}"))?;
            for row in &page.points {
                added += u64::from(week.add(user, row)?);
            }
            lacks.note(user, page.complete_until_ms, page.incomplete_because);
            let Some(next) = page.next_cursor else { return Ok(added) };
            body = self.page(&format!("&cursor={next}")).await?;
        }
    }
}

/// A bar on stderr, over the weeks; nothing where that is no terminal.
fn bar(weeks: u64) -> ProgressBar {
    let bar = ProgressBar::new(weeks).with_prefix("points");
    let style = ProgressStyle::with_template("{prefix:12} {bar:30} week {pos} of {len} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
