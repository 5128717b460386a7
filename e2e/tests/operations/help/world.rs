//! A folder with everything that examples name, and a service that they can ask.
//!
//! An example runs in that folder, by a shell, word for word but for this:
//! * Addresses are free ones: `--url` and `--address` name the service of this test, `--listen` a free port.
//! * What would take minutes takes seconds: `--for` is two.
//! * Folders of the system are in the folder.
//!
//! One that serves has a folder of its own for its data, and is ended once it says where, or who is connected.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use e2e::DEADLINE;
use e2e::process::{Home, Process, binary};
use e2e::servers::{Postgres, Redis};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::Example;

/// How long examples that would go on for long do.
const TIME: &str = "2s";
/// Of the data that examples name, as many lines do.
const LINES: usize = 200;

const GPX: &str = "<gpx version=\"1.1\"><trk><trkseg>\
<trkpt lat=\"48.1\" lon=\"11.5\"><time>2023-11-15T00:00:00Z</time></trkpt></trkseg></trk></gpx>";
const FLEET: &str = "when,lat,lon,driver\n2026-11-27T10:00:00Z,48.1,11.5,ann\n";
const RECORDS: &str = "{\"locations\":[{\"latitudeE7\":481000000,\"longitudeE7\":115000000,\
\"timestamp\":\"2023-11-15T01:00:00Z\"}]}";
const CITY: &str = "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\
\"geometry\":{\"type\":\"Point\",\"coordinates\":[11.5,48.1]},\
\"properties\":{\"id\":\"1\",\"name\":\"Bakery\",\"category\":\"Food / Bakery\"}}]}";

pub(super) struct World {
    home: Home,
    service: OnceCell<Process>,
    servers: (Postgres, Vec<Redis>),
}

impl World {
    pub(super) async fn start() -> Self {
        let (postgres, redis) = tokio::join!(Postgres::start(), redis());
        let home = Home::new("");
        let world = Self { home, service: OnceCell::new(), servers: (postgres, redis) };
        world.furnish().await;
        world
    }

