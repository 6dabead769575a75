//! The deadline queue by itself.

use crate::engine::conversation::deadlines::Deadlines;
use crate::engine::signal::{DeadlineClass, DeadlineKey};
use crate::model::Time;

fn key(at: i64) -> DeadlineKey {
    DeadlineKey { at: Time(at), class: DeadlineClass::Chat, id: "c1".into(), which: 0 }
}

#[test]
fn the_earliest_comes_first_then_by_medium_id_and_number() {
    let mut queue = Deadlines::default();
    let ticket = DeadlineKey { class: DeadlineClass::Ticket, ..key(5) };
    let second = DeadlineKey { which: 1, ..key(5) };
    for key in [&ticket, &second, &key(5), &key(7)] {
        queue.push(key.clone());
    }
    let order: Vec<DeadlineKey> = std::iter::from_fn(|| queue.first(|_| {}).cloned().and_then(|_| queue.pop())).collect();
    assert_eq!(order, [key(5), second, ticket, key(7)]);
}

#[test]
fn stale_entries_do_not_pile_up() {
    let mut queue = Deadlines::default();
    for at in 0..1_000_000 {
        queue.push(key(at));
        queue.clean_up(|keys| keys.retain(|key| key.at.0 % 1_000 == 0));
    }
    let left = std::iter::from_fn(|| queue.first(|_| {}).cloned().and_then(|_| queue.pop())).count();
    assert!((1_000..70_000).contains(&left), "{left}");
}
