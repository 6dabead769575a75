//! What follows a conversation or concerns none: ratings, follow-ups, orders, offers, reviews, plans, indicators.

use super::Topic;
use super::chat::ChatStep;
use super::draft::{Draft, stamp};
use super::floor::{Floor, Step};
use super::roster::{Duty, Status};
use crate::model::{Span, Time};

/// Something that is decided when its time has come.
#[derive(Debug)]
pub(super) enum BusinessStep {
    /// Somebody of the team on duty follows up: the event without its agent.
    FollowUp(usize, Draft),
}

const fn minutes(count: i64) -> Span {
    Span(count * Span::MINUTE.0)
}

impl Floor {
    pub(super) fn business_step(&mut self, step: BusinessStep) {
        let BusinessStep::FollowUp(team, draft) = step;
        let member = self.teams[team].members.iter().copied().find(|&agent| self.agents[agent].status == Status::Available);
        if let Some(agent) = member {
            let id = self.agents[agent].id.clone();
            self.send(draft.word("agent", &id));
        }
    }

    /// What follows a chat; whether the customer will write on it again.
    pub(super) fn after_chat(&mut self, number: u64, reason: &str) -> bool {
        let Some(chat) = self.chats.get(&number) else { return false };
        let (id, customer, team, owner) = (chat.id.clone(), chat.customer.clone(), chat.team, chat.owner);
        let (waited_long, turn, ends, call) = (chat.waited_long, chat.turn, chat.ends, chat.call);
        let Some(agent) = owner else { return false };
        let name = self.agents[agent].id.clone();
        self.write_up(agent);
        if self.chance.share(0.25) {
            self.rate("chat", &id, &name, waited_long);
        }
        if ends == 1 && self.chance.share(0.04) {
            let after = self.chance.between(minutes(60), minutes(1_300));
            let draft = Draft::chat("chat.followed_up", &id);
            self.plan(after, Step::Business(Box::new(BusinessStep::FollowUp(team, draft))));
        }
        self.review(&id, &name);
        match self.teams[team].duty {
            Duty::Presale | Duty::Vip => self.sell(&id, &customer, &name),
            _ if self.chance.share(0.02) => {
                let kind = self.chance.pick(&["request", "technical", "complaint"]);
                self.create_ticket(team, &customer, "escalated", kind, Some(agent));
            }
            _ => {}
        }
        let comes_back = !call && ends < 3 && reason != "timeout" && self.chance.share(0.04);
        if comes_back {
            let after = self.chance.around(minutes(12), 0.9);
            self.plan(after, Step::Chat(number, turn, ChatStep::ComeBack));
        }
        comes_back
    }

    /// What follows a resolved ticket.
    pub(super) fn after_ticket(&mut self, number: u64, agent: &str) {
        let Some(ticket) = self.tickets.get(&number) else { return };
        let (id, team, complaint) = (ticket.id.clone(), ticket.team, ticket.kind == "complaint");
        if self.chance.share(0.3) {
            self.rate("ticket", &id, agent, complaint);
        }
        if self.chance.share(if complaint { 0.4 } else { 0.1 }) {
            let after = self.chance.between(minutes(40), minutes(1_400));
            let draft = Draft::ticket("ticket.followed_up", &id);
            self.plan(after, Step::Business(Box::new(BusinessStep::FollowUp(team, draft))));
        }
    }

    fn rate(&mut self, field: &'static str, id: &str, agent: &str, unhappy: bool) {
        let weights = if unhappy { [0.15, 0.12, 0.18, 0.25, 0.30] } else { [0.02, 0.02, 0.06, 0.25, 0.65] };
        let stars = self.chance.weighted(&weights) as i64 + 1;
        let topic = if field == "chat" { Topic::Chat } else { Topic::Ticket };
        let mut rating = Draft::new(topic, "customer.rated", id).word(field, id);
        rating = if self.chance.share(0.2) {
            rating.json("score", &(stars * 2).to_string()).json("scale", "10")
        } else {
            rating.json("score", &stars.to_string())
        };
        if self.chance.share(0.3) {
            rating = rating.word("agent", agent);
        }
        if stars <= 2 {
            let reason = self.chance.pick(&["slow", "attitude", "unsolved", "product"]);
            rating = rating.word("reason", reason);
        }
        let after = self.chance.around(Span(40_000), 0.8);
        self.send_later(after, rating);
    }