    fn folder(&self) -> PathBuf {
        self.home.settings().with_file_name("folder")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// Everything that examples name.
    async fn furnish(&self) {
        let folder = self.folder();
        for made in ["bin", "data", "lib"] {
            std::fs::create_dir_all(folder.join(made)).expect("a new folder");
        }
        symlink(binary(), folder.join("bin/whereabouts")).expect("a new link");
        self.write("gateway.toml", &self.gateway().await);
        self.write("token.secret", "a secret of at least 32 bytes, for the test");
        self.write("results.csv", "user,delta\nann,1\nben,2\n");
        self.write(
            "results.ndjson",
            "{\"key\":\"k\",\"board\":\"weekly\",\"user\":\"ann\",\"delta\":1}\n",
        );
        self.write("ride.gpx", GPX);
        self.write("fleet.csv", FLEET);
        self.write("Records.json", RECORDS);
        self.write("city.geojson", CITY);
        self.write("fleet.txt", "ann\nalice\n");
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
        let traces = project.join("data/traces.csv.gz");
        symlink(traces, folder.join("data/traces.csv.gz")).expect("a new link");
        for (from, to) in
            [("data/pois.csv.gz", "data/pois.csv.gz"), ("data/scores.csv.gz", "data/scores.csv.gz")]
        {
            let from = project.join(from).display().to_string();
            self.shell(&format!("gzip -dc '{from}' | head -{LINES} | gzip > {to}")).await;
        }
        self.shell("gzip fleet.csv").await;
        let plan = "whereabouts shard-map plan --config gateway.toml --weight redis-2=2 --write shards.toml";
        self.shell(plan).await;
    }

    /// The settings of a gateway, as `ops/gateway.toml` has them, with these servers.
    async fn gateway(&self) -> String {
        let (postgres, redis) = &self.servers;
        let url = postgres.database().await;
        let databases = ["directory", "businesses", "leaderboards"];
        let databases = databases.map(|it| format!("[postgres.{it}]\nurl = \"{url}\"\n")).concat();
        let shard = |(n, redis): (usize, &Redis)| {
            format!("[[redis.shards]]\nname = \"redis-{}\"\nurl = \"{}\"\n", n + 1, redis.url())
        };
        let shards: String = redis.iter().enumerate().map(shard).collect();
        format!(
            "[http]\nlisten = \"127.0.0.1:0\"\n[operations]\nlisten = \"127.0.0.1:0\"\n\
             [auth]\nkeys = [{{ kid = \"k\", alg = \"HS256\", secret_file = \"{}\" }}]\n\
             [backends]\nlive = \"redis\"\ndirectory = \"postgres\"\nbusinesses = \"postgres\"\n\
             leaderboards = \"postgres\"\n[history]\nenabled = false\n[data]\ndir = \"{}\"\n{databases}{shards}",
            self.path("token.secret").display(),
            self.path("of-gateway").display(),
        )
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("a folder that can be written to");
    }

    /// Starts the service that others ask, with the boards that they name. Its data is where it is unless told otherwise.
    pub(super) async fn serve(&self) {
        let mut command = self.command("exec whereabouts serve --listen 127.0.0.1:0");
        command.env("WHEREABOUTS__DATA__DIR", "whereabouts-data");
        symlink(self.path("whereabouts-data"), self.home.data()).expect("a new link");
        let service = self.home.start_as(command).await;
        for board in ["weekly", "2018-19"] {
            let rules = json!({ "wins": "high", "operator": "sum" });
            let made = service.as_service("PUT", &format!("/v1/boards/{board}"), Some(rules)).await;
            assert_eq!(made.status, 201, "{made:?}");
        }
        service.user("alice").await;
        assert!(self.service.set(service).is_ok(), "it is started once");
    }

    /// Runs an example to its end, and sees that it did something.
    pub(super) async fn run(&self, example: &Example) {
        let line = self.substituted(&example.line);
        if example.serves() {
            return self.run_until_it_listens(&line).await;
        }
        let ended = self.output(&line).await;
        let said = String::from_utf8_lossy(&ended.stdout);
        assert!(ended.status.success(), "{line}: {ended:?}");
        let written = line.split(['>']).nth(1).or_else(|| line.split(" --output ").nth(1));
        let written = written.and_then(|rest| rest.split_whitespace().next());
        match written {
            Some(written) => assert!(self.path(written).exists(), "{line}: no {written}"),
            None => assert!(!said.trim().is_empty(), "{line} says nothing"),
        }
    }

    async fn run_until_it_listens(&self, line: &str) {
        let mut command = self.command(&format!("exec {line}"));
        let data = tempfile::tempdir_in(self.folder()).expect("a new folder");
        command.env("WHEREABOUTS__DATA__DIR", data.path());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("a shell");
        let mut output = BufReader::new(child.stdout.take().expect("asked for")).lines();
        let mut errors = child.stderr.take().expect("asked for");
        let ending = async {
            while let Ok(Some(said)) = output.next_line().await {
                if ["http", "connected"].iter().any(|it| said.contains(it)) {
                    let id = child.id().and_then(|id| i32::try_from(id).ok());
                    let id = id.and_then(Pid::from_raw).expect("a process id");
                    kill_process(id, Signal::TERM).expect("a process that can be told");
                    break;
                }
            }
            let mut why = String::new();
            let rest = async { while let Ok(Some(_)) = output.next_line().await {} };
            let (read, ()) = tokio::join!(errors.read_to_string(&mut why), rest);
            read.expect("readable errors");
            let status = child.wait().await.expect("a child");
            assert!(status.success(), "{line}: {status}: {why}");
        };
        timeout(DEADLINE, ending).await.unwrap_or_else(|_| panic!("{line} doesn't end"));
    }

    /// The example, as this module says that it differs.
    fn substituted(&self, example: &str) -> String {
        let mut words: Vec<_> = example.split(' ').map(str::to_owned).collect();
        let service = self.service.get().map(|service| format!("http://{}", service.address()));
        let command = words.get(1).cloned().unwrap_or_default();
        let is_told = |words: &[String], flag: &str| words.iter().any(|word| word == flag);
        // Behind the words that name the command.
        let behind = words.iter().skip(1).take_while(|it| !it.starts_with('-')).count();
        let named = if matches!(command.as_str(), "import" | "export" | "board") { 3 } else { 2 };
        let at = named.min(1 + behind);
        let flag = match command.as_str() {
            "simulate" => Some("--address"),
            "board" | "export" => Some("--url"),
            "import" if !example.starts_with("whereabouts import places") => Some("--url"),
            "serve" | "demo" => Some("--listen"),
            _ => None,
        };
        if let Some(flag) = flag {
            let value = if flag == "--listen" {
                "127.0.0.1:0".to_owned()
            } else {
                service.clone().expect("it serves")
            };
            if let Some(told) = words.iter().position(|word| word == flag) {
                words[told + 1] = value;
            } else {
                words.splice(at..at, [flag.to_owned(), value]);
            }
        }
        match words.iter().position(|word| word == "--for") {
            Some(told) => TIME.clone_into(&mut words[told + 1]),
            None if command == "simulate" && !is_told(&words, "--for") => {
                words.splice(at..at, ["--for".to_owned(), TIME.to_owned()]);
            }
            None => {}
        }
        let line = words.join(" ").trim_end_matches(" &").to_owned();
        // The data of the service, for those that ask it.
        let data = if flag == Some("--url") { "whereabouts-data" } else { "lib" };
        line.replace("/var/lib/whereabouts", data)
    }

    fn command(&self, script: &str) -> Command {
        let mut command = Command::new("sh");
        let path = std::env::var("PATH").unwrap_or_default();
        command.args(["-c", script]).current_dir(self.folder()).stdin(Stdio::null());
        command.env("PATH", format!("{}:{path}", self.path("bin").display()));
        command.env("WHEREABOUTS__OPERATIONS__LISTEN", "127.0.0.1:0").kill_on_drop(true);
        command
    }

    async fn output(&self, script: &str) -> Output {
        let ended = timeout(DEADLINE, self.command(script).output()).await;
        ended.unwrap_or_else(|_| panic!("{script} doesn't end")).expect("a shell")
    }

    async fn shell(&self, script: &str) {
        let ended = self.output(script).await;
        assert!(ended.status.success(), "{script}: {ended:?}");
    }

    /// Ends what serves.
    pub(super) async fn end(mut self) {
        if let Some(service) = self.service.take() {
            service.terminate();
            service.ended().await;
        }
    }
}

/// As many servers as the example of settings has.
async fn redis() -> Vec<Redis> {
    let (a, b, c) = tokio::join!(Redis::start(), Redis::start(), Redis::start());
    vec![a, b, c]
}
