//! Old logs with `clock = "events"`: what `serve` shows is what `replay` prints of the dump, and of the log as it was before it was
//! spread over topics and partitions.

use std::collections::BTreeMap;
use std::path::PathBuf;

use deskpulse::model::Time;
use deskpulse::view::Summary;
use serde_json::Value;

use crate::library::Replayed;
use crate::log::{Sender, key, time, topic};
use crate::page::{Page, milliseconds};
use crate::program::{Service, Setting};
use crate::sets;
use crate::support::broker::Broker;

#[tokio::test(flavor = "multi_thread")]
async fn a_banks_week_over_two_topics_and_five_partitions() {
    let went = whole_way("anonymous_bank_feb_w1", &[("chat.events", 3), ("agent.events", 2)]).await;
    assert_eq!(went.events, 24_199);
    assert_eq!(went.page.count("deskpulse_events_total", &[("outcome", "applied")]), 24_199.0);
    assert_eq!(went.total("response_time", "count"), 7_429);
    assert_eq!(went.total("unanswered", "value"), 856);
}

#[tokio::test(flavor = "multi_thread")]
async fn four_years_of_tickets_over_three_partitions() {
    let went = whole_way("helpdesk_italian", &[("ticket.events", 3)]).await;
    assert_eq!(went.events, 36_048);
    assert_eq!(went.page.count("deskpulse_events_total", &[("outcome", "duplicate")]), 131.0);
    assert_eq!(went.total("conversations", "value"), 4_580);
}

/// What came of a log.
struct Went {
    events: usize,
    page: Page,
    totals: Vec<Value>,
    /// The month of the clock at the end.
    month: String,
}

/// Produces a data set, serves it, dumps it, and compares.
async fn whole_way(set: &str, topics: &[(&str, i32)]) -> Went {
    let broker = Broker::start();
    for (topic, partitions) in topics {
        broker.create_topic(topic, *partitions, &[]).await;
    }
    tokio::task::block_in_place(|| compared(&broker, set, topics))
}

fn compared(broker: &Broker, set: &str, topics: &[(&str, i32)]) -> Went {
    let original = sets::unpacked(set, "events.ndjson.gz");
    let text = std::fs::read_to_string(&original).unwrap();
    let names: Vec<&str> = topics.iter().map(|(topic, _)| *topic).collect();
    let sender = Sender::new(broker, &names);
    let mut newest = i64::MIN;
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        newest = newest.max(time(&event));
        sender.send(topic(&event), &key(&event), Some(line.as_bytes()));
    }
    sender.flush();

    let of_set = std::fs::read_to_string(sets::folder(set).join("config.toml")).unwrap();
    let of_set = of_set.replacen("[engine]", "[engine]\nclock = \"events\"", 1);
    let setting = Setting::new(&broker.address(), &names, &of_set).and("[metrics]\nagents = \"all\"");
    let service = Service::start(&setting);
    service.ready();
    let page = service.reaches(newest);
    service.stop();

    let dumped = setting.dump();
    assert_eq!(dumped.len(), topics.iter().map(|(_, partitions)| *partitions as usize).sum::<usize>());
    same_log(&dumped, &text);
    let config = setting.read();
    let spread = Replayed::of(&config, &dumped);
    let single = Replayed::of(&config, &[original.to_path_buf()]);
    assert_eq!(page.kpi_lines(), spread.page.kpi_lines(), "what is served is what is replayed");
    assert_eq!(spread.totals, single.totals, "how a log is spread changes no total");
    assert_eq!(spread.facts, single.facts, "how a log is spread changes no fact");
    assert_eq!(spread.summary, single.summary);
    assert_eq!((spread.summary.late, spread.summary.skewed), (0, 0));

    let month = config.zone().unwrap().month(Time(newest)).to_string();
    let totals = spread.totals.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let went = Went { events: text.lines().count(), page, totals, month };
    went.hangs_together(&spread.summary);
    went
}

