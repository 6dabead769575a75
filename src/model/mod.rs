//! The words of the house: ids, time, events, facts, records, rows. It imports nothing of ours.

mod duration;
mod event;
mod fact;
mod id;
mod period;
mod receipt;
mod record;
mod rejected;
mod row;
mod tally;
mod time;

pub use duration::DurationError;
pub use event::{Action, Body, EndReason, Event, Message, Order, Rating, Sender, SpentEvents, Start, TicketStatus};
pub use fact::{Because, Category, ConversationRef, Fact, FactKind, Outcome, Sla, Wait, WithdrawnSample};
pub use id::{ConversationId, Holder, Medium, Name};
pub use period::{Day, Month, Zone};
pub use receipt::{Place, Receipt, ReceiptPage, ReceiptQuery};
pub use record::{Mark, NextOffset, PartitionId, Position, Reached, STORE_ID_PREFIX, Topics};
pub use rejected::{RejectCount, Rejected};
pub use row::{Row, RowError, Table};
pub use tally::{Output, Posted, SpentTime, Tally};
pub use time::{Span, Time};
