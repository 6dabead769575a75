//! The program itself: `serve` running in a process, the other commands run to their end.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::http::{self, Answer};
use crate::page::Page;
use crate::until::{LIMIT, holds, until};

/// How long a command that ends by itself may take.
const COMMAND_LIMIT: Duration = Duration::from_secs(120);

/// A configuration in a folder of its own; everything that a test writes goes there.
pub struct Setting {
    pub folder: tempfile::TempDir,
    pub config: PathBuf,
}

impl Setting {
    /// A configuration that reads these topics and listens on any free port, with more TOML after it.
    pub fn new(broker: &str, topics: &[&str], more: &str) -> Self {
        Self::within(tempfile::tempdir().unwrap(), broker, topics, more)
    }

    /// The same in this folder.
    pub fn within(folder: tempfile::TempDir, broker: &str, topics: &[&str], more: &str) -> Self {
        let config = folder.path().join("deskpulse.toml");
        // What is given begins with keys of the top level.
        let store = folder.path().join("deskpulse.db");
        let text = format!(
            "{more}\n[kafka]\nbrokers = [{broker:?}]\ntopics = {topics:?}\n\n[http]\nlisten = \"127.0.0.1:0\"\n\n[store]\npath = {store:?}\n"
        );
        std::fs::write(&config, text).unwrap();
        Self { folder, config }
    }

    /// Adds TOML at the end.
    pub fn and(self, more: &str) -> Self {
        let text = std::fs::read_to_string(&self.config).unwrap();
        std::fs::write(&self.config, format!("{text}\n{more}\n")).unwrap();
        self
    }

    /// The configuration as the library reads it.
    pub fn read(&self) -> deskpulse::config::Config {
        deskpulse::config::load(Some(&self.config), []).unwrap()
    }

    /// Runs `dump` and gives the files in the order in which a replay takes them.
    pub fn dump(&self) -> Vec<PathBuf> {
        let out = self.folder.path().join("dump");
        let output = self.run(&["dump", "--config", path(&self.config), "--out", path(&out)]);
        output.lines().map(PathBuf::from).collect()
    }

    /// Runs `replay`.
    pub fn replay(&self, print: &str, files: &[PathBuf]) -> String {
        let files = files.iter().map(|file| path(file));
        self.run(&["replay", "--config", path(&self.config), "--print", print].into_iter().chain(files).collect::<Vec<_>>())
    }

    /// Runs a command over the configuration to its end and gives its output.
    pub fn command(&self, command: &[&str], arguments: &[&str]) -> String {
        self.run(&[command, &["--config", path(&self.config)], arguments].concat())
    }

    /// Runs a command over the configuration that must fail, and gives its exit code and what it says.
    pub fn refused(&self, command: &[&str], arguments: &[&str]) -> (i32, String) {
        self.fails(&[command, &["--config", path(&self.config)], arguments].concat())
    }

    /// Runs a command that must fail to its end, and gives its exit code and what it says.
    pub fn fails(&self, arguments: &[&str]) -> (i32, String) {
        let (out, log) = (self.folder.path().join("out"), self.folder.path().join("refused.log"));
        let mut child = deskpulse(arguments, &out, &log);
        let status = until(COMMAND_LIMIT, "the command ends", || child.try_wait().unwrap().ok_or_else(|| read(&log)));
        (status.code().unwrap(), read(&log))
    }

    /// Replaces a part of the configuration.
    pub fn change(&self, from: &str, to: &str) {
        let text = std::fs::read_to_string(&self.config).unwrap();
        assert!(text.contains(from), "{from} in {text}");
        std::fs::write(&self.config, text.replacen(from, to, 1)).unwrap();
    }

    /// Runs a command to its end and gives its output.
    pub fn run(&self, arguments: &[&str]) -> String {
        let (out, log) = (self.folder.path().join("out"), self.folder.path().join("command.log"));
        let mut child = deskpulse(arguments, &out, &log);
        let status = until(COMMAND_LIMIT, "the command ends", || child.try_wait().unwrap().ok_or_else(|| read(&log)));
        assert!(status.success(), "{arguments:?}: {status}: {}", read(&log));
        read(&out)
    }
}

