use super::catalogue::{KPI_SERIES, Kind, SERVICE_SERIES};
use super::*;
use crate::engine::{AgentNow, Match, OpenComplaints, WaitingNow};
use crate::kpi::{CATALOGUE, KpiSettings, Kpis, Numbers, Period, Scope, State};
use crate::model::{
    Because, Category, ConversationRef, Fact, FactKind, Medium, Month, Outcome, Output, Posted, Sla, Span, SpentTime, Tally, Wait,
    WithdrawnSample,
};

const NOW: Time = Time(1_700_000_060_000);

fn agent(agent: &str, status: &str) -> AgentNow {
    AgentNow {
        agent: agent.into(),
        team: Some("presale".into()),
        status: Some(status.into()),
        category: Some(Category::Available),
        since: Some(Time(1_700_000_000_500)),
        open: 2,
        waiting: 1,
        longest_wait_since: Some(Time(1_700_000_010_000)),
    }
}

fn live() -> LiveView {
    let waiting = WaitingNow {
        medium: Medium::Chat,
        conversation: "c9".into(),
        team: Some("presale".into()),
        agent: Some("amy".into()),
        since: Time(1_700_000_010_000),
        judged_from: Some(Time(1_700_000_030_000)),
        target: Some(Span(30_000)),
        deadline: Some(Time(1_700_000_060_000)),
    };
    LiveView {
        clock: Time(1_700_000_058_000),
        waiting: vec![waiting],
        agents: vec![agent("amy", "available")],
        complaints: vec![OpenComplaints { team: Some("care".into()), count: 2, oldest_raised_at: Time(1_699_999_000_000) }],
    }
}

fn fact(agent: &str, kind: FactKind) -> Posted {
    let conversation = ConversationRef { medium: Medium::Chat, id: "c1".into(), cycle: 1, channel: Some("web".into()) };
    let fact = Fact {
        at: Time(1_700_000_050_000),
        by_deadline: false,
        team: Some("presale".into()),
        agent: (!agent.is_empty()).then(|| agent.into()),
        conversation: Some(conversation),
        kind,
    };
    Posted { clock: fact.at, output: Output::Fact(Box::new(fact)) }
}

fn response(agent: &str, ms: i64) -> Posted {
    let wait = Wait {
        opened_at: Time(0),
        wait: Span(ms),
        seconds: Span(ms),
        business: None,
        target: Some(Span(30_000)),
        within: Some(ms <= 30_000),
        held: Vec::new(),
        people: true,
        offered: true,
    };
    fact(agent, FactKind::Response { first: true, wait, own: Span(ms) })
}

fn resolved() -> Posted {
    let minute = Span(60_000);
    let kind = FactKind::Resolved {
        outcome: Outcome::Resolved,
        seconds: minute,
        active: minute,
        cycle_seconds: minute,
        business: None,
        target: None,
        within: None,
        judged_active: minute,
        first: true,
        counts: true,
        complaint: Some(minute),
    };
    fact("amy", kind)
}

fn spent() -> SpentTime {
    SpentTime {
        work: Span(28_800_000),
        busy: Span(10_800_000),
        idle: Span(14_400_000),
        handling: Span(21_600_000),
        handled: Span(10_800_000),
    }
}

fn posts() -> Vec<Posted> {
    let breach = |sla| FactKind::Breach { sla, opened_at: Time(0), target: Span(30_000), inherited: Span::ZERO };
    let withdrawn =
        |sla| FactKind::Withdrawn { of: WithdrawnSample::ResponseBreach { sla }, because: Because::LateEvent, counted_at: Time(0) };
    let tally = Tally::Spent { agent: "amy".into(), team: Some("presale".into()), day: crate::model::Day(0), time: spent() };
    vec![
        fact("", FactKind::Started { kind: None, in_scope: true, implicit: false }),
        response("amy", 20_000),
        response("amy", 45_000),
        response("bob", 5_000),
        fact("amy", breach(Sla::NextResponse)),
        fact("bob", breach(Sla::NextResponse)),
        fact("bob", withdrawn(Sla::NextResponse)),
        resolved(),
        Posted { clock: Time(0), output: Output::Tally(Box::new(tally)) },
    ]
}

