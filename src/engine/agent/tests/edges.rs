use proptest::prelude::*;

use super::super::edges::Edges;
use super::*;

type Stretches = Vec<(i64, i64, u32)>;

fn swept(edges: &Edges, from: i64, to: i64) -> Stretches {
    let mut found = Vec::new();
    edges.sweep(Time(from), Time(to), |from, to, load| found.push((from.0, to.0, load)));
    found
}

/// The same, from a plain list.
fn counted(list: &[(i64, bool)], from: i64, to: i64) -> Stretches {
    let load = |at: i64| -> u32 {
        let before = list.iter().filter(|(time, _)| *time <= at);
        u32::try_from(before.map(|(_, begins)| if *begins { 1 } else { -1 }).sum::<i64>()).unwrap()
    };
    let mut cuts: Vec<i64> = list.iter().map(|(at, _)| *at).filter(|at| from < *at && *at < to).chain([from, to]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    if from < to { cuts.windows(2).map(|pair| (pair[0], pair[1], load(pair[0]))).collect() } else { Vec::new() }
}

fn put(edges: &mut Edges, list: &mut Vec<(i64, bool)>, at: i64, begins: bool) {
    if list.iter().all(|(other, _)| *other <= at) {
        edges.push(Time(at), begins);
    } else {
        edges.insert(Time(at), begins);
    }
    list.push((at, begins));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn late_edges_take_their_place(intervals in prop::collection::vec((0_i64..40, 0_i64..900, 0_i64..100), 0..400), from in 0_i64..9_000, length in 0_i64..9_000) {
        let (mut edges, mut list, mut now) = (Edges::default(), Vec::new(), 1_000);
        for (wait, late, length) in intervals {
            now += wait;
            put(&mut edges, &mut list, now - late, true);
            put(&mut edges, &mut list, now - late + length, false);
        }
        prop_assert_eq!(edges.load(), 0);
        prop_assert_eq!(swept(&edges, from, from + length), counted(&list, from, from + length));
    }
}

/// An agent who handles one chat after another, a second each.
fn one_after_another(edges: &mut Edges, seconds: std::ops::Range<i64>) {
    for second in seconds {
        edges.push(Time(second * 1_000), true);
        edges.push(Time(second * 1_000 + 500), false);
    }
}

fn rows(edges: &mut Edges) -> (usize, usize) {
    let (mut put, mut removed) = (0, 0);
    edges.changes(|_, block| if block.is_some() { put += 1 } else { removed += 1 });
    (put, removed)
}

#[test]
fn old_edges_are_forgotten_in_whole_blocks() {
    let mut edges = Edges::default();
    one_after_another(&mut edges, 0..640);
    assert_eq!(rows(&mut edges), (10, 0));
    edges.forget(Time(320_000));
    assert_eq!(rows(&mut edges), (0, 5));
    assert!(edges.begin() <= Time(320_000) && edges.begin() > Time(310_000));
    assert_eq!(swept(&edges, 320_000, 321_000), [(320_000, 320_500, 1), (320_500, 321_000, 0)]);
}

#[test]
fn edges_are_kept_as_long_as_something_before_them_is_open() {
    let mut edges = Edges::default();
    one_after_another(&mut edges, 0..200);
    edges.push(Time(200_000), true);
    one_after_another(&mut edges, 201..840);
    edges.forget(Time(800_000));
    assert!(edges.begin() <= Time(200_000) && edges.begin() > Time(100_000), "{:?}", edges.begin());
    assert!(edges.busy_since().is_some_and(|since| since <= Time(200_000)));
    edges.push(Time(840_000), false);
    assert_eq!(edges.busy_since(), None);
    edges.forget(Time(800_000));
    assert!(edges.begin() > Time(700_000));
}

#[test]
fn there_are_never_more_blocks_than_the_limit() {
    let mut edges = Edges::default();
    edges.push(Time(0), true);
    one_after_another(&mut edges, 1..40_000);
    edges.forget(Time(0));
    assert_eq!(rows(&mut edges).0, 512);
    assert_eq!(swept(&edges, 39_999_000, 40_000_000), [(39_999_000, 39_999_500, 2), (39_999_500, 40_000_000, 1)]);
}

#[test]
fn blocks_come_back_in_any_order() {
    let mut edges = Edges::default();
    one_after_another(&mut edges, 0..300);
    let mut blocks = Vec::new();
    edges.changes(|number, block| blocks.extend(block.map(|block| (number, block.clone()))));
    let mut restored = Edges::default();
    blocks.into_iter().rev().for_each(|(number, block)| restored.restore(number, block));
    assert_eq!(swept(&restored, 0, 300_000), swept(&edges, 0, 300_000));
    assert_eq!((restored.load(), restored.begin()), (edges.load(), edges.begin()));
    assert_eq!(rows(&mut restored), (0, 0), "what is stored has not changed");
}

#[test]
fn a_late_edge_counts_in_all_later_blocks() {
    let mut edges = Edges::default();
    one_after_another(&mut edges, 0..300);
    edges.insert(Time(10_750), true);
    assert_eq!(edges.load(), 1);
    for second in [50_000, 100_000, 299_000] {
        assert_eq!(swept(&edges, second, second + 1_000), [(second, second + 500, 2), (second + 500, second + 1_000, 1)]);
    }
    edges.insert(Time(150_750), false);
    assert_eq!(edges.load(), 0);
    assert_eq!(swept(&edges, 140_500, 141_500), [(140_500, 141_000, 1), (141_000, 141_500, 2)]);
    assert_eq!(swept(&edges, 250_000, 251_000), [(250_000, 250_500, 1), (250_500, 251_000, 0)]);
}
