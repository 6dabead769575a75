//! The deadline queue by itself.

use super::script::{Run, settings};
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

/// More deadlines in one second than are looked up at a time, two in three of them stale when it comes.
#[test]
fn of_many_deadlines_in_one_second_those_fire_that_still_stand() {
    let mut run = Run::new(settings(Vec::new()));
    // While this one stands first, the others lie in a second that has not come.
    run.play("08:59:59 first started waiting");
    for chat in 0..300 {
        run.play(&format!("09:00:00 c{chat} started waiting"));
    }
    for chat in (0..300).filter(|chat| chat % 3 > 0) {
        run.play(&format!("09:00:10 c{chat} says amy"));
    }
    run.play("clock 09:01:00");
    let breaches = run.lines().into_iter().filter(|line| line.contains("breach")).count();
    assert_eq!(breaches, 101);
}
