//! Who waits, for the live view: derived from the conversations, and rebuilt from them.
//!
//! A conversation is put on the list when its customer begins to wait, and is taken off only when the list has grown: many begin to
//! wait again before that.

use crate::model::ConversationId;

use super::state::Conversation;
use super::table::Table;

/// A list of this length is not cleaned up.
const SMALL: usize = 1_024;

/// Conversations whose customer waits, with some among them whose customer does not wait any more.
#[derive(Debug, Default)]
pub(super) struct WaitingList {
    entries: Vec<Entry>,
    numbered: u64,
    /// Length at which the next clean-up is due.
    limit: usize,
}

#[derive(Debug)]
struct Entry {
    id: ConversationId,
    /// [`Conversation::listed_as`], while the entry stands for the conversation.
    number: u64,
}

impl WaitingList {
    /// Puts a conversation on the list, unless it is there.
    pub fn add(&mut self, conversation: &mut Conversation) {
        if conversation.listed_as == 0 {
            self.numbered += 1;
            conversation.listed_as = self.numbered;
            self.entries.push(Entry { id: conversation.id.clone(), number: self.numbered });
        }
    }

    /// Every conversation whose customer waits, once, in no particular order.
    pub fn iter<'a>(&'a self, table: &'a Table) -> impl Iterator<Item = &'a Conversation> {
        self.entries.iter().filter_map(move |entry| {
            table.at_hand(entry.id.medium, &entry.id.id).filter(|found| found.listed_as == entry.number && found.period.is_some())
        })
    }

    /// Takes those off that do not wait, once the list is twice as long as the last clean-up left it.
    pub fn clean_up(&mut self, table: &mut Table) {
        if self.entries.len() <= self.limit.max(SMALL) {
            return;
        }
        self.entries.retain(|entry| {
            let Some(found) = table.at_hand_mut(&entry.id).filter(|found| found.listed_as == entry.number) else { return false };
            if found.period.is_none() {
                found.listed_as = 0;
            }
            found.period.is_some()
        });
        self.limit = self.entries.len() * 2;
    }
}
