//! What is shown now: who waits, and open complaints.

use super::script::{Run, clock, settings, time};
use crate::model::Span;

fn waiting(run: &Run) -> Vec<String> {
    let mut lines: Vec<String> = run
        .fold
        .waiting(Vec::new())
        .into_iter()
        .map(|now| {
            let judged = now.judged_from.map_or("-".to_owned(), clock);
            let deadline = now.deadline.map_or("-".to_owned(), clock);
            let agent = now.agent.as_deref().unwrap_or("nobody");
            format!("{} {agent} since {} judged {judged} until {deadline}", now.conversation, clock(now.since))
        })
        .collect();
    lines.sort();
    assert_eq!(run.fold.table.places.waiting_count(), lines.len());
    lines
}

#[test]
fn every_open_waiting_period_is_shown_with_its_clocks() {
    let mut run = Run::new(settings(Vec::new()));
    run.play(
        "09:00:00 c1 started bot waiting team=x channel=web
         09:00:01 c2 started waiting
         09:00:02 c2 assigned amy
         09:00:03 c3 started waiting
         09:00:04 t1 started waiting
         09:00:05 c3 says amy
         clock 09:05:00",
    );
    let wanted = [
        "c1 nobody since 09:00:00 judged - until -",
        "c2 amy since 09:00:01 judged 09:00:01 until 09:00:31",
        "t1 nobody since 09:00:04 judged 09:00:04 until -",
    ];
    assert_eq!(waiting(&run), wanted);
    let first = run.fold.waiting(Vec::new()).into_iter().find(|now| now.conversation == "c1").unwrap();
    assert_eq!((first.team.as_deref(), first.target), (Some("x"), None));
    assert_eq!(run.fold.waiting(Vec::new()).into_iter().find(|now| now.conversation == "c2").unwrap().target, Some(Span(30_000)));
}

#[test]
fn ended_merged_and_answered_conversations_wait_no_more() {
    let mut run = Run::new(settings(Vec::new()));
    run.play(
        "09:00:00 c1 started waiting
         09:00:01 t1 started waiting
         09:00:02 t2 started
         09:00:10 c1 ended abandoned
         09:00:11 t1 merged t2",
    );
    assert_eq!(waiting(&run), ["t2 nobody since 09:00:01 judged 09:00:01 until -"]);
    run.play("09:01:00 t2 says amy");
    assert_eq!(waiting(&run), [""; 0]);
}

#[test]
fn open_complaints_are_counted_by_team_with_the_oldest() {
    let mut run = Run::new(settings(Vec::new()));
    run.play(
        "09:00:00 t1 started kind=complaint team=x
         09:00:01 t2 started kind=complaint team=x
         09:00:02 t3 started kind=complaint
         09:00:03 t4 started kind=question team=y
         09:00:04 t5 started kind=complaint team=x
         09:00:05 t5 status closed
         09:00:06 t1 status closed",
    );
    let found: Vec<_> = run.fold.complaints().into_iter().map(|open| (open.team, open.count, open.oldest_raised_at)).collect();
    assert_eq!(found, [(None, 1, time("09:00:02")), (Some("x".into()), 1, time("09:00:01"))]);
    run.play("09:01:00 t1 status open");
    let found: Vec<_> = run.fold.complaints().into_iter().map(|open| (open.count, open.oldest_raised_at)).collect();
    assert_eq!(found, [(1, time("09:00:02")), (2, time("09:00:00"))]);
}

#[test]
fn who_waits_is_shown_once_however_often_they_are_answered_and_wait_again() {
    let mut run = Run::new(settings(Vec::new()));
    let mut expected = std::collections::BTreeSet::new();
    for round in 0..4 {
        for chat in 0..1_500 {
            let (name, is_answered) = (format!("c{chat}"), (chat + round) % 3 == 0);
            run.play(&format!("09:0{round}:00 {name} customer"));
            expected.insert(name.clone());
            if is_answered {
                run.play(&format!("09:0{round}:00 {name} says amy"));
                expected.remove(&name);
            }
        }
        let mut shown: Vec<_> = run.fold.waiting(Vec::new()).into_iter().map(|now| now.conversation.to_string()).collect();
        shown.sort();
        assert_eq!(shown, expected.iter().cloned().collect::<Vec<_>>(), "round {round}");
    }
}
