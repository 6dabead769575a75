//! The real data sets of `tests/data`, unpacked into temporary files.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// The folder of a data set.
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// Its events as a file that a replay reads; the file goes with the guard.
pub fn unpacked(name: &str, file: &str) -> tempfile::TempPath {
    let packed = File::open(folder(name).join(file)).unwrap();
    let mut events = tempfile::NamedTempFile::new().unwrap();
    io::copy(&mut flate2::read::GzDecoder::new(packed), &mut events).unwrap();
    events.into_temp_path()
}