    /// A reviewer reads some chats, hours later, and finds something in a few.
    fn review(&mut self, chat: &str, agent: &str) {
        let after = self.chance.between(minutes(15), minutes(900));
        if self.chance.share(0.05) {
            let points = self.chance.number(140, 200) as f64 / 2.0;
            let review = Draft::new(Topic::Agent, "quality.reviewed", agent).word("agent", agent).json("points", &points.to_string());
            self.send_later(after, review.word("chat", chat));
        }
        if self.chance.share(0.006) {
            let rule = self.chance.pick(&["no_greeting", "wrong_information", "promise_not_kept"]);
            let violation = Draft::new(Topic::Agent, "quality.violation", agent).word("agent", agent).word("rule", rule);
            self.send_later(after, violation.word("chat", chat));
        }
    }

    /// Some customers are offered something, some buy, some of these send it back.
    fn sell(&mut self, chat: &str, customer: &str, agent: &str) {
        if self.chance.share(0.2) {
            let accepted = if self.chance.share(0.35) { "true" } else { "false" };
            let offer = Draft::agent("offer.made", agent).json("accepted", accepted).word("chat", chat);
            self.send(offer);
        }
        if !self.chance.share(0.25) {
            return;
        }
        let (_, order) = self.new_id("o");
        let cents = self.chance.around(Span(18_900), 0.8).0.clamp(100, 5_000_000);
        let amount = format!("\"{}.{:02}\"", cents / 100, cents % 100);
        let mut paid =
            Draft::new(Topic::Agent, "order.paid", &order).word("order", &order).word("customer", customer).json("amount", &amount);
        paid = match self.chance.weighted(&[0.5, 0.25, 0.25]) {
            0 => paid.word("chat", chat),
            1 => paid.word("agent", agent),
            _ => paid,
        };
        let after = self.chance.around(minutes(9), 0.8);
        self.send_later(after, paid.word("currency", "CNY"));
        if self.chance.share(0.08) {
            let back = after + self.chance.between(minutes(240), minutes(7_000));
            let reason = self.chance.pick(&["size", "quality", "changed_mind", "damaged"]);
            let returned =
                Draft::new(Topic::Agent, "order.returned", &order).word("order", &order).json("amount", &amount).word("reason", reason);
            self.send_later(back, returned);
        }
    }

    /// The planners' forecast for what is left of the day, in blocks of two hours.
    pub(super) fn plan_workload(&mut self, day_end: Time) {
        const BLOCK: Span = Span(2 * Span::HOUR.0);
        let total: f64 = self.teams.iter().map(|team| team.weight).sum();
        for block in (1..=12).rev() {
            let from = Time(day_end.0 - block * BLOCK.0);
            if from < self.now {
                continue;
            }
            let expected = self.rhythm.expected(from, BLOCK);
            for team in 0..self.teams.len() {
                let guess = expected * self.teams[team].weight / total * (0.85 + 0.3 * self.chance.unit());
                let name = self.teams[team].name.clone();
                let plan = Draft::new(Topic::Agent, "workload.planned", &name)
                    .word("team", &name)
                    .json("from", &stamp(from))
                    .json("to", &stamp(from + BLOCK))
                    .json("contacts", &(guess as i64).to_string());
                let after = self.chance.between(Span(500), Span(20_000));
                self.send_later(after, plan);
            }
        }
    }

    /// Every day some agents get last month's marks: what no event stream can compute.
    pub(super) fn score_indicators(&mut self) {
        let Some(month) = month_before(self.now) else { return };
        for agent in 0..self.agents.len() {
            if !self.chance.share(0.1) {
                continue;
            }
            let id = self.agents[agent].id.clone();
            let indicator = self.chance.pick(&["product_exam", "collaboration", "feedback_360"]);
            let value = self.chance.number(120, 200) as f64 / 2.0;
            let mark =
                Draft::agent("indicator.scored", &id).word("indicator", indicator).word("month", &month).json("value", &value.to_string());
            let after = self.chance.between(minutes(1), minutes(400));
            self.send_later(after, mark);
        }
    }
}

/// The month before that of this instant (UTC), as `YYYY-MM`.
fn month_before(at: Time) -> Option<String> {
    let date = jiff::Timestamp::from_millisecond(at.0).ok()?.to_zoned(jiff::tz::TimeZone::UTC).date();
    let last_day_before = date.first_of_month().yesterday().ok()?;
    Some(format!("{:04}-{:02}", last_day_before.year(), last_day_before.month()))
}
