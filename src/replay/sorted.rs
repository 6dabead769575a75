//! Facts in the order of their time, in bounded memory: sorted runs are spilled to a temporary file and merged at the end.
//!
//! Late events make facts that are older than many before them, so that nothing can be printed before everything is known.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use crate::model::Place;

/// Bytes of lines that are held before a run is spilled.
const RUN_BYTES: usize = 64 << 20;

/// Lines with their places; gives them back in order.
#[derive(Debug)]
pub struct Sorted {
    run_bytes: usize,
    held: Vec<(Place, String)>,
    held_bytes: usize,
    spilled: Vec<std::fs::File>,
}

impl Default for Sorted {
    fn default() -> Self {
        Self::with_run_bytes(RUN_BYTES)
    }
}

impl Sorted {
    /// Spills runs of about this many bytes.
    #[must_use]
    pub fn with_run_bytes(run_bytes: usize) -> Self {
        Self { run_bytes, held: Vec::new(), held_bytes: 0, spilled: Vec::new() }
    }

    /// Takes a line.
    ///
    /// # Errors
    /// When a run cannot be written to the folder for temporary files.
    pub fn push(&mut self, place: Place, line: String) -> io::Result<()> {
        self.held_bytes += line.len() + size_of::<(Place, String)>();
        self.held.push((place, line));
        if self.held_bytes >= self.run_bytes { self.spill() } else { Ok(()) }
    }

    /// Writes all lines in order.
    ///
    /// # Errors
    /// When a run cannot be read back, or `out` not be written.
    pub fn finish(mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.spilled.is_empty() {
            self.held.sort_unstable();
            return self.held.iter().try_for_each(|(_, line)| writeln!(out, "{line}"));
        }
        self.spill()?;
        let mut runs: Vec<Run> = self.spilled.into_iter().map(Run::open).collect::<io::Result<_>>()?;
        let mut heads = BinaryHeap::new();
        for (index, run) in runs.iter_mut().enumerate() {
            heads.extend(run.next()?.map(|entry| Reverse((entry, index))));
        }
        while let Some(Reverse(((_, line), index))) = heads.pop() {
            writeln!(out, "{line}")?;
            heads.extend(runs[index].next()?.map(|entry| Reverse((entry, index))));
        }
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        self.held.sort_unstable();
        let mut file = BufWriter::new(tempfile::tempfile()?);
        for (place, line) in self.held.drain(..) {
            let head = postcard::to_stdvec(&place).map_err(io::Error::other)?;
            for part in [&head[..], line.as_bytes()] {
                file.write_all(&u32::try_from(part.len()).map_err(io::Error::other)?.to_le_bytes())?;
                file.write_all(part)?;
            }
        }
        self.held_bytes = 0;
        let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        self.spilled.push(file);
        Ok(())
    }
}

/// A spilled run that is read back.
struct Run {
    file: BufReader<std::fs::File>,
}

impl Run {
    fn open(file: std::fs::File) -> io::Result<Self> {
        Ok(Self { file: BufReader::with_capacity(1 << 16, file) })
    }

    fn next(&mut self) -> io::Result<Option<(Place, String)>> {
        let Some(head) = self.part()? else { return Ok(None) };
        let line = self.part()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let place = postcard::from_bytes(&head).map_err(io::Error::other)?;
        Ok(Some((place, String::from_utf8(line).map_err(io::Error::other)?)))
    }

    fn part(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut length = [0; 4];
        match self.file.read_exact(&mut length) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        }
        let mut part = vec![0; u32::from_le_bytes(length) as usize];
        self.file.read_exact(&mut part)?;
        Ok(Some(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;

    #[test]
    fn spilled_runs_give_the_same_order_as_memory() {
        let lines: Vec<(Place, String)> = (0..2_000_u64)
            .map(|n| {
                let at = Time(i64::try_from(n * 7_919 % 1_009).unwrap());
                let deadline = (n % 3 == 0).then(|| (u8::try_from(n % 2).unwrap(), format!("c{}", n % 5), 0));
                (Place { at, deadline, sequence: n }, format!("line {n}"))
            })
            .collect();
        let print = |mut sorted: Sorted| {
            for (place, line) in lines.clone() {
                sorted.push(place, line).unwrap();
            }
            let mut out = Vec::new();
            sorted.finish(&mut out).unwrap();
            out
        };
        let memory = print(Sorted::default());
        assert_eq!(memory, print(Sorted::with_run_bytes(5_000)));
        assert_eq!(memory.iter().filter(|byte| **byte == b'\n').count(), 2_000);
    }
}
