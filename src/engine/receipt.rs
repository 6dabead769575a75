//! Receipts of events that no fold keeps state of: violations, reviews, offers, plans, indicators (rulings 7, 87, 101).

use crate::model::{Body, ConversationId, ConversationRef, Fact, FactKind, Name, Time};

/// The conversation that an event names without happening in it: it touches it (ruling 106).
#[must_use]
pub fn conversation(body: &Body) -> Option<&ConversationId> {
    match body {
        Body::Violation { conversation, .. } | Body::Reviewed { conversation, .. } | Body::OfferMade { conversation, .. } => {
            conversation.as_ref()
        }
        Body::Rated(rating) => Some(&rating.conversation),
        Body::OrderPaid(order) => order.conversation.as_ref(),
        _ => None,
    }
}

/// The agent that such an event is about.
#[must_use]
pub fn agent(body: &Body) -> Option<&Name> {
    match body {
        Body::Violation { agent, .. }
        | Body::Reviewed { agent, .. }
        | Body::OfferMade { agent, .. }
        | Body::IndicatorScored { agent, .. } => Some(agent),
        _ => None,
    }
}

/// The receipt: its team is the conversation's if that is known, else the agent's; a plan's is its own.
#[must_use]
pub fn fact(body: &Body, at: Time, conversation: Option<(ConversationRef, Option<Name>)>, agent_team: Option<Name>) -> Option<Fact> {
    let kind = match body {
        Body::Violation { rule, .. } => FactKind::Violation { rule: rule.clone() },
        Body::Reviewed { points, out_of, .. } => FactKind::Reviewed { points: *points, out_of: *out_of },
        Body::OfferMade { accepted, .. } => FactKind::Offer { accepted: *accepted },
        Body::WorkloadPlanned { from, to, contacts, .. } => FactKind::Planned { from: *from, to: *to, contacts: *contacts },
        Body::IndicatorScored { indicator, month, value, .. } => {
            FactKind::Scored { indicator: indicator.clone(), month: month.clone(), value: *value }
        }
        _ => return None,
    };
    let (conversation, team) = match (conversation, body) {
        (_, Body::WorkloadPlanned { team, .. }) => (None, Some(team.clone())),
        (Some((conversation, team)), _) => (Some(conversation), team.or(agent_team)),
        (None, _) => (None, agent_team),
    };
    Some(Fact { at, by_deadline: false, team, agent: agent(body).cloned(), conversation, kind })
}