/// The one sentence with which `serve` ends, within this time.
pub fn refusal(setting: &Setting, limit: Duration) -> String {
    let mut service = Service::launch(setting);
    let status = service.ended(limit);
    let log = service.log();
    assert_eq!(status.code(), Some(1), "{log}");
    let said: Vec<&str> = log.lines().filter(|line| line.starts_with("deskpulse: ")).collect();
    assert!(said.len() == 1 && log.ends_with(&format!("{}\n", said[0])), "one sentence, the last line: {log}");
    said[0].to_owned()
}

/// A running `serve`, or `demo`; killed when the guard is dropped.
pub struct Service {
    process: Child,
    log: PathBuf,
    address: Option<SocketAddr>,
}

impl Service {
    /// Starts it and waits for the address at which it listens, nothing more.
    pub fn start(setting: &Setting) -> Self {
        let mut service = Self::launch(setting);
        service.listens();
        service
    }

    /// Waits for the address at which it listens.
    pub fn listens(&mut self) {
        let address = until(LIMIT, "the service names its address", || {
            let log = self.log();
            assert!(self.process.try_wait().unwrap().is_none(), "the service has ended: {log}");
            let address = log.lines().find_map(|line| line.split_once("on http://")).map(|(_, address)| address.trim().to_owned());
            address.ok_or(log)
        });
        self.address = Some(address.parse().unwrap());
    }

    /// Starts it and waits for nothing.
    pub fn launch(setting: &Setting) -> Self {
        Self::launch_with(setting, &[], &[])
    }

    /// Starts it so that it ends at a named point.
    pub fn launch_to(setting: &Setting, failpoint: &str) -> Self {
        Self::launch_with(setting, &[], &[("DESKPULSE_FAILPOINT", failpoint)])
    }

    /// Starts it with more flags and variables.
    pub fn launch_with(setting: &Setting, flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let log = setting.folder.path().join("serve.log");
        let arguments = [&["serve", "--config", path(&setting.config)], flags].concat();
        let process = command(&arguments, Path::new("/dev/null"), &log).envs(variables.iter().copied()).spawn().unwrap();
        Self { process, log, address: None }
    }

