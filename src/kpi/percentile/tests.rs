use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use proptest::prelude::*;

use super::*;

/// The exact nearest rank: the smallest sample that `percent` of a hundred samples do not exceed.
fn nearest_rank(sorted: &[i64], percent: usize) -> i64 {
    sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1]
}

fn counted(samples: &[i64]) -> Sparse {
    let mut sparse = Sparse::default();
    samples.iter().for_each(|sample| sparse.add(Span(*sample)));
    sparse
}

/// Times from milliseconds to decades, many of them alike.
fn samples(most: usize) -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec((0..40_u32, any::<u64>()).prop_map(|(bits, value)| (value & ((1 << bits) - 1)) as i64), 1..most)
}

/// Buckets that rise, near each other and far, and a count of each that is not 0.
fn entries(most: usize) -> impl Strategy<Value = BTreeMap<u16, i64>> {
    let bucket = prop_oneof![0..20_u16, 0..3_000_u16, Just(u16::MAX)];
    prop::collection::btree_map(bucket, prop_oneof![-3..0_i64, 1..4_i64, 60..70_i64], 0..most)
}

proptest! {
    #[test]
    fn a_few_counts_more_give_what_adding_up_every_entry_gives(known in entries(40), few in entries(8)) {
        let each = |of: &BTreeMap<u16, i64>| of.clone().into_iter();
        let packed = merged(each(&known), std::iter::empty());
        prop_assert_eq!(packed.with(each(&few)), merged(each(&known), each(&few)));
        let undone = packed.with(each(&few)).with(each(&few).map(|(bucket, count)| (bucket, -count)));
        prop_assert_eq!(undone, packed);
    }

    #[test]
    fn buckets_are_those_of_hdrhistogram(value in (0..42_u32, any::<u64>()).prop_map(|(bits, value)| value & ((1 << bits) - 1))) {
        let histogram = Histogram::<u64>::new_with_bounds(1, 1 << 42, 3).unwrap();
        prop_assert_eq!(Bucket::from(Span(value as i64)).lower_edge().0 as u64, histogram.lowest_equivalent(value));
    }

    #[test]
    fn percentiles_are_at_most_a_thousandth_below_the_nearest_rank(mut values in samples(300)) {
        let found = counted(&values).percentiles([1, 50, 90, 99, 100]);
        values.sort_unstable();
        for (percent, found) in [1, 50, 90, 99, 100].into_iter().zip(found) {
            let (exact, found) = (nearest_rank(&values, percent), found.unwrap().0);
            prop_assert!(found <= exact && (exact - found) * 1_000 <= exact, "p{}: {} for {}", percent, found, exact);
        }
    }

    #[test]
    fn samples_taken_back_and_added_up_leave_no_trace(kept in samples(150), other in samples(150), taken in samples(150), order in any::<u64>()) {
        let mut sum = counted(&kept);
        taken.iter().for_each(|sample| sum.add(Span(*sample)));
        sum.merge(&counted(&other));
        let mut taken = taken;
        let middle = order as usize % taken.len();
        taken.rotate_left(middle);
        taken.iter().for_each(|sample| sum.take_back(Span(*sample)));
        prop_assert_eq!(sum, counted(&[kept, other].concat()));
    }

    #[test]
    fn counts_come_back_as_they_were_stored(values in samples(200)) {
        let sparse = counted(&values);
        let bytes = postcard::to_stdvec(&sparse).unwrap();
        prop_assert_eq!(&bytes, &postcard::to_stdvec(&sparse.whole().0).unwrap(), "as a list of bytes is, which it was");
        prop_assert_eq!(postcard::from_bytes::<Sparse>(&bytes).unwrap(), sparse);
    }

    #[test]
    fn damaged_bytes_are_refused_or_read_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(mut sparse) = postcard::from_bytes::<Sparse>(&bytes) {
            sparse.add(Span(1));
            prop_assert_eq!(sparse.clone().percentiles([50]), sparse.percentiles([50]));
        }
    }
}

#[test]
fn no_sample_has_no_percentile() {
    let mut sparse = Sparse::default();
    assert_eq!(sparse.percentiles([50]), [None]);
    sparse.add(Span(20_000));
    sparse.take_back(Span(20_000));
    assert_eq!(sparse.percentiles([50]), [None]);
}

#[test]
fn one_sample_is_every_percentile() {
    assert_eq!(counted(&[20_000]).percentiles([50, 90, 99]), [Some(Span(20_000)); 3]);
}

#[test]
fn a_hundred_spread_answers_take_at_most_two_bytes_each() {
    let values: Vec<i64> = (0..100).map(|index| 3_000 + index * 977).collect();
    let bytes = postcard::to_stdvec(&counted(&values)).unwrap();
    assert!(bytes.len() <= 200, "{} bytes", bytes.len());
}

#[test]
fn the_longest_span_has_a_bucket() {
    assert!(Bucket::from(Span(i64::MAX)).lower_edge().0 > i64::MAX / 1_000 * 999);
    assert_eq!(Bucket::from(Span(-5)), Bucket(0));
}
