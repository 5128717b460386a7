use std::net::SocketAddr;
use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Ended;

/// What `serve` prints once it listens, before the address.
const LISTENS: &str = "listens on http://";

/// What it prints before the address of operators.
const MEASURES: &str = "metrics   http://";

/// A child process whose output is read as it comes.
pub(super) struct Running {
    pub(super) child: Child,
    output: BufReader<tokio::process::ChildStdout>,
    pub(super) log: Log,
    logging: JoinHandle<()>,
}

pub(super) type Log = watch::Receiver<String>;

pub(super) fn read(log: &Log) -> String {
    log.borrow().clone()
}

impl Running {
    pub(super) fn spawn(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().expect("a program that can be run");
        let output = BufReader::new(child.stdout.take().expect("asked for"));
        let mut lines = BufReader::new(child.stderr.take().expect("asked for")).lines();
        let (writer, log) = watch::channel(String::new());
        let logging = tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                writer.send_modify(|log| {
                    log.push_str(&line);
                    log.push('\n');
                });
            }
        });
        Self { child, output, log, logging }
    }

    pub(super) fn log(&self) -> String {
        read(&self.log)
    }

    /// Reads the output up to the lines with the addresses, of clients and of operators; none if it ends before.
    pub(super) async fn addresses(&mut self) -> Option<(SocketAddr, SocketAddr)> {
        let address = self.address_behind(LISTENS).await?;
        let measures = self.address_behind(MEASURES).await?;
        let parse = |text: &str| text.split('/').next()?.trim().parse().ok();
        Some((parse(&address)?, parse(&measures)?))
    }

    async fn address_behind(&mut self, words: &str) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            if let Some((_, address)) = line.split_once(words) {
                return Some(address.to_owned());
            }
        }
    }

    pub(super) async fn ended(mut self) -> Ended {
        let mut output = String::new();
        self.output.read_to_string(&mut output).await.expect("readable output");
        let status: ExitStatus = self.child.wait().await.expect("a child");
        self.logging.await.expect("the log is read to its end");
        Ended { code: status.code(), output, log: read(&self.log) }
    }
}
