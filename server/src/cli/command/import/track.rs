use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::process::ExitCode;

use history_writer::{Numbering, Point, SkipReason, Skipped};
use indicatif::ProgressBar;
use model::{Clock as _, DeviceId, Role, SystemClock, UserId};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{Done, bar};
use crate::cli::args::TrackArgs;
use crate::cli::command::columns;
use crate::cli::say;
use crate::cli::service::{Service, in_path};
use crate::imports::tracks::{self, FixFormat};

/// The most points of one request, and the most bytes that they have in it: what the service takes at once.
const POINTS_MAX: usize = history_writer::limits::POSTED_POINTS_MAX;
const BYTES_MAX: usize = 60 * 1024;
/// Points that are read but not posted yet, in the order of the file.
const POINTS_WAITING_MAX: usize = 4 * POINTS_MAX;
/// Points that are gathered by user; with as many all are posted.
const POINTS_GATHERED_MAX: usize = 64 * POINTS_MAX;
/// Who we are to the service.
const IMPORTER: &str = "import";

pub(super) async fn track(args: TrackArgs) -> Done {
    let shown = args.file.display().to_string();
    let format = args.format.or_else(|| FixFormat::from_path(&args.file)).ok_or_else(|| {
        format!("{shown}: the name doesn't tell the format; say --format gpx, csv, owntracks or google-timeline")
    })?;
    let user = UserId::parse(&args.user).map_err(|fault| format!("--user {fault}"))?;
    let device = DeviceId::parse(&args.device).map_err(|fault| format!("--device {fault}"))?;
    let service = Service::new(&args.service, IMPORTER, Role::Service)?;
    let file = File::open(&args.file).map_err(|e| format!("can't read {shown}: {e}"))?;
    let length = file.metadata().map_err(|e| format!("can't read {shown}: {e}"))?.len();
    let bar = bar(length, "track");
    let (points, waiting) = mpsc::channel(POINTS_WAITING_MAX);
    let read: Box<dyn Read + Send> = Box::new(bar.wrap_read(file));
    // The time of receipt is the service's.
    let numbering = Numbering::new(user, device, SystemClock::start().now().wall);
    let reading = tokio::task::spawn_blocking(move || {
        let each = |user, point| points.blocking_send((user, point)).is_ok();
        tracks::read(read, format, args.columns, numbering, each)
    });
    let mut import = Import {
        service,
        bar,
        gathered: BTreeMap::new(),
        count: 0,
        taken: 0,
        refused: BTreeMap::new(),
    };
    let done = import.run(waiting).await;
    import.bar.finish_and_clear();
    let read = reading.await.map_err(|e| format!("reading has failed: {e}"))?;
    let skipped = done.and(read).map_err(|why| {
        format!("{shown}: {why}. What was imported until then stays, and is there once if it is imported again.")
    })?;
    Ok(import.report(&shown, &skipped))
}

/// Points of a user as the service takes them, and their bytes.
#[derive(Default)]
struct Gathered {
    points: Vec<String>,
    bytes: usize,
}

struct Import {
    service: Service,
    bar: ProgressBar,
    gathered: BTreeMap<UserId, Gathered>,
    /// Points in all of them.
    count: usize,
    taken: u64,
    /// What the service said of points, and how often.
    refused: BTreeMap<String, u64>,
}

impl Import {
    async fn run(&mut self, mut waiting: mpsc::Receiver<(UserId, Point)>) -> Result<(), String> {
        while let Some((user, point)) = waiting.recv().await {
            let body = body(&point);
            let is_full = self.gathered.get(&user).is_some_and(|it| {
                it.points.len() == POINTS_MAX || it.bytes + body.len() > BYTES_MAX
            });
            if is_full {
                self.post(&user).await?;
            }
            let gathered = self.gathered.entry(user).or_default();
            gathered.bytes += body.len() + 1;
            gathered.points.push(body);
            self.count += 1;
            if self.count == POINTS_GATHERED_MAX {
                self.post_all().await?;
            }
        }
        self.post_all().await
    }

    async fn post_all(&mut self) -> Result<(), String> {
        let users: Vec<_> = self.gathered.keys().cloned().collect();
        for user in users {
            self.post(&user).await?;
        }
        Ok(())
    }

    async fn post(&mut self, user: &UserId) -> Result<(), String> {
        let Some(Gathered { points, .. }) = self.gathered.remove(user) else { return Ok(()) };
        self.count -= points.len();
        let path = format!("/v1/users/{}/track", in_path(user));
        let body = format!(r#"{{"points":[{}]}}"#, points.join(","));
        let answer =
            self.service.post(&path, body).await.map_err(|why| format!("{user}: {why}"))?;
        let outcomes = answer["points"].as_array().map(Vec::as_slice).unwrap_or_default();
        if outcomes.len() != points.len() {
            return Err("the service answered other points than it was sent".to_owned());
        }
        for outcome in outcomes {
            match outcome["problem"]["detail"].as_str() {
                Some(why) => *self.refused.entry(why.to_owned()).or_default() += 1,
                None => self.taken += 1,
            }
        }
        Ok(())
    }

    /// Says what became of the file.
    fn report(&self, shown: &str, skipped: &Skipped) -> ExitCode {
        let read = skipped.iter().map(|(reason, count, first)| {
            [reason.as_str().to_owned(), count.to_string(), first.to_string()]
        });
        let refused = self
            .refused
            .iter()
            .map(|(why, count)| [format!("refused: {why}"), count.to_string(), String::new()]);
        let rows: Vec<_> = read.chain(refused).collect();
        if !rows.is_empty() {
            let table = columns::table(["passed over", "times", "first at"], 1..3, rows);
            say!("{}", table.trim_fmt());
        }
        let values = match skipped.values {
            0 => String::new(),
            values => format!(" {values} values that can't be were left out."),
        };
        let passed_over = skipped.total() + self.refused.values().sum::<u64>();
        say!(
            "Track of {shown}: {} points taken, {passed_over} passed over.{values} What had been imported before is there once.",
            self.taken
        );
        // Files hold other things than fixes, too.
        let is_right = self.refused.is_empty()
            && skipped.iter().all(|(reason, ..)| reason == SkipReason::OtherKind);
        if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// A point as the service takes it.
fn body(point: &Point) -> String {
    let fix = point.fix.fix();
    let mut body = json!({
        "time_ms": point.effective().0,
        "device": point.version.device.as_str(),
        "seq": point.version.seq,
        "latitude": fix.position.latitude(),
        "longitude": fix.position.longitude(),
    });
    let values = [
        ("accuracy_m", fix.accuracy_m),
        ("altitude_m", fix.altitude_m),
        ("speed_mps", fix.speed_mps),
        ("heading_deg", fix.heading_deg),
        ("battery_percent", fix.battery_percent),
    ];
    for (name, value) in values {
        if let Some(value) = value {
            body[name] = Value::from(value);
        }
    }
    body.to_string()
}
