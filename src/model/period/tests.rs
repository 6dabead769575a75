use proptest::prelude::*;

use super::*;

const ZONES: [&str; 16] = [
    "UTC",
    "Asia/Shanghai",
    "Europe/Berlin",
    "Europe/Rome",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Asia/Beirut",
    "Atlantic/Azores",
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "America/Toronto",
    "America/Havana",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Asia/Gaza",
];

fn zone(name: &str) -> Zone {
    Zone::new(name).unwrap()
}

fn at(text: &str) -> Time {
    Time(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

fn day(text: &str) -> Day {
    Day::of(text.parse().unwrap())
}

fn start(zone_name: &str, date: &str) -> String {
    let start = zone(zone_name).start(day(date));
    jiff::Timestamp::from_millisecond(start.0).unwrap().to_string()
}

/// The rule itself, slowly: the latest date that was shown in the day up to `at`, minute by minute.
fn latest_date_shown(zone: &Zone, at: Time) -> Day {
    let shown = |at: Time| Day::of(jiff::Timestamp::from_millisecond(at.0).unwrap().to_zoned(zone.tz().clone()).date());
    let first = at.0 - 30 * Span::HOUR.0;
    let minutes = (first.div_euclid(60_000)..=at.0.div_euclid(60_000)).map(|minute| Time(minute * 60_000).max(Time(first)));
    minutes.chain([at]).map(shown).max().unwrap()
}

#[test]
fn a_day_starts_at_midnight() {
    assert_eq!(start("Asia/Shanghai", "2026-11-23"), "2026-11-22T16:00:00Z");
    assert_eq!(start("UTC", "2026-11-23"), "2026-11-23T00:00:00Z");
    assert_eq!(start("America/Toronto", "2026-07-01"), "2026-07-01T04:00:00Z");
}

#[test]
fn a_day_of_a_clock_change_has_23_or_25_hours() {
    let berlin = zone("Europe/Berlin");
    let length = |date: &str| berlin.start(day(date).next()) - berlin.start(day(date));
    assert_eq!(length("2026-03-29"), Span(23 * Span::HOUR.0));
    assert_eq!(length("2026-10-25"), Span(25 * Span::HOUR.0));
    assert_eq!(length("2026-10-26"), Span::DAY);
}

#[test]
fn a_day_whose_midnight_is_skipped_starts_with_the_jump() {
    // Clocks went from 24:00 to 01:00.
    assert_eq!(start("America/Sao_Paulo", "2018-11-04"), "2018-11-04T03:00:00Z");
    assert_eq!(start("Asia/Beirut", "2024-03-31"), "2024-03-30T22:00:00Z");
    assert_eq!(start("Africa/Cairo", "2026-04-24"), "2026-04-23T22:00:00Z");
    assert_eq!(start("Atlantic/Azores", "2026-03-29"), "2026-03-29T01:00:00Z");
    let zone = zone("America/Sao_Paulo");
    assert_eq!(zone.day(at("2018-11-04T02:59:59.999Z")), day("2018-11-03"));
    assert_eq!(zone.day(at("2018-11-04T03:00:00Z")), day("2018-11-04"));
}

#[test]
fn a_day_goes_on_when_clocks_are_set_back_over_midnight() {
    // On the 31st at 01:00 clocks in the Azores go back to 00:00; in Cairo, Beirut and Sao Paulo at 24:00 back to 23:00.
    let azores = zone("Atlantic/Azores");
    assert_eq!(azores.day(at("2026-10-25T00:30:00Z")), day("2026-10-25"));
    assert_eq!(azores.day(at("2026-10-25T01:30:00Z")), day("2026-10-25"));
    for (name, changed) in
        [("Africa/Cairo", "2026-10-29T21:00:00Z"), ("Asia/Beirut", "2024-10-26T21:00:00Z"), ("America/Sao_Paulo", "2018-02-18T02:00:00Z")]
    {
        let zone = zone(name);
        let changed = at(changed);
        let before = zone.day(changed - Span(1));
        assert_eq!(zone.day(changed), before, "{name}: 24:00 was shown as 23:00, the new date not yet");
        assert_eq!(zone.day(changed + Span(Span::HOUR.0 - 1)), before, "{name}");
        assert_eq!(zone.day(changed + Span::HOUR), before.next(), "{name}");
        assert_eq!(zone.start(before.next()), changed + Span::HOUR, "{name}");
    }
}

#[test]
fn a_new_date_once_shown_is_not_taken_back() {
    // From 1987 to 2011 clocks in St. John's went back from 00:01 to 23:01 of the day before.
    let zone = zone("America/St_Johns");
    let changed = at("2010-11-07T02:31:00Z");
    assert_eq!(zone.day(changed - Span(1)), day("2010-11-07"));
    assert_eq!(zone.day(changed), day("2010-11-07"));
    assert_eq!(zone.start(day("2010-11-07")), changed - Span::MINUTE);
    assert_eq!(zone.start(day("2010-11-08")) - zone.start(day("2010-11-07")), Span(25 * Span::HOUR.0));
}

#[test]
fn no_day_is_left_and_entered_again() {
    for name in ZONES {
        let zone = zone(name);
        for stretch in &zone.stretches[1..] {
            let days: Vec<_> = (-60..60).map(|halves| zone.day(stretch.start + Span(halves * Span::HOUR.0 / 2))).collect();
            assert!(days.is_sorted(), "{name} {stretch:?}");
        }
    }
}

#[test]
fn shanghai_had_summer_time_from_1986_to_1991() {
    assert_eq!(start("Asia/Shanghai", "1986-05-04"), "1986-05-03T16:00:00Z");
    assert_eq!(start("Asia/Shanghai", "1988-07-01"), "1988-06-30T15:00:00Z");
    assert_eq!(start("Asia/Shanghai", "1991-09-15"), "1991-09-14T15:00:00Z");
    assert_eq!(start("Asia/Shanghai", "1991-09-16"), "1991-09-15T16:00:00Z");
}

#[test]
fn a_date_that_a_zone_skips_has_no_instant() {
    let apia = zone("Pacific/Apia");
    assert_eq!(apia.start(day("2011-12-30")), apia.start(day("2011-12-31")));
    assert_eq!(start("Pacific/Apia", "2011-12-31"), "2011-12-30T10:00:00Z");
    assert_eq!(apia.day(at("2011-12-30T09:59:59.999Z")), day("2011-12-29"));
    assert_eq!(apia.day(at("2011-12-30T10:00:00Z")), day("2011-12-31"));
    let parts: Vec<_> = apia.split(at("2011-12-30T09:00:00Z"), at("2011-12-30T11:00:00Z")).collect();
    assert_eq!(parts, [(day("2011-12-29"), Span::HOUR), (day("2011-12-31"), Span::HOUR)]);
}

#[test]
fn months_start_with_their_first_day_and_end_with_the_next() {
    let shanghai = zone("Asia/Shanghai");
    let month = shanghai.month(at("2026-02-28T15:59:59.999Z"));
    assert_eq!((month.to_string(), month.next().to_string()), ("2026-02".into(), "2026-03".into()));
    assert_eq!(shanghai.month(at("2026-02-28T16:00:00Z")), month.next());
    assert_eq!(shanghai.month_start(month.next()), at("2026-02-28T16:00:00Z"));
    assert_eq!(month.first_day(), day("2026-02-01"));
    assert_eq!(Day(0).month().to_string(), "1970-01");
    assert_eq!(day("1969-12-31"), Day(-1));
    assert_eq!(day("2099-12-31").month().next().first_day(), day("2100-01-01"));
}

#[test]
fn days_print_as_dates() {
    assert_eq!(day("2026-02-28").next().to_string(), "2026-03-01");
    assert_eq!(Day(0).to_string(), "1970-01-01");
}

#[test]
fn instants_that_no_event_can_have_have_a_day_too() {
    for name in ZONES {
        let zone = zone(name);
        assert!(zone.day(Time::MIN) < day("1900-01-01"));
        assert!(zone.day(Time::MAX) > day("2100-01-01"));
        assert!(zone.month(Time::MIN) < zone.month(Time::MAX));
    }
}

#[test]
fn an_empty_or_reversed_interval_has_no_parts() {
    let utc = Zone::utc();
    assert_eq!(utc.split(Time(5), Time(5)).count(), 0);
    assert_eq!(utc.split(Time(6), Time(5)).count(), 0);
}

proptest! {
    #[test]
    fn a_day_is_the_latest_date_shown(index in 0..ZONES.len(), minute in 8_000_000_i64..68_000_000, ms in 0_i64..60_000) {
        let zone = zone(ZONES[index]);
        let at = Time(minute * 60_000 + ms);
        prop_assert_eq!(zone.day(at), latest_date_shown(&zone, at));
    }

    #[test]
    fn around_a_clock_change_too(index in 0..ZONES.len(), change in any::<prop::sample::Index>(), minutes in -1_600_i64..1_600) {
        let zone = zone(ZONES[index]);
        let stretch = &zone.stretches[change.index(zone.stretches.len())];
        let at = stretch.start.max(at("1980-01-01T00:00:00Z")) + Span(minutes * 60_000);
        prop_assert_eq!(zone.day(at), latest_date_shown(&zone, at));
    }

    #[test]
    fn a_day_starts_at_its_first_instant(index in 0..ZONES.len(), number in 3_000_i32..47_000) {
        let (zone, day) = (zone(ZONES[index]), Day(number));
        let start = zone.start(day);
        prop_assert!(zone.day(start) >= day);
        prop_assert!(zone.day(start - Span(1)) < day);
        prop_assert!(start <= zone.start(day.next()));
    }

    #[test]
    fn the_parts_of_an_interval_add_up_and_lie_in_their_days(index in 0..ZONES.len(), from in 500_000_i64..1_100_000, length in 0_i64..9_000_000) {
        let zone = zone(ZONES[index]);
        let (from, length) = (Time(from * 3_600_000), Span(length * 100));
        let parts: Vec<_> = zone.split(from, from + length).collect();
        prop_assert_eq!(parts.iter().map(|(_, part)| *part).sum::<Span>(), length);
        let mut at = from;
        for (day, part) in parts {
            prop_assert_eq!(zone.day(at), day);
            at = at + part;
            prop_assert_eq!(zone.day(at - Span(1)), day);
        }
    }
}
