//! The reference of all keys: what `docs/configuration.md` says, from the defaults that the program uses.

use std::fmt::Write as _;

use super::sections::Config;

/// A key of the configuration file and what it decides.
struct Key {
    path: &'static str,
    meaning: &'static str,
}

const fn key(path: &'static str, meaning: &'static str) -> Key {
    Key { path, meaning }
}

const KEYS: &[Key] = &[
    key("time_zone", "Reporting zone, an IANA name: days and months begin there."),
    key("kafka.brokers", "Brokers to begin with, `host:port`."),
    key("kafka.group", "Name under which positions are shown to lag tools. It is no membership: positions are deskpulse's own."),
    key("kafka.topics", "Topics to read. Any split of the event types over topics works; the order decides ties at one instant."),
    key(
        "http.listen",
        "Address of board, API and metrics. Only a loopback address is allowed, and only requests that name one (or `localhost`) are answered.",
    ),
    key("http.metrics_listen", "A second address with `/metrics`, `/healthz` and `/readyz` only; may be open to the network. Empty: none."),
    key(
        "store.path",
        "File in which state, totals and positions are kept, one for each instance, on a disk of its host. It is made at the first start.",
    ),
    key("store.keep_receipts", "How long receipts (facts) are kept, in days before that of the newest."),
    key(
        "store.snapshots",
        "How many snapshots of the store are kept; `0` makes none. A new one is opened and checked before an old one goes.",
    ),
    key("store.snapshot_every", "How often a snapshot is made."),
    key("store.snapshot_folder", "Folder for snapshots. Empty: beside the store, its name with `.snapshots` after it."),
    key("store.ledger", "File for the published copy of the ledger, for people with `sqlite3` (docs/ledger.md). Empty: none."),
    key(
        "store.ledger_every",
        "How often the copy is made anew; meanwhile, totals of months that are not closed are in memory twice, and of closed months one (of small centers some) at a time.",
    ),
    key(
        "archive.path",
        "Folder in which every event that is read is kept, without the texts of messages, for longer than Kafka keeps it (docs/archive.md). One for each instance. Empty: none.",
    ),
    key(
        "engine.clock",
        "`wall`: the broker's confirmations move the clock, a breach needs no further event. `events`: only events do, for old logs.",
    ),
    key("engine.idle_after", "With `events`: after this long at its end a partition holds nobody back."),
    key(
        "engine.allowed_lateness",
        "How far behind the newest event of its partition an event still takes its place; a later one is counted as late.",
    ),
    key("engine.max_ahead", "An event dated further ahead of its arrival is dated by its arrival and counted as skewed."),
    key("engine.duplicate_window", "How long event ids are remembered, in event time."),
    key("engine.duplicate_limit", "How many event ids are remembered."),
    key("engine.windows", "Rolling windows of the live gauges, 1s to 24h."),
    key("engine.short_abandon", "A customer who leaves up to this long after the people's clock started was not offered."),
    key("engine.fcr_window", "First-contact resolution and repeat contacts look this far."),
    key("engine.conversion_window", "An order is credited to who wrote to the customer at most this long before."),
    key("engine.settle", "How long after its end a month still changes; then it is closed, and changes are posted as corrections."),
    key("engine.phrases", "Banned phrases, found in human messages: a list, or `{ file = \"phrases.txt\" }` with one a line."),
    key("engine.auto_texts", "Texts that are automatic whoever sent them: a list, or `{ file = … }`."),
    key("engine.bad_review_reasons", "When set, only low ratings for one of these reasons are bad reviews."),
    key("engine.return_reasons", "When set, only returns for one of these reasons count."),
    key("agents.waiting_limit", "More customers than this waiting on one agent are a breach."),
    key("agents.limit_counts", "`waiting`: customers who wait on the people's clock. `open`: all open conversations that he owns."),
    key(
        "agents.handling",
        "`owned`: a chat is handled while it is open and owned. `active`: while a customer waits on its owner, and for `focus` after each of an agent's messages.",
    ),
    key("agents.focus", "With `active`: how long an agent is still at it after each of his messages."),
    key("agents.presence_timeout", "After this long without an `agent.status` his status ends; `off`: never."),
    key("metrics.agents", "Series of agents: `live` (who is on duty), `all` (month values too), `off`."),
    key("metrics.max_agents", "Above this many agents series are left out and counted; numbers never are."),
    key(
        "people.file",
        "CSV with a header line and the columns `agent` and `name` (`team`, `role`, `manages`, `from`, `until` may be there), for display only. Empty: none.",
    ),
];

