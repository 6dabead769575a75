//! The binary: parse, run, exit code.

use std::process::ExitCode;

/// Events are many small pieces of memory that live for seconds among others that live for hours: the system's allocator takes twice as
/// long for a backlog (docs/benchmarks.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    deskpulse::cli::main()
}
