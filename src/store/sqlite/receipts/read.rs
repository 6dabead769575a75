//! Asking for receipts: in the order of `replay --print facts`, in memory for as many as are asked for.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, params};
use serde::Deserialize;

use crate::model::{Medium, Name, Place, Receipt, ReceiptPage, ReceiptQuery, Span, Time};
use crate::store::sqlite::fault::Fault;

use super::block::{self, COLUMNS, Entry, Lists, Stored};
use super::day_of;

/// The first receipts that a query wants, in their order.
pub(in crate::store::sqlite) fn read(connection: &Connection, query: &ReceiptQuery) -> Result<ReceiptPage, Fault> {
    let mut found = Found { wanted: query.limit, first: BTreeMap::new() };
    let from = query.after.as_ref().map(|place| place.at).into_iter().chain(query.from).max().unwrap_or(Time::MIN);
    let to = query.to.unwrap_or(Time::MAX);
    let mut days = connection.prepare_cached("SELECT DISTINCT day FROM receipt_block WHERE day BETWEEN ?1 AND ?2 ORDER BY day")?;
    let days = days.query_map([day_of(from), day_of(to - Span(1))], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    let mut blocks = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM receipt_block WHERE day = ?1 ORDER BY from_ms, first"))?;
    'days: for day in days {
        let mut rows = blocks.query(params![day])?;
        while let Some(row) = rows.next()? {
            let stored = Stored::of(row)?;
            if found.is_full_before(Time(stored.from)) {
                break 'days;
            }
            if Time(stored.until) >= from && Time(stored.from) < to && may_have(&stored.lists()?, query) {
                found.look_through(connection, &stored, query, from, to)?;
            }
        }
    }
    found.page(connection, query.limit)
}

/// The receipts found so far: never more than one beyond what is wanted.
struct Found {
    wanted: usize,
    first: BTreeMap<Place, (String, i64)>,
}

impl Found {
    /// Whether nothing from `instant` on can be among the first.
    fn is_full_before(&self, instant: Time) -> bool {
        self.first.len() > self.wanted && self.first.last_key_value().is_some_and(|(last, _)| last.at < instant)
    }

    fn look_through(&mut self, connection: &Connection, stored: &Stored, query: &ReceiptQuery, from: Time, to: Time) -> Result<(), Fault> {
        let payload = stored.payload(connection)?;
        for entry in block::entries(&payload) {
            let (sequence, entry) = entry?;
            let at = Time(entry.at);
            if at < from || at >= to || !is_wanted(&entry, query) {
                continue;
            }
            if self.first.len() > self.wanted && self.first.last_key_value().is_some_and(|(last, _)| last.at < at) {
                continue;
            }
            let place = block::place(sequence, &entry);
            if query.after.as_ref().is_some_and(|after| place <= *after) {
                continue;
            }
            self.first.insert(place, (entry.line.to_owned(), stored.configuration));
            if self.first.len() > self.wanted.saturating_add(1) {
                self.first.pop_last();
            }
        }
        Ok(())
    }

    fn page(self, connection: &Connection, limit: usize) -> Result<ReceiptPage, Fault> {
        let hashes = crate::store::sqlite::configurations::hashes(connection)?;
        let hashes: HashMap<i64, String> = hashes.into_iter().collect();
        let has_more = self.first.len() > limit;
        let receipt = |(place, (line, configuration)): (Place, (String, i64))| {
            let configuration = hashes.get(&configuration).cloned().unwrap_or_default();
            Receipt { place, line, configuration }
        };
        Ok(ReceiptPage { receipts: self.first.into_iter().take(limit).map(receipt).collect(), has_more })
    }
}

/// Whether a block with these lists can have what is wanted.
fn may_have(lists: &Lists, query: &ReceiptQuery) -> bool {
    query.agent.as_ref().is_none_or(|agent| lists.agents.contains(agent))
        && query.team.as_ref().is_none_or(|team| lists.teams.contains(team))
        && (query.kinds.is_empty() || query.kinds.iter().any(|kind| lists.kinds.contains(kind.as_str())))
}

fn is_wanted(entry: &Entry<'_>, query: &ReceiptQuery) -> bool {
    let names = |wanted: &Option<Name>, found: &[Option<&str>]| wanted.as_ref().is_none_or(|name| found.contains(&Some(name.as_str())));
    names(&query.agent, &entry.agents)
        && names(&query.team, &entry.teams)
        && (query.kinds.is_empty() || query.kinds.iter().any(|kind| kind == entry.kind))
        && query.conversation.as_ref().is_none_or(|wanted| {
            conversation(entry.line)
                .is_some_and(|found| found.medium == Some(wanted.medium) && found.conversation.as_ref() == Some(&wanted.id))
        })
}

/// The conversation that a line names.
#[derive(Deserialize)]
struct OfLine {
    medium: Option<Medium>,
    conversation: Option<Name>,
}

fn conversation(line: &str) -> Option<OfLine> {
    serde_json::from_str(line).ok()
}
