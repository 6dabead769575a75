//! The bytes of a file: titles and pieces.
//!
//! ```text
//! skippable frame: magic, length, "DPA1", head (postcard), hash of the head
//! zstd frame:      the lines of the piece, with a checksum; none when there are no lines
//! skippable frame: magic, length, "DPAE", bytes of the two frames before it: the way back from the end of a file
//! ```
//! The first head of a file is its title, which stands alone; all others are of pieces.

use std::hash::Hasher;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

use crate::model::{Mark, NextOffset, Reached, Time};

/// The frame that zstd skips and that is ours…
const MAGIC: [u8; 4] = 0x184D_2A5D_u32.to_le_bytes();
/// …with these bytes first: the version of the form is the last of them.
const SIGN: [u8; 4] = *b"DPA1";
/// What the frame after a piece begins with instead.
const TAIL_SIGN: [u8; 4] = *b"DPAE";
/// Bytes of that frame.
pub(super) const TAIL: usize = FRONT + 12;
/// Bytes before the length of a frame is known.
pub(super) const FRONT: usize = 8;
/// Bytes of the hash after a head.
const HASH: usize = 8;
/// No head is longer.
const HEAD_MAX: usize = 64 << 20;
/// No piece has more bytes of lines: a commit waits with less.
const LINES_MAX: u32 = 1 << 30;

/// Whose records follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Title {
    /// The id of the store for which they were read.
    pub store: String,
    /// The topic.
    pub topic: String,
    /// The number that the store gave it: it decides ties at one instant.
    pub number: u16,
    /// The partition.
    pub partition: u32,
}

/// What one commit read of one partition, without the lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PieceHead {
    /// A hash of the id of the store for which it was read.
    pub(super) store: u64,
    /// Counts the commits of the archive; the pieces of one commit have one number.
    pub(super) sequence: u64,
    /// Where the service's clock stood at the commit before.
    pub(super) clock: Time,
    /// Everything before was in earlier pieces.
    pub(super) from: NextOffset,
    /// The next record to read.
    pub(super) next: NextOffset,
    /// Offset and hash of the last record that was read.
    last: Option<(i64, u64)>,
    /// Offsets of the lines: first ones, and how many follow each other from there.
    runs: Vec<(i64, u32)>,
    /// Of events dated later than they arrived: which line, and when it arrived.
    arrived: Vec<(u32, Time)>,
    /// Bytes of the lines.
    length: u32,
    /// Bytes of the zstd frame.
    pub(super) packed: u32,
}

/// A head.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Head {
    Title(Title),
    Piece(PieceHead),
}

/// Lines of one partition with their offsets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    /// The lines, each with its end.
    pub text: Vec<u8>,
    runs: Vec<(i64, u32)>,
    arrived: Vec<(u32, Time)>,
    count: u32,
}

impl Lines {
    /// Notes the offset of the line that was added last, and its arrival where that came before the event's own time: only then it decides.
    pub fn note(&mut self, offset: i64, arrived: Option<Time>) {
        match self.runs.last_mut() {
            Some((first, count)) if *first + i64::from(*count) == offset => *count += 1,
            _ => self.runs.push((offset, 1)),
        }
        self.arrived.extend(arrived.map(|arrived| (self.count, arrived)));
        self.count += 1;
    }

    /// Each line.
    pub fn iter(&self) -> impl Iterator<Item = Line> {
        let offsets = self.runs.iter().flat_map(|(first, count)| (*first..).take(*count as usize));
        let mut arrived = self.arrived.iter().peekable();
        let mut begin = 0;
        (0_u32..).zip(offsets).map(move |(index, offset)| {
            let rest = &self.text[begin..];
            let end = begin + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            let place = begin..end;
            begin = (end + 1).min(self.text.len());
            Line { offset, arrived: arrived.next_if(|(of, _)| *of == index).map(|(_, arrived)| *arrived), place }
        })
    }
}

/// A line of a piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its offset.
    pub offset: i64,
    /// When it arrived, where that decides.
    pub arrived: Option<Time>,
    /// Where it stands in the text, without its end.
    pub place: Range<usize>,
}

/// From where to where a piece goes, and when it was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    pub(super) store: u64,
    pub(super) sequence: u64,
    pub(super) clock: Time,
    pub(super) from: NextOffset,
    pub(super) reached: Reached,
}

