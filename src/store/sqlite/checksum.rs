//! Checksums over what is stored: SQLite's own pages have none.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;
use siphasher::sip128::{Hasher128, SipHasher13 as SipHasher128};

/// The checksum of these parts in this order, as SQLite keeps integers.
pub(super) fn of(parts: &[&[u8]]) -> i64 {
    let mut hasher = SipHasher13::new();
    for part in parts {
        hasher.write_u64(part.len() as u64);
        hasher.write(part);
    }
    hasher.finish().cast_signed()
}

/// A name for bytes: 32 hexadecimal digits. It tells contents apart; it is no defence against somebody who wants two to look alike.
pub(super) fn fingerprint(bytes: &[u8]) -> String {
    let mut hasher = SipHasher128::new();
    hasher.write(bytes);
    format!("{:032x}", hasher.finish128().as_u128())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_a_byte_from_one_part_to_the_next_changes_the_checksum() {
        assert_ne!(of(&[b"ab", b"c"]), of(&[b"a", b"bc"]));
        assert_eq!(of(&[b"ab", b"c"]), of(&[b"ab", b"c"]));
    }

    #[test]
    fn a_fingerprint_stays_the_same_in_every_version() {
        assert_eq!(fingerprint(b"deskpulse").len(), 32);
        assert_eq!(fingerprint(b""), "b91c5ed031fb33032134935d61d9b40d");
    }
}
