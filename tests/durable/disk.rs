//! A disk that fails, and one whose host loses power. A small library (disk.c) stands before the C library for that: it makes an fsync fail, or a
//! write, and notes what stood where something was written that is not on the disk yet.

use std::path::{Path, PathBuf};
use std::process::Command;

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use crate::fault::{Fault, File};
use crate::preload;
use crate::program::{Service, Setting};

/// Pages after which a log of changes is carried over.
const LOG_PAGES: u32 = 4_000;
/// Bytes of a note before those that it is about: where they stood, how many they are, how large the file was.
const HEAD: usize = 24;

/// Starts the service on a disk on which this fault comes at the `time`-th time.
pub fn launch(setting: &Setting, fault: Fault, time: u64) -> Service {
    let variables = variables(setting, fault, time);
    Service::launch_with(setting, &[], &variables.each_ref().map(|(name, value)| (*name, &**value)))
}

/// Runs a command over the configuration there, and gives its exit code and what it says.
pub fn run(setting: &Setting, fault: Fault, time: u64, command: &str) -> (Option<i32>, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_deskpulse"));
    program.arg(command).arg("--config").arg(&setting.config).envs(variables(setting, fault, time)).env_remove("RUST_LOG");
    let output = program.output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn variables(setting: &Setting, fault: Fault, time: u64) -> [(&'static str, String); 3] {
    std::fs::create_dir_all(notes(setting)).unwrap();
    drop(std::fs::remove_file(notes(setting).join("after")));
    let fault = match fault {
        Fault::FullFor(file) => format!("full {} {time}", name(file)),
        Fault::Lost(file) => format!("lost {} {time}", name(file)),
        Fault::Stale(file) => format!("kept {} {time}", name(file)),
        _ => String::new(),
    };
    let text = |path: PathBuf| path.to_str().unwrap().to_owned();
    [("LD_PRELOAD", text(preload::library(setting, "disk"))), ("DISK", text(folder(setting))), ("DISK_FAULT", fault)]
}

/// Fills the log of changes of a store that nobody has open, so that the next commit carries it over.
pub fn fill_log(setting: &Setting) {
    let store = rusqlite::Connection::open(folder(setting).join("deskpulse.db")).unwrap();
    store.execute_batch("PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = OFF").unwrap();
    for page in 0..LOG_PAGES {
        store.execute("UPDATE store SET commits = commits + ?1", [if page % 2 == 0 { 1 } else { -1 }]).unwrap();
    }
    store.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
}

/// Carries the log of changes of a store that nobody has open over, and makes it short: what is written to it from now on makes it longer.
pub fn empty_log(setting: &Setting) {
    let store = rusqlite::Connection::open(folder(setting).join("deskpulse.db")).unwrap();
    store.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(())).unwrap();
}

/// Of a service that has ended: what could not be made to last was not touched again.
pub fn is_left_alone(setting: &Setting, file: File) {
    let done = std::fs::read_to_string(notes(setting).join("after")).unwrap();
    let (failed, after) = done.split_once('\n').unwrap();
    assert_eq!(failed, format!("failed {}", name(file)));
    let is_near = |line: &&str| match file {
        File::Archive => line.ends_with(" archive"),
        // A commit may be under way beside it, to the log, where it lasts.
        File::Store => line.ends_with(" store"),
        _ => !line.ends_with(" archive"),
    };
    assert_eq!(after.lines().find(is_near), None, "touched after a failure");
}

/// Everything written by now is on the disk, by itself.
pub fn settles(setting: &Setting) {
    drop(std::fs::remove_dir_all(notes(setting)));
}

/// The power goes: of each file only what was synced is there, and the first of what came after that, chosen by a seed; and a file whose name was
/// not synced with its folder may be gone.
pub fn loses_power(setting: &Setting, seed: u64) {
    let mut chance = SmallRng::seed_from_u64(seed);
    let mut names: Vec<PathBuf> = std::fs::read_dir(notes(setting)).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let folder = folder(setting);
    for note in names {
        let (Some(name), Some(kind)) = (note.file_stem(), note.extension()) else { continue };
        let found = [folder.join(name), folder.join("archive").join(name)].into_iter().find(|path| path.exists());
        let Some(file) = found else { continue };
        let note = std::fs::read(&note).unwrap();
        match kind.to_str() {
            Some("unsynced") => undo(&file, &note, &mut chance),
            Some("entry") if note.is_empty() || chance.random() => {}
            Some("entry") => std::fs::remove_file(&file).unwrap(),
            _ => forget(&file, &note),
        }
    }
    settles(setting);
}

/// Takes back the last writes to a file.
fn undo(file: &Path, note: &[u8], chance: &mut SmallRng) {
    let mut writes = Vec::new();
    let mut rest = note;
    while let Some((head, after)) = rest.split_at_checked(HEAD) {
        let [offset, length, size] = numbers(head);
        // The last one may have been under way.
        let Some((bytes, after)) = after.split_at_checked(length as usize) else { break };
        writes.push((offset as usize, bytes, size));
        rest = after;
    }
    let mut content = std::fs::read(file).unwrap();
    for (offset, bytes, size) in writes.drain(chance.random_range(0..=writes.len())..).rev() {
        content.resize(content.len().max(offset + bytes.len()), 0);
        content[offset..offset + bytes.len()].copy_from_slice(bytes);
        content.truncate(size as usize);
    }
    std::fs::write(file, content).unwrap();
}

/// Puts back what was there before writes that never came to the disk, where nothing was written since.
fn forget(file: &Path, note: &[u8]) {
    let mut content = std::fs::read(file).unwrap();
    let mut rest = note;
    while let Some((head, after)) = rest.split_at_checked(HEAD) {
        let [offset, length, _] = numbers(head);
        let (bytes, after) = after.split_at(length as usize);
        let (marks, after) = after.split_at(length as usize);
        for ((there, before), mark) in content.iter_mut().skip(offset as usize).zip(bytes).zip(marks) {
            *there = if *mark == 0 { *before } else { *there };
        }
        rest = after;
    }
    std::fs::write(file, content).unwrap();
}

fn numbers(head: &[u8]) -> [u64; 3] {
    [0, 1, 2].map(|index| u64::from_ne_bytes(head[index * 8..][..8].try_into().unwrap()))
}

fn name(file: File) -> &'static str {
    match file {
        File::Store => "store",
        File::Log => "log",
        File::Archive => "archive",
    }
}

/// The folder by the name that the system has for it.
fn folder(setting: &Setting) -> PathBuf {
    setting.folder.path().canonicalize().unwrap()
}

fn notes(setting: &Setting) -> PathBuf {
    folder(setting).join("disk")
}
