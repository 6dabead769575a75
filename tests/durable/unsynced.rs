//! A disk that takes what is written and cannot make it last: `fsync` fails once, and what it was about is gone. A small library stands
//! before the C library for that.

use std::path::PathBuf;

use crate::preload;
use crate::program::{Service, Setting};

/// Starts the service so that its disk fails the `time`-th time that the store is to last.
pub fn launch(setting: &Setting, time: u64) -> Service {
    let store = store(setting);
    drop(std::fs::remove_file(after(&store)));
    let (library, time) = (preload::library(setting, "unsynced"), time.to_string());
    let variables = [("LD_PRELOAD", library.to_str().unwrap()), ("DISK_FILE", &store), ("DISK_FAILS", &time)];
    Service::launch_with(setting, &[], &variables)
}

/// Of a service that has ended: what failed was the last thing that it did with its store, and it says so.
pub fn is_left_alone(setting: &Setting, said: &str) {
    assert!(said.contains("disk I/O error"), "{said}");
    let done = std::fs::read_to_string(after(&store(setting))).unwrap();
    assert!(["failed log\n", "failed file\n"].contains(&&*done), "the store was touched after a failure: {done}");
}

/// The store by the name that the system has for it.
fn store(setting: &Setting) -> String {
    setting.folder.path().canonicalize().unwrap().join("deskpulse.db").to_str().unwrap().to_owned()
}

fn after(store: &str) -> PathBuf {
    PathBuf::from(format!("{store}.after"))
}