fn row(kpi: &str, scope: Scope, id: &str, numbers: Numbers) -> TotalRow {
    TotalRow {
        period: Period::Month(Month(2026 * 12 + 10)),
        state: State::Open,
        scope,
        id: id.into(),
        team: (scope != Scope::All).then(|| "presale".into()),
        medium: Some(Medium::Chat),
        kpi: CATALOGUE.iter().find(|known| known.id == kpi).unwrap(),
        numbers,
        corrects: None,
    }
}

fn months() -> Vec<TotalRow> {
    let duration = Numbers::Duration { count: 3, sum: Span(70_000), p50: None, p90: None, p99: None };
    let correction = row("unanswered", Scope::Team, "presale", Numbers::Count { value: -1 });
    vec![
        row("response_time", Scope::Agent, "amy", duration),
        row("response_time", Scope::All, "", duration),
        row("response_within_target", Scope::Team, "presale", Numbers::Ratio { numerator: 2, denominator: 3 }),
        row("unanswered", Scope::Team, "presale", Numbers::Count { value: 4 }),
        TotalRow { corrects: Some(Month(2026 * 12 + 9)), ..correction },
        row("utilization", Scope::Team, "presale", Numbers::TimeRatio { numerator: Span(500), denominator: Span::ZERO }),
        row("work_time", Scope::Team, "presale", Numbers::Sum { sum: Span(1_500) }),
    ]
}

fn snapshot(agents: AgentOption) -> Snapshot {
    let settings = KpiSettings { windows: vec![Span(300_000), Span::HOUR], short_abandon: Span(5_000), ..KpiSettings::default() };
    let mut kpis = Kpis::new(&settings);
    kpis.post(&posts());
    let chats = Match { medium: Some(Medium::Chat), ..Match::default() };
    let target = |sla| TargetNow { sla, matches: chats.clone(), limit: Span(30_000) };
    Snapshot {
        caught_up: true,
        live: live(),
        windows: kpis.windows(Time(1_700_000_058_000)),
        spent: vec![SpentReading { agent: "amy".into(), team: Some("presale".into()), windows: vec![spent(), spent()] }],
        counters: kpis.counters(&[]),
        months: months(),
        targets: [target(Sla::FirstResponse), target(Sla::NextResponse)].into(),
        names: Arc::new(BTreeMap::from([("amy".into(), "艾米 \"Amy\"".into())])),
        options: Arc::new(SeriesOptions { agents, max_agents: 20_000, statuses: BTreeSet::from(["available".into()]) }),
    }
}

/// The value of a series, as it is written.
fn value(page: &str, series: &str) -> Option<String> {
    page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ').map(str::to_owned))
}

#[test]
fn a_page_reads_as_documented() {
    insta::assert_snapshot!(render(&snapshot(AgentOption::All), NOW));
}

#[test]
fn every_family_of_the_catalogue_is_on_a_full_page_once_and_in_order() {
    let page = render(&snapshot(AgentOption::All), NOW);
    let found: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let mut wanted: Vec<&str> = KPI_SERIES.iter().map(|metric| metric.name).collect();
    assert_eq!(found.len(), wanted.len());
    wanted.retain(|name| found.contains(name));
    assert_eq!(found, wanted);
}

#[test]
fn the_same_snapshot_gives_the_same_bytes_and_no_series_twice() {
    let page = render(&snapshot(AgentOption::All), NOW);
    assert_eq!(page, render(&snapshot(AgentOption::All), NOW));
    let mut series: Vec<&str> = page.lines().filter_map(|line| line.rsplit_once(' ')).map(|(series, _)| series).collect();
    let count = series.len();
    series.sort_unstable();
    series.dedup();
    assert_eq!(series.len(), count);
}

#[test]
fn there_are_no_kpis_until_caught_up() {
    assert_eq!(render(&Snapshot { caught_up: false, ..snapshot(AgentOption::All) }, NOW), "");
}