/// The bytes of a piece.
pub(super) fn piece(stretch: Stretch, lines: Lines, compressor: &mut zstd::bulk::Compressor<'_>) -> std::io::Result<Vec<u8>> {
    let length = u32::try_from(lines.text.len()).ok().filter(|length| *length <= LINES_MAX);
    let length = length.ok_or_else(|| std::io::Error::other("more lines than a piece may hold"))?;
    let packed = if length == 0 { Vec::new() } else { compressor.compress(&lines.text)? };
    let head = PieceHead {
        store: stretch.store,
        sequence: stretch.sequence,
        clock: stretch.clock,
        from: stretch.from,
        next: stretch.reached.next,
        last: stretch.reached.last.map(|last| (last.offset, last.hash)),
        runs: lines.runs,
        arrived: lines.arrived,
        length,
        packed: u32::try_from(packed.len()).map_err(std::io::Error::other)?,
    };
    let mut bytes = frame(&Head::Piece(head))?;
    bytes.extend_from_slice(&packed);
    let tail = tail(bytes.len() as u64);
    bytes.extend_from_slice(&tail);
    Ok(bytes)
}

/// The frame after a piece of so many bytes.
pub(super) fn tail(piece: u64) -> [u8; TAIL] {
    let mut bytes = [0; TAIL];
    bytes[..4].copy_from_slice(&MAGIC);
    bytes[4..FRONT].copy_from_slice(&12_u32.to_le_bytes());
    bytes[FRONT..FRONT + 4].copy_from_slice(&TAIL_SIGN);
    bytes[FRONT + 4..].copy_from_slice(&piece.to_le_bytes());
    bytes
}

/// The last frame in these bytes that comes after a piece: where it stands, and how many bytes the piece has.
pub(super) fn last_tail(bytes: &[u8]) -> Option<(usize, u64)> {
    let begin = tail(0);
    let at = bytes.windows(TAIL).rposition(|window| window.starts_with(&begin[..FRONT + 4]))?;
    let (_, length) = bytes[at..at + TAIL].split_last_chunk::<8>()?;
    Some((at, u64::from_le_bytes(*length)))
}

/// A hash of the id of a store.
pub(super) fn hash_of(store: &str) -> u64 {
    u64::from_le_bytes(hash(store.as_bytes()))
}

/// The bytes of a title.
pub(super) fn title(title: Title) -> std::io::Result<Vec<u8>> {
    frame(&Head::Title(title))
}

fn frame(head: &Head) -> std::io::Result<Vec<u8>> {
    let mut bytes = [&MAGIC[..], &[0; 4], &SIGN].concat();
    bytes = postcard::to_extend(head, bytes).map_err(std::io::Error::other)?;
    let hash = hash(&bytes[FRONT..]);
    bytes.extend_from_slice(&hash);
    let length = u32::try_from(bytes.len() - FRONT).map_err(std::io::Error::other)?;
    bytes[4..FRONT].copy_from_slice(&length.to_le_bytes());
    Ok(bytes)
}

fn hash(bytes: &[u8]) -> [u8; HASH] {
    let mut hasher = SipHasher13::new();
    hasher.write(bytes);
    hasher.finish().to_le_bytes()
}

/// Whether a file that begins with these bytes is one of ours.
pub(super) fn is_ours(begin: &[u8; FRONT + SIGN.len()]) -> bool {
    begin.starts_with(&MAGIC) && begin.ends_with(&SIGN)
}

/// Whether a file that holds no more than these bytes may become one of ours.
pub(super) fn may_be_ours(begin: &[u8]) -> bool {
    begin.iter().zip(MAGIC).all(|(byte, magic)| *byte == magic)
}

/// Bytes of the head whose frame begins so; `None` when no frame of ours does.
pub(super) fn head_length(front: [u8; FRONT]) -> Option<usize> {
    let (magic, length) = front.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(length.try_into().ok()?)).ok()?;
    (*magic == MAGIC && (SIGN.len() + HASH..=HEAD_MAX).contains(&length)).then_some(length)
}

/// The head in these bytes; `None` when they are not what was written.
pub(super) fn head(bytes: &[u8]) -> Option<Head> {
    let (body, found) = bytes.split_last_chunk::<HASH>()?;
    let head = body.strip_prefix(&SIGN).filter(|_| hash(body) == *found)?;
    postcard::from_bytes(head).ok()
}

impl PieceHead {
    /// How far the partition was read.
    pub(super) fn reached(&self) -> Reached {
        Reached { next: self.next, last: self.last.map(|(offset, hash)| Mark { offset, hash }) }
    }

    /// The lines in these bytes; `None` when they are not what was written.
    pub(super) fn lines(self, packed: &[u8]) -> Option<Lines> {
        let length = usize::try_from(self.length.min(LINES_MAX)).ok()?;
        let text = if length == 0 { Vec::new() } else { zstd::bulk::decompress(packed, length).ok()? };
        let count: u64 = self.runs.iter().map(|(_, count)| u64::from(*count)).sum();
        let is_whole = text.len() == length && text.iter().filter(|byte| **byte == b'\n').count() as u64 == count;
        is_whole.then(|| Lines { text, runs: self.runs, arrived: self.arrived, count: u32::try_from(count).unwrap_or(u32::MAX) })
    }
}
