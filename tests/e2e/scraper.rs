//! A real Prometheus that scrapes what it is told to, and what it has seen.

use std::fs::File;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::http::{self, escaped};
use crate::program::{end, terminate};
use crate::until::{LIMIT, holds, until};

/// A Prometheus with its data in a temporary folder; killed when the guard is dropped.
pub struct Prometheus {
    process: Child,
    address: SocketAddr,
    folder: tempfile::TempDir,
}

impl Prometheus {
    /// Starts one that scrapes a target this often, in milliseconds.
    pub fn start(target: SocketAddr, every_ms: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("prometheus.yml");
        let jobs = format!("scrape_configs:\n  - job_name: deskpulse\n    static_configs:\n      - targets: ['{target}']\n");
        std::fs::write(&config, format!("global:\n  scrape_interval: {every_ms}ms\n{jobs}")).unwrap();
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let process = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut prometheus = Self { process, address, folder };
        until(LIMIT, "Prometheus is ready", || {
            assert!(prometheus.process.try_wait().unwrap().is_none(), "Prometheus has ended: {}", prometheus.log());
            let answer = http::get(address, "/-/ready")?;
            holds(answer.status == 200, answer.body)
        });
        prometheus
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// The samples that a query gives now.
    pub fn query(&self, query: &str) -> Vec<Value> {
        let answer = http::get(self.address, &format!("/api/v1/query?query={}", escaped(query))).unwrap();
        let mut answer: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(answer["status"], "success", "{query}: {answer}");
        match answer["data"]["result"].take() {
            Value::Array(samples) => samples,
            other => panic!("{query}: {other}"),
        }
    }

    /// The value of a query that gives one sample.
    pub fn number(&self, query: &str) -> Option<f64> {
        self.query(query).first().and_then(|sample| sample["value"][1].as_str()?.parse().ok())
    }

    /// Of all counters and histograms, over the whole run: Prometheus itself counts how often each went down.
    pub fn has_no_counter_that_went_down(&self) {
        let mut seen = 0.0;
        let ends = ["_total", "_bucket", "_sum", "_count"];
        // How long commits took is the process's own.
        let is_kept = |name: &&String| name.starts_with("deskpulse_") && !name.starts_with("deskpulse_commit_seconds");
        for name in self.names().iter().filter(is_kept).filter(|name| ends.iter().any(|end| name.ends_with(end))) {
            let went_down = self.query(&format!("resets({name}[1d]) > 0"));
            assert!(went_down.is_empty(), "{name} went down: {went_down:?}");
            seen += self.number(&format!("count(resets({name}[1d]))")).unwrap_or(0.0);
        }
        assert!(seen > 100.0, "only {seen} series of counters");
    }

    /// The names of all series that it has seen.
    fn names(&self) -> Vec<String> {
        let answer = http::get(self.address, "/api/v1/label/__name__/values").unwrap();
        let answer: Value = serde_json::from_str(&answer.body).unwrap();
        answer["data"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    }

    /// Ends it in good order.
    pub fn stop(mut self) {
        terminate(&self.process);
        until(LIMIT, "Prometheus ends", || self.process.try_wait().unwrap().ok_or_else(|| self.log()));
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}