    /// Starts it so that no file of it may grow beyond so many kibibytes: writing fails then, as on a full disk.
    pub fn launch_within(setting: &Setting, kibibytes: u64) -> Self {
        let log = setting.folder.path().join("serve.log");
        let limited = format!("trap '' XFSZ; ulimit -f {kibibytes}; exec \"$0\" serve --config \"$1\"");
        let mut shell = Command::new("bash");
        shell.args(["-c", &limited, env!("CARGO_BIN_EXE_deskpulse"), path(&setting.config)]);
        shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log).unwrap()).env_remove("RUST_LOG");
        Self { process: shell.spawn().unwrap(), log, address: None }
    }

    /// Starts the demo, which needs no setting, and waits for the address at which it listens.
    pub fn demo(folder: &Path) -> Self {
        let (out, log) = (folder.join("demo.out"), folder.join("demo.log"));
        let process = deskpulse(&["demo", "--listen", "127.0.0.1:0"], &out, &log);
        let mut service = Self { process, log, address: None };
        let address = until(LIMIT, "the demo names its address", || {
            let said = read(&out);
            let address = said.lines().find_map(|line| line.strip_prefix("board    http://")?.strip_suffix('/')?.parse().ok());
            address.ok_or(said)
        });
        service.address = Some(address);
        service
    }

    /// A page of metrics, if it listens and answers by now.
    pub fn scrape(&mut self) -> Option<Page> {
        if self.address.is_none() {
            let log = self.log();
            self.address = log.lines().find_map(|line| line.split_once("on http://")?.1.trim().parse().ok());
        }
        let answer = http::get(self.address?, "/metrics").ok()?;
        (answer.status == 200).then(|| Page::read(answer.body))
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.process.try_wait().unwrap().is_some()
    }

    /// The memory that it holds, in kibibytes.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let held = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        held.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Seconds in which its threads ran, and in which they waited for a core.
    pub fn cpu(&self) -> (f64, f64) {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.process.id())).unwrap();
        let times = threads.filter_map(|thread| {
            // A thread may have ended since.
            let text = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
            let mut times = text.split_whitespace().map(|nanos| nanos.parse::<f64>().unwrap() / 1e9);
            Some((times.next()?, times.next()?))
        });
        times.fold((0.0, 0.0), |(ran, waited), (runs, waits)| (ran + runs, waited + waits))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address.unwrap()
    }

    /// Everything that it has logged.
    pub fn log(&self) -> String {
        read(&self.log)
    }

    /// The last lines of it.
    pub fn newest_log(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// An answer of any status.
    pub fn get(&self, path: &str) -> Result<Answer, String> {
        http::get(self.address(), path)
    }

    /// Its page of metrics.
    pub fn metrics(&self) -> Page {
        let answer = self.get("/metrics").unwrap_or_else(|error| panic!("{error}; log: {}", self.log()));
        assert_eq!(answer.status, 200, "{}", answer.body);
        Page::read(answer.body)
    }

    /// The live view.
    pub fn live(&self) -> Value {
        serde_json::from_str(&self.get("/api/v1/live").unwrap().body).unwrap()
    }

    /// Waits until it is ready.
    pub fn ready(&self) {
        until(LIMIT, "the service is ready", || {
            let answer = self.get("/readyz")?;
            holds(answer.status == 200, answer.body)
        });
    }

    /// Waits until a page of metrics is as wanted.
    pub fn shows(&self, what: &str, wanted: impl Fn(&Page) -> bool) -> Page {
        until(LIMIT, what, || {
            let page = self.metrics();
            if wanted(&page) { Ok(page) } else { Err(format!("{}\nlog: {}", page.text, self.log())) }
        })
    }

    /// Waits until the clock stands at an instant or after it.
    pub fn reaches(&self, clock: i64) -> Page {
        self.shows("the clock has reached it", |page| page.clock() >= Some(clock))
    }

    /// Waits for its end.
    pub fn ended(&mut self, limit: Duration) -> ExitStatus {
        until(limit, "the service ends", || self.process.try_wait().unwrap().ok_or_else(|| self.log()))
    }

    /// Tells it to read its configuration again.
    pub fn hang_up(&self) {
        signal(&self.process, "HUP");
    }

    /// Makes it stand still, wherever it is.
    pub fn freeze(&self) {
        signal(&self.process, "STOP");
    }

    /// Lets it go on from there.
    pub fn thaw(&self) {
        signal(&self.process, "CONT");
    }

    /// Asks it to end, as a service manager does, and waits until it has.
    pub fn terminate(&mut self, limit: Duration) -> ExitStatus {
        terminate(&self.process);
        self.ended(limit)
    }

    /// Ends it as Ctrl-C does, and waits until it has.
    pub fn interrupt(&mut self, limit: Duration) -> ExitStatus {
        signal(&self.process, "INT");
        self.ended(limit)
    }

    /// Ends it; it must say that all went well.
    pub fn stop(mut self) {
        let status = self.terminate(Duration::from_secs(10));
        assert_eq!(status.code(), Some(0), "{}", self.log());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

/// Sends SIGTERM.
pub fn terminate(process: &Child) {
    signal(process, "TERM");
}

fn signal(process: &Child, name: &str) {
    assert!(Command::new("kill").args(["-s", name, &process.id().to_string()]).status().unwrap().success());
}

/// Kills a process that still runs.
pub fn end(process: &mut Child) {
    drop(process.kill());
    drop(process.wait());
}

fn deskpulse(arguments: &[&str], out: &Path, log: &Path) -> Child {
    command(arguments, out, log).spawn().unwrap()
}

fn command(arguments: &[&str], out: &Path, log: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deskpulse"));
    command.args(arguments).stdin(Stdio::null()).stdout(File::create(out).unwrap()).stderr(File::create(log).unwrap());
    command.env_remove("RUST_LOG");
    command
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
