//! Bytes out of values, and fewer bytes out of many: the contents of pieces and blocks.

use serde::Serialize;

/// The fast end: a backlog brings 30 MB of lines a second.
const LEVEL: i32 = 1;

/// Appends an encoding.
pub(super) fn encoded(into: Vec<u8>, value: &impl Serialize) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "writing to a vector cannot fail, and our types have no unsized sequences")]
    postcard::to_extend(value, into).expect("what is stored is encodable")
}

/// Compresses.
pub(super) fn packed(bytes: &[u8]) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "compressing in memory fails only where memory ends, and that ends the program")]
    zstd::bulk::compress(bytes, LEVEL).expect("memory can be compressed")
}

/// What was compressed, if that is what it is and it is not more than `at_most` bytes.
pub(super) fn unpacked(data: &[u8], at_most: usize) -> Option<Vec<u8>> {
    let size = usize::try_from(zstd::zstd_safe::get_frame_content_size(data).ok()??).ok()?;
    zstd::bulk::decompress(data, size.min(at_most)).ok()
}