#[test]
fn a_wait_passes_its_target_without_a_new_snapshot() {
    let snapshot = snapshot(AgentOption::Live);
    let over = |now| value(&render(&snapshot, now), r#"deskpulse_queue_over_target_customers{team="presale",medium="chat"}"#).unwrap();
    assert_eq!([over(NOW), over(NOW + Span(1))], ["0", "1"]);
    let longest = |now| value(&render(&snapshot, now), r#"deskpulse_queue_longest_wait_seconds{team="presale",medium="chat"}"#).unwrap();
    assert_eq!(longest(NOW + Span(1)), "50.001");
}

#[test]
fn of_agents_off_duty_only_breaches_are_shown() {
    let page = render(&snapshot(AgentOption::Live), NOW);
    let of_bob: Vec<&str> = page.lines().filter(|line| line.contains(r#"agent="bob""#)).collect();
    let labels = r#"{sla="next_response",team="presale",agent="bob",medium="chat"} 1"#;
    assert_eq!(of_bob, [format!("deskpulse_breaches_total{labels}"), format!("deskpulse_breaches_withdrawn_total{labels}")]);
    assert!(!page.lines().any(|line| line.starts_with("deskpulse_month_value") && line.contains(r#"agent="amy""#)));
    assert!(render(&snapshot(AgentOption::All), NOW).contains(r#"deskpulse_agent_responses_total{agent="bob""#));
}

#[test]
fn without_series_of_agents_breaches_are_added_up() {
    let page = render(&snapshot(AgentOption::Off), NOW);
    assert!(!page.contains("amy") && !page.contains("bob"));
    let labels = r#"{sla="next_response",team="presale",agent="",medium="chat"}"#;
    assert_eq!(value(&page, &format!("deskpulse_breaches_total{labels}")).as_deref(), Some("2"));
    assert_eq!(value(&page, "deskpulse_series_left_out").as_deref(), Some("0"));
}

#[test]
fn series_above_the_limit_are_left_out_and_counted() {
    let whole = snapshot(AgentOption::All);
    let options = SeriesOptions { max_agents: 1, ..(*whole.options).clone() };
    let limited = render(&Snapshot { options: Arc::new(options), ..whole.clone() }, NOW);
    let (page, of_bob) = (render(&whole, NOW), |page: &str| page.lines().filter(|line| line.contains(r#"agent="bob""#)).count());
    assert_eq!(of_bob(&limited), 0);
    assert_eq!(value(&limited, "deskpulse_series_left_out"), Some(of_bob(&page).to_string()));
}

#[test]
fn the_month_of_an_agent_without_a_counter_is_shown_too() {
    let mut snapshot = snapshot(AgentOption::All);
    snapshot.months.push(row("resolutions", Scope::Agent, "zoe", Numbers::Count { value: 7 }));
    let page = render(&snapshot, NOW);
    let of_zoe: Vec<&str> = page.lines().filter(|line| line.contains(r#"agent="zoe""#)).collect();
    assert_eq!(
        of_zoe,
        [r#"deskpulse_month_value{kpi="resolutions",scope="agent",agent="zoe",team="presale",medium="chat",period="2026-11"} 7"#]
    );
}

#[test]
fn a_status_that_nobody_configured_is_other() {
    let mut snapshot = snapshot(AgentOption::Live);
    snapshot.live.agents = vec![agent("amy", "yoga")];
    let page = render(&snapshot, NOW);
    assert_eq!(value(&page, r#"deskpulse_agent_status{agent="amy",team="presale",status="other"}"#).as_deref(), Some("1"));
    assert!(!page.contains("yoga"));
}

#[test]
fn names_types_and_labels_keep_the_conventions() {
    const LABELS: &str = "team channel medium agent name kpi sla scope window quantile status within first period kind severity priority topic \
                          partition outcome reason version";
    let allowed: BTreeSet<&str> = LABELS.split_whitespace().collect();
    let mut seen = BTreeSet::new();
    for metric in KPI_SERIES.iter().chain(SERVICE_SERIES) {
        assert!(seen.insert(metric.name), "{} is there twice", metric.name);
        assert!(metric.name.starts_with("deskpulse_"), "{}", metric.name);
        assert_eq!(metric.name.ends_with("_total"), metric.kind == Kind::Counter, "{}", metric.name);
        assert!(metric.labels.iter().all(|label| allowed.contains(label)), "{}", metric.name);
        assert_eq!(metric.labels.contains(&"quantile"), metric.kind == Kind::Summary, "{}", metric.name);
        assert!(metric.help.ends_with('.') && !metric.help.contains(['\n', '\\']), "{}", metric.name);
    }
}

#[test]
fn the_page_of_documentation_has_every_metric() {
    let page = markdown();
    for metric in KPI_SERIES.iter().chain(SERVICE_SERIES) {
        assert_eq!(page.matches(&format!("| `{}` |", metric.name)).count(), 1, "{}", metric.name);
    }
}
