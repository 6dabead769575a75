//! Every rule of the fold, as scripts: see [`script`] for how one reads.

mod cold;
mod complaints;
mod cycles;
mod handling;
mod holds;
mod late;
mod live;
mod merging;
mod queue;
mod restarts;
mod script;
mod starts;
mod waits;
