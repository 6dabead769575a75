//! The live board: one page without anything from elsewhere, which reads the live view and updates itself.

/// The page.
#[must_use]
pub fn page() -> &'static str {
    include_str!("board.html")
}
