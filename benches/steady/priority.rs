//! Who goes first where all share the machine's cores.

use std::fs;
use std::path::Path;
use std::process::Command;

/// As far behind as can be without being kept out.
const BEHIND: &str = "10";

/// Puts every thread of this process but its first, and of the processes it has started, behind what is started from now on: as if broker and
/// generator had cores of their own, as far as that goes.
pub fn step_back() {
    let own = std::process::id();
    let children: Vec<u32> = threads(own).into_iter().flat_map(children).collect();
    let behind = threads(own).into_iter().filter(|thread| *thread != own).chain(children.into_iter().flat_map(threads));
    let said = Command::new("renice").args(["-n", BEHIND, "-p"]).args(behind.map(|thread| thread.to_string())).output().unwrap();
    // A thread may have ended meanwhile.
    eprint!("{}", String::from_utf8_lossy(&said.stderr));
}

fn threads(process: u32) -> Vec<u32> {
    let names = fs::read_dir(format!("/proc/{process}/task")).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.to_str().unwrap().parse().unwrap()).collect()
}

fn children(thread: u32) -> Vec<u32> {
    let list = Path::new("/proc/self/task").join(thread.to_string()).join("children");
    fs::read_to_string(list).unwrap().split_whitespace().map(|process| process.parse().unwrap()).collect()
}