const EXTRA: &str = r#"
## Keys without a default

| key | value | meaning |
|---|---|---|
| `kafka.options.<property>` | string, number, switch, or `{ file = "…" }` | librdkafka properties: TLS, SASL… Secrets may be read from files. |
| `engine.forget_after` | duration; `"90d"`, or the longest window if that is longer | How long an ended conversation that nothing touches is remembered. Never below `fcr_window`, `conversion_window`, `settle`, nor `focus` with active handling. |
| `store.keep_hot` | duration; `"24h"`, or `forget_after` if that is shorter | How long, in event time, an ended conversation that nothing touches is held in memory; after that it is in the store only, until an event is about it. Never above `forget_after`. Another value changes no number. |
| `agents.statuses.<word>` | `available`, `handling`, `working`, `away`, `offline` | Category of a status word. Built in: every category's own name, `after_contact` = handling, `busy`, `meeting`, `training` = working, `break` = away. A word without a category is `working`. |

## Policies: `[[policy]]`

Each target comes from the first policy that matches and sets it, the built-in ones last: chats 30 s for the first and next response, complaints resolved in 24 h.

| key | value | meaning |
|---|---|---|
| `medium` | `chat` or `ticket` | matches conversations of this medium |
| `team`, `channel`, `kind`, `severity`, `priority` | a word | match conversations with exactly this attribute; one without it does not match |
| `first_response`, `next_response`, `resolution` | duration, or `"off"` | the targets; one that is not written is not set, `"off"` sets that there is none |
| `from`, `until` | `"2026-10-01"` | days in the reporting zone, half-open: the policy valid when a target is looked up counts |

```toml
[[policy]]
medium = "chat"
team = "vip"
first_response = "15s"
next_response = "30s"
```

## How values are laid over each other

Built-in values, then the file, then environment variables (`DESKPULSE_ENGINE__CLOCK=events` sets `engine.clock`; `__` separates levels; a value is TOML if it parses, else a
string), then flags. Durations are digits with `ms`, `s`, `m`, `h` or `d`, also joined (`1h30m`). An unknown key or a value that is not allowed is an error that names the key and says what is allowed.
`deskpulse check --config FILE` prints the resolved configuration with secrets masked.
"#;

/// The reference as `docs/configuration.md` has it.
///
/// # Errors
/// When a default has no TOML form.
pub fn markdown() -> Result<String, toml::ser::Error> {
    let defaults = toml::Table::try_from(Config::default())?;
    let mut page = String::from(
        "# Configuration\n\nGenerated from the program: `deskpulse check --reference`. The file is TOML; every key has a built-in value.\n\n| key | default | meaning |\n|---|---|---|\n",
    );
    for Key { path, meaning } in KEYS {
        let default = lookup(&defaults, path).map_or_else(String::new, |value| format!("`{value}`"));
        let _infallible = writeln!(page, "| `{path}` | {default} | {meaning} |");
    }
    page.push_str(EXTRA);
    Ok(page)
}

fn lookup<'a>(table: &'a toml::Table, path: &str) -> Option<&'a toml::Value> {
    match path.split_once('.') {
        None => table.get(path),
        Some((section, rest)) => lookup(table.get(section)?.as_table()?, rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_with_a_default_is_explained() {
        let defaults = toml::Table::try_from(Config::default()).unwrap();
        let mut found: Vec<String> = Vec::new();
        for (name, value) in &defaults {
            match value.as_table() {
                None => found.push(name.clone()),
                Some(section) => {
                    found.extend(section.iter().filter(|(_, value)| !value.is_table()).map(|(key, _)| format!("{name}.{key}")))
                }
            }
        }
        let mut explained: Vec<String> = KEYS.iter().map(|key| key.path.to_owned()).collect();
        found.sort();
        explained.sort();
        assert_eq!(found, explained);
    }
}