/// Every record is in the dump once, those of one conversation or agent in their order.
fn same_log(dumped: &[PathBuf], original: &str) {
    let by_key = |text: &str| {
        let mut of: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in text.lines() {
            of.entry(key(&serde_json::from_str(line).unwrap())).or_default().push(line.to_owned());
        }
        of
    };
    let texts: Vec<String> = dumped.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    assert!(texts.iter().all(|text| !text.is_empty()), "every partition has records");
    assert_eq!(by_key(&texts.concat()), by_key(original));
}

impl Went {
    /// A field of everybody's rows of a KPI, summed over all months, in milliseconds where it is a time.
    fn total(&self, kpi: &str, field: &str) -> i64 {
        let rows = self.totals.iter().filter(|row| row["scope"] == "all" && row["kpi"] == kpi);
        rows.map(|row| if row[field].is_f64() { milliseconds(row[field].as_f64().unwrap()) } else { row[field].as_i64().unwrap() }).sum()
    }

    /// The counters and months of the page against the totals of the replay.
    fn hangs_together(&self, summary: &Summary) {
        let count = |name, labels: &[(&str, &str)]| self.page.count(name, labels) as i64;
        let outcomes =
            [("applied", summary.applied), ("duplicate", summary.duplicate), ("rejected", 0), ("unknown_type", 0), ("tombstone", 0)];
        for (outcome, wanted) in outcomes {
            assert_eq!(count("deskpulse_events_total", &[("outcome", outcome)]), wanted as i64, "{outcome}");
        }
        assert_eq!(count("deskpulse_events_total", &[]), self.events as i64);
        assert_eq!(count("deskpulse_late_events_total", &[]) + count("deskpulse_skewed_events_total", &[]), 0);
        let responses = ["first_response", "next_response"].map(|sla| count("deskpulse_breaches_total", &[("sla", sla)]));
        assert_eq!(responses.iter().sum::<i64>(), self.total("response_breaches", "value"));
        assert_eq!(count("deskpulse_breaches_total", &[("sla", "resolution")]), self.total("resolution_breaches", "value"));
        assert_eq!(count("deskpulse_response_seconds_count", &[]), self.total("response_time", "count"));
        assert_eq!(milliseconds(self.page.count("deskpulse_response_seconds_sum", &[])), self.total("response_time", "sum"));
        assert_eq!(count("deskpulse_resolution_seconds_count", &[]), self.total("resolution_time", "count"));
        assert_eq!(milliseconds(self.page.count("deskpulse_resolution_seconds_sum", &[])), self.total("resolution_time", "sum"));
        self.months();
    }

    /// Every row of the month to date is on the page, and nothing else is.
    fn months(&self) {
        let mut shown = 0;
        for row in self.totals.iter().filter(|row| row["period"] == *self.month) {
            let text = |field: &str| row[field].as_str().unwrap_or_default();
            let agent = if row["scope"] == "agent" { text("id") } else { "" };
            let labels = [
                ("kpi", text("kpi")),
                ("scope", text("scope")),
                ("agent", agent),
                ("team", text("team")),
                ("medium", text("medium")),
                ("period", &self.month),
            ];
            for (metric, fields) in [
                ("deskpulse_month_value", ["value", "value"]),
                ("deskpulse_month_numerator", ["numerator", "sum"]),
                ("deskpulse_month_denominator", ["denominator", "count"]),
            ] {
                let wanted = fields.iter().find_map(|field| row[field].as_f64());
                let found = self.page.sum(metric, &labels);
                // A plain sum is its own value; it has no parts.
                if found.is_some() || metric == "deskpulse_month_value" {
                    assert_eq!(found, wanted, "{metric} of {row}");
                    shown += usize::from(found.is_some());
                }
            }
        }
        let all = self.page.text.lines().filter(|line| line.starts_with("deskpulse_month_")).count();
        assert_eq!(shown, all, "months on the page");
    }
}
