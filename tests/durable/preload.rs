//! Small libraries that stand before the C library of the service, made by the compiler that the build needs anyway.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::Setting;

/// The library of this name, made once for a setting.
pub fn library(setting: &Setting, name: &str) -> PathBuf {
    let library = setting.folder.path().join(format!("{name}.so"));
    if !library.exists() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/durable/{name}.c"));
        let compiled = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).args([&library, &source]).arg("-ldl").output().unwrap();
        assert!(compiled.status.success(), "cc: {}", String::from_utf8_lossy(&compiled.stderr));
    }
    library
}
