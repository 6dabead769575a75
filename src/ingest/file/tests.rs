use std::io::Write;

use super::*;

/// Numbers and values of all lines, read through a buffer of `buffer` bytes.
fn lines(text: &[u8], buffer: usize) -> Vec<(i64, Vec<u8>)> {
    let mut lines = Lines::new(BufReader::with_capacity(buffer, text));
    let mut read = Vec::new();
    while lines.next_line().unwrap() {
        read.push((lines.number, lines.line.clone()));
    }
    read
}

fn values(text: &[u8]) -> Vec<Vec<u8>> {
    let wanted = lines(text, 1 << 16);
    for buffer in [1, 2, 3, 7] {
        assert_eq!(lines(text, buffer), wanted, "the size of the buffer shows");
    }
    wanted.into_iter().map(|(_, value)| value).collect()
}

#[test]
fn lines_end_with_lf_or_crlf_and_the_last_end_makes_no_record() {
    assert_eq!(values(b"a\nb\r\nc"), [b"a", b"b", b"c"]);
    assert_eq!(values(b"a\n"), [b"a"]);
    assert_eq!(values(b""), Vec::<Vec<u8>>::new());
}

#[test]
fn blank_lines_are_tombstones_and_are_numbered() {
    assert_eq!(values(b"\n \t\r\na\n\n"), [&b""[..], b"", b"a", b""]);
    assert_eq!(lines(b"\n\nx\n", 8)[2], (3, b"x".to_vec()));
    assert_eq!(values(b"  "), [b""]);
}

#[test]
fn a_carriage_return_inside_a_line_belongs_to_the_record() {
    assert_eq!(values(b"a\rb\r\r\n"), [b"a\rb\r"]);
    assert_eq!(values(b" a \n"), [b" a "]);
}

#[test]
fn a_line_of_the_limit_is_whole_and_one_more_byte_is_too_large() {
    for end in [&b"\n"[..], b"\r\n", b""] {
        for (length, kept) in [(RECORD_LIMIT, RECORD_LIMIT), (RECORD_LIMIT + 1, RECORD_LIMIT + 1), (RECORD_LIMIT + 2, RECORD_LIMIT + 1)] {
            let text = [&vec![b'x'; length][..], end].concat();
            let read = lines(&text, 4_096);
            assert_eq!(read.len(), 1);
            assert_eq!(read[0].1.len(), kept, "{length} bytes and {end:?}");
        }
    }
}

#[test]
fn a_huge_line_is_not_held_and_the_next_line_is_intact() {
    let huge = io::repeat(b'x').take(50_000_000);
    let mut lines = Lines::new(BufReader::new(huge.chain(&b"\nnext\n"[..])));
    assert!(lines.next_line().unwrap());
    assert_eq!(lines.line.len(), RECORD_LIMIT + 1);
    assert!(lines.line.capacity() <= 4 * RECORD_LIMIT);
    assert!(lines.next_line().unwrap());
    assert_eq!((lines.number, &lines.line[..]), (2, &b"next"[..]));
}

#[test]
fn white_space_over_the_limit_is_too_large_and_no_tombstone() {
    let text = vec![b' '; RECORD_LIMIT + 5];
    assert_eq!(lines(&text, 4_096)[0].1.len(), RECORD_LIMIT + 1);
}

#[test]
fn a_file_is_read_in_batches_with_positions() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    for number in 0..2_500 {
        writeln!(file, "line {number}").unwrap();
    }
    let mut reader = FileReader::open(file.path(), 3).unwrap();
    let mut sizes = Vec::new();
    let mut next = 1;
    while let Some(batch) = reader.read_batch().unwrap() {
        sizes.push(batch.len());
        for record in batch.iter() {
            assert_eq!(record.position, Position { partition: PartitionId { topic: 3, partition: 0 }, offset: next });
            assert_eq!(record.value, format!("line {}", next - 1).as_bytes());
            assert_eq!(record.arrived, None);
            next += 1;
        }
    }
    assert_eq!(sizes, [1_000, 1_000, 500]);
}

#[test]
fn a_file_that_is_not_there_and_a_directory_are_named() {
    let missing = FileReader::open(Path::new("no/such/file.ndjson"), 0).err().unwrap().to_string();
    assert!(missing.contains("no/such/file.ndjson") && missing.contains("NDJSON"), "{missing}");
    let directory = FileReader::open(&std::env::temp_dir(), 0).err().unwrap().to_string();
    assert!(directory.contains("directory"), "{directory}");
}
