//! Pages that are generated from the code, held current. `UPDATE_DOCS=1 cargo test --test docs` writes them.

#![expect(clippy::unwrap_used, reason = "a test stops where its setting is not as it must be")]

use std::path::Path;

fn assert_current(page: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "docs/{page} is not current: run UPDATE_DOCS=1 cargo test --test docs");
}

#[test]
fn the_page_of_metrics_is_current() {
    assert_current("metrics.md", &deskpulse::view::metrics::markdown());
}
