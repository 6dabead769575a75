//! A host whose clock is set: a small library stands before the C library and reads from a file how far off the clock is.

use std::path::PathBuf;

use crate::preload;
use crate::program::{Service, Setting};

/// How far off clocks are here, in seconds: an hour and a day, each forth and back, and back to the year 1970.
pub const OFF: [i64; 5] = [3_600, -3_600, 86_400, -86_400, -1_796_000_000];

/// Starts the service on a host whose clock is off by that.
pub fn launch(setting: &Setting, off: i64) -> Service {
    set(setting, off);
    let (library, file) = (preload::library(setting, "host"), file(setting));
    Service::launch_with(setting, &[], &[("LD_PRELOAD", library.to_str().unwrap()), ("HOST_CLOCK", file.to_str().unwrap())])
}

/// Sets the clock while the service runs.
pub fn set(setting: &Setting, off: i64) {
    // Never a half-written file.
    let fresh = setting.folder.path().join("clock.fresh");
    std::fs::write(&fresh, off.to_string()).unwrap();
    std::fs::rename(fresh, file(setting)).unwrap();
}

fn file(setting: &Setting) -> PathBuf {
    setting.folder.path().join("clock")
}
