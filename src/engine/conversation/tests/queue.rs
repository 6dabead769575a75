//! The deadline queue by itself.

use super::script::{Run, settings};
use crate::engine::conversation::deadlines::{Deadlines, Named};
use crate::engine::conversation::places::Deadline;
use crate::engine::signal::{DeadlineClass, DeadlineKey};
use crate::model::Time;

/// An entry whose place stands for its medium.
fn entry(at: i64, place: u32, which: u8) -> Deadline {
    Deadline { at: Time(at), place, which }
}

fn named(entry: Deadline) -> Named {
    let class = if entry.place == 1 { DeadlineClass::Chat } else { DeadlineClass::Ticket };
    (DeadlineKey { at: entry.at, class, id: "c1".into(), which: entry.which }, entry)
}

/// Takes all out, in the order in which they fire.
fn taken(mut queue: Deadlines) -> Vec<Deadline> {
    let all = |entries: &[Deadline]| entries.iter().copied().map(named).collect();
    std::iter::from_fn(|| queue.first(all).is_some().then(|| queue.pop()).flatten()).map(|(_, entry)| entry).collect()
}

#[test]
fn the_earliest_comes_first_then_by_medium_id_and_number() {
    let mut queue = Deadlines::default();
    let (ticket, second, first, later) = (entry(5, 2, 0), entry(5, 1, 1), entry(5, 1, 0), entry(7, 1, 0));
    for entry in [ticket, second, first, later] {
        queue.push(entry, || named(entry).0);
    }
    assert_eq!(taken(queue), [first, second, ticket, later]);
}

#[test]
fn what_comes_into_a_second_that_has_come_takes_its_place_there() {
    let mut queue = Deadlines::default();
    let all = |entries: &[Deadline]| entries.iter().copied().map(named).collect();
    for entry in [entry(5, 2, 0), entry(900, 1, 0)] {
        queue.push(entry, || named(entry).0);
    }
    assert_eq!(queue.first(all).map(|(_, entry)| *entry), Some(entry(5, 2, 0)));
    let (before, between) = (entry(5, 1, 0), entry(7, 1, 0));
    for entry in [between, before] {
        queue.push(entry, || named(entry).0);
    }
    assert_eq!(taken(queue), [before, entry(5, 2, 0), between, entry(900, 1, 0)]);
}

#[test]
fn stale_entries_do_not_pile_up() {
    let mut queue = Deadlines::default();
    for at in 0..1_000_000 {
        queue.push(entry(at, 1, 0), || named(entry(at, 1, 0)).0);
        queue.clean_up(|entry| entry.at.0 % 1_000 == 0);
    }
    let left = taken(queue).len();
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
