//! What each thing that counts adds to which figures: the counting rules of the catalogue.

use super::figures::Figures;
use super::ledger::{Credit, Ledger, NO_TEAM};
use super::row::Scope;
use crate::kpi::counted::{Counted, Resolved, Response, What};
use crate::model::Sla;

/// Counts for the agent, if one is credited, or for the team. All are the sum over teams and of what has none.
pub(super) fn count(ledger: &mut Ledger, counted: &Counted, scope: Scope) {
    let id = if scope == Scope::Agent { counted.agent } else { Some(counted.team.unwrap_or(NO_TEAM)) };
    let Some(id) = id else { return };
    let place = match counted.what {
        What::Spent(day, _) | What::OverLimit(day, _) => ledger.place(counted.clock, day),
        _ => ledger.place_of(counted.clock, counted.at),
    };
    let to = Credit { place, scope, id, medium: counted.medium };
    match &counted.what {
        // A conversation counts in its medium, and once more over both media, where complaints are compared with it.
        What::Started => [to, to.of_all_media()].iter().for_each(|to| ledger.figures(to).counts().started += 1),
        What::Complained => ledger.figures(&to.of_all_media()).counts().complaints += 1,
        What::Response(response) => answered(ledger.figures(&to), response, scope),
        What::Unanswered { offered, targeted, abandoned } => {
            let figures = ledger.figures(&to);
            figures.counts().unanswered += 1;
            if *offered && scope != Scope::Agent {
                figures.offered(*targeted, false, *abandoned);
            }
        }
        What::Late { first } => ledger.figures(&to).responses().judge(*first, false),
        What::Breach(sla) => *breaches(ledger.figures(&to), *sla) += 1,
        What::BreachWithdrawn(sla) => *breaches(ledger.figures(&to), *sla) -= 1,
        What::Resolved(resolution) => resolved(ledger, &to, resolution),
        What::ComplaintWithdrawn { handling, within } => {
            let complaints = ledger.figures(&to.of_all_media()).complaints();
            complaints.handling.take_back(*handling);
            within.iter().for_each(|within| complaints.within.take_back(*within));
        }
        What::AutoClosed => ledger.figures(&to).counts().auto_closed += 1,
        What::Reopened => ledger.figures(&to).counts().reopened += 1,
        What::Handled(time) => ledger.figures(&to).handled().add(*time),
        What::Spent(_, time) => ledger.figures(&to).time().spent.add(time),
        What::LimitExceeded => ledger.figures(&to).time().limit_breaches += 1,
        What::OverLimit(_, time) => ledger.figures(&to).time().over_limit += *time,
    }
}

fn answered(figures: &mut Figures, response: &Response, scope: Scope) {
    let responses = figures.responses();
    responses.add(response.first, response.judged, response.wait, response.own);
    if let (Some(within), Some(own_within)) = (response.within, response.own_within) {
        responses.judge(response.first, within);
        responses.own_within.add(own_within);
    }
    if response.offered && scope != Scope::Agent {
        figures.offered(response.targeted, response.within == Some(true), false);
    }
}

fn breaches(figures: &mut Figures, sla: Sla) -> &mut i64 {
    match sla {
        Sla::FirstResponse | Sla::NextResponse => &mut figures.counts().response_breaches,
        Sla::Resolution => &mut figures.counts().resolution_breaches,
    }
}

fn resolved(ledger: &mut Ledger, to: &Credit, resolved: &Resolved) {
    if resolved.counts {
        let resolutions = ledger.figures(to).resolutions();
        resolutions.cycles.add(resolved.cycle);
        if resolved.first {
            resolutions.first.add(resolved.active);
            resolved.within.iter().for_each(|within| resolutions.within.add(*within));
        }
    }
    if resolved.complaint {
        let complaints = ledger.figures(&to.of_all_media()).complaints();
        complaints.handling.add(resolved.handling);
        resolved.within.iter().for_each(|within| complaints.within.add(*within));
    }
}
