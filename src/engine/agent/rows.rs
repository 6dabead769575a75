//! Agents as rows: a small one that changes with every signal, one of posted parts that changes with the status, and one for
//! each block of handling edges. What follows from them, the deadlines, is worked out again.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::model::{Name, Row, RowError, Table, Time};

use super::Agents;
use super::edges::StoredBlock;
use super::limit::Customers;
use super::one_agent::Agent;
use super::presence::{Presence, Team};
use super::timesheet::{Open, Part};

/// Version of the encoding of heads; in those of older programs the openings of waiting periods stand within, as times.
const HEAD: u8 = 2;
/// Version of all other encodings in this file.
const VERSION: u8 = 1;

/// Which of an agent's rows: the key is his name and this.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Which {
    Head,
    Parts,
    Block(u32),
}

type Head = (Team, Presence, Customers, Time, Open);

impl Agents {
    /// Each row touched or removed since the last call, once. Nothing is noted unless `track_changes` is set.
    pub fn changes(&mut self, rows: &mut Vec<Row>) {
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        for name in changed {
            if let Some(at) = self.find(&name) {
                let entry = &mut self.entries[at];
                entry.noted = false;
                put(&mut entry.agent, rows);
            }
        }
    }

    /// Takes one row of [`Table::Agent`] back.
    ///
    /// # Errors
    /// When it was written by a newer version, or is damaged.
    pub fn restore(&mut self, row: &Row) -> Result<(), RowError> {
        let (name, which): (Name, Which) = row.read_key()?;
        let at = self.reach(&name);
        let agent = &mut self.entries[at].agent;
        match which {
            Which::Head => {
                let open;
                (agent.team, agent.presence, agent.customers, agent.last_event, open) = head(row)?;
                agent.sheet.restore_open(open);
                self.schedule(at);
            }
            Which::Parts => {
                let (_, parts): ((Name, Which), VecDeque<Part>) = row.read(VERSION)?;
                agent.sheet.restore_parts(parts);
            }
            Which::Block(number) => {
                let (_, block): ((Name, Which), StoredBlock) = row.read(VERSION)?;
                agent.sheet.edges.restore(number, block);
            }
        }
        Ok(())
    }
}

fn head(row: &Row) -> Result<Head, RowError> {
    if row.version() == Some(VERSION) {
        return row.read::<(Name, Which), _>(VERSION).map(|(_, head)| head);
    }
    let (_, (head, distances)): ((Name, Which), (Head, Vec<i64>)) = row.read(HEAD)?;
    let (team, presence, mut customers, last_event, open) = head;
    customers.restore_openings(distances);
    Ok((team, presence, customers, last_event, open))
}

fn put(agent: &mut Agent, rows: &mut Vec<Row>) {
    let name = &agent.name;
    let key = |which| (name, which);
    let head = (&agent.team, &agent.presence, &agent.customers, agent.last_event, agent.sheet.open());
    rows.push(Row::put(Table::Agent, HEAD, &key(Which::Head), &(head, agent.customers.distances())));
    if let Some(parts) = agent.sheet.changed_parts() {
        rows.push(Row::put(Table::Agent, VERSION, &key(Which::Parts), parts));
    }
    agent.sheet.edges.changes(|number, block| {
        let key = key(Which::Block(number));
        rows.push(match block {
            Some(block) => Row::put(Table::Agent, VERSION, &key, block),
            None => Row::remove(Table::Agent, &key),
        });
    });
}
