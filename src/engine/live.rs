//! What is going on now, as values: who waits, what each agent does, which complaints are open. How long a wait lasts is
//! worked out where it is shown, from the wall clock, so that it counts up and passes its target to the second.

use crate::model::{Category, Day, Medium, Name, Sla, Span, Time};

use super::policy::{Match, Policies, Setting};

/// What is going on, as of the engine's clock. In no particular order: whoever shows it sorts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveView {
    /// The engine's clock; [`Time::MIN`] before the first event.
    pub clock: Time,
    /// Every open waiting period.
    pub waiting: Vec<WaitingNow>,
    /// Every agent on duty, or not long off it.
    pub agents: Vec<AgentNow>,
    /// Open complaints of each team that has any.
    pub complaints: Vec<OpenComplaints>,
}

impl Default for LiveView {
    fn default() -> Self {
        Self { clock: Time::MIN, waiting: Vec::new(), agents: Vec::new(), complaints: Vec::new() }
    }
}

/// One open waiting period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingNow {
    /// Chat or ticket.
    pub medium: Medium,
    /// The conversation's id.
    pub conversation: Name,
    /// Its team.
    pub team: Option<Name>,
    /// Its owner; `None` is the queue, or a bot.
    pub agent: Option<Name>,
    /// Since when the customer waits.
    pub since: Time,
    /// Since when the people's clock runs; `None` while a bot holds the conversation.
    pub judged_from: Option<Time>,
    /// The target, once the people's clock runs.
    pub target: Option<Span>,
    /// The last instant that is in time, when there is one.
    pub deadline: Option<Time>,
}

/// One conversation as it is now, for whoever asks what its rules decide by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationNow {
    /// Chat or ticket.
    pub medium: Medium,
    /// Its team.
    pub team: Option<Name>,
    /// Its channel.
    pub channel: Option<Name>,
    /// Kind of a ticket.
    pub kind: Option<Name>,
    /// Severity of a ticket.
    pub severity: Option<Name>,
    /// Priority of a ticket.
    pub priority: Option<Name>,
    /// Its owner; `None` is nobody.
    pub owner: Option<Name>,
    /// Whether a bot holds it.
    pub bot_holds: bool,
    /// The cycle, from 1.
    pub cycle: u32,
    /// Whether that cycle runs.
    pub is_open: bool,
    /// Whether its status stops the active clock.
    pub is_paused: bool,
    /// The ticket that it was merged into.
    pub merged_into: Option<Name>,
    /// Its open waiting period.
    pub wait: Option<WaitNow>,
    /// What its cycle is judged by; `None` when the cycle is not judged (rulings 49, 54).
    pub resolution: Option<ResolutionNow>,
}

/// An open waiting period as the rules see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitNow {
    /// Which target is its own.
    pub sla: Sla,
    /// Since when the customer waits.
    pub opened_at: Time,
    /// Since when the people's clock runs; `None` while a bot holds the conversation.
    pub judged_from: Option<Time>,
    /// The target, once the people's clock runs.
    pub target: Option<Span>,
    /// The last instant that is in time, when there is one.
    pub deadline: Option<Time>,
}

/// The target of a resolution as the rules see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolutionNow {
    /// The target, if there is one.
    pub target: Option<Span>,
    /// Whether its clock is a complaint's, which never pauses.
    pub is_complaint: bool,
    /// The deadline that is still to fire; `None` while the clock stands, and after the breach.
    pub due: Option<Time>,
}

/// What an agent does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentNow {
    /// Who.
    pub agent: Name,
    /// His team.
    pub team: Option<Name>,
    /// His status word; `None` when no status of his is known.
    pub status: Option<Name>,
    /// What that status means.
    pub category: Option<Category>,
    /// Since when he has it.
    pub since: Option<Time>,
    /// Open conversations that he owns.
    pub open: u32,
    /// Those of them whose customer waits on the people's clock.
    pub waiting: u32,
    /// The customer's opening of the longest of these waits.
    pub longest_wait_since: Option<Time>,
}

/// The open complaints of a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenComplaints {
    /// The team; `None` is of conversations without one.
    pub team: Option<Name>,
    /// How many.
    pub count: u32,
    /// When the oldest of them was raised.
    pub oldest_raised_at: Time,
}

/// A target that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetNow {
    /// Which of the three.
    pub sla: Sla,
    /// Whose conversations it is for.
    pub matches: Match,
    /// The target.
    pub limit: Span,
}

/// The targets in force on `day`, in the order of the policies. Of policies that match the same, only the first that sets a
/// target is in force (ruling 28).
#[must_use]
pub fn targets_in_force(policies: &Policies, day: Day) -> Vec<TargetNow> {
    let mut found: Vec<TargetNow> = Vec::new();
    for sla in [Sla::FirstResponse, Sla::NextResponse, Sla::Resolution] {
        let mut settled: Vec<&Match> = Vec::new();
        for policy in policies.all().iter().filter(|policy| policy.is_valid(day) && policy.setting(sla) != Setting::Unset) {
            if settled.contains(&&policy.matches) {
                continue;
            }
            settled.push(&policy.matches);
            if let Setting::Within(limit) = policy.setting(sla) {
                found.push(TargetNow { sla, matches: policy.matches.clone(), limit });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::policy::Policy;
    use super::*;

    #[test]
    fn of_policies_that_match_the_same_only_the_first_is_in_force() {
        let chats = Match { medium: Some(Medium::Chat), ..Match::default() };
        let off = Policy { matches: chats.clone(), next_response: Setting::Off, ..Policy::default() };
        let minute = Policy { matches: chats, first_response: Setting::Within(Span::MINUTE), ..Policy::default() };
        let targets = targets_in_force(&Policies::new(vec![off, minute]), Day(0));
        let found: Vec<_> = targets.iter().map(|target| (target.sla, target.matches.medium, target.limit)).collect();
        assert_eq!(found, [(Sla::FirstResponse, Some(Medium::Chat), Span::MINUTE), (Sla::Resolution, Some(Medium::Ticket), Span::DAY)]);
    }

    #[test]
    fn a_policy_outside_its_days_is_not_in_force() {
        let policy =
            Policy { first_response: Setting::Within(Span::MINUTE), from: Some(Day(10)), until: Some(Day(20)), ..Policy::default() };
        let policies = Policies::new(vec![policy]);
        let number = |day| targets_in_force(&policies, Day(day)).len();
        assert_eq!([number(9), number(10), number(19), number(20)], [3, 4, 4, 3]);
    }
}
