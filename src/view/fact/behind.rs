//! Which facts are behind a number: where one looks when it is doubted.

/// The kinds of fact that a KPI is made of, by their words; `None` when there is no such KPI. A fact of such a kind may still count elsewhere:
/// of another medium, of another target, or not at all (a later cycle, a rating for a reason that does not count).
#[must_use]
pub fn behind(kpi: &str) -> Option<&'static [&'static str]> {
    Some(match kpi {
        "response_time" | "first_response_time" | "customer_wait_time" | "own_response_time" | "own_response_within_target" => {
            &["response"]
        }
        "response_within_target" | "first_response_within_target" | "service_level" | "abandonment" => &["response", "unanswered"],
        "unanswered" => &["unanswered"],
        "response_breaches" | "resolution_breaches" => &["breach", "withdrawn"],
        "waiting_limit_breaches" | "waiting_over_limit_time" => &["waiting_limit"],
        "conversations" | "complaint_ratio" => &["started"],
        "resolutions" | "resolution_time" | "resolution_within_target" | "cycle_resolution_time" => &["resolved"],
        "reopen_ratio" => &["reopened", "resolved"],
        "first_contact_resolution" | "complaint_handling_time" | "complaint_within_target" => &["resolved", "withdrawn"],
        "repeat_contact_ratio" => &["repeat_contact", "resolved"],
        "auto_closed" => &["ended"],
        "work_time" => &["presence"],
        "handling_time" | "utilization" | "occupancy" => &["handling", "presence"],
        "concurrency" => &["handling"],
        "average_handling_time" => &["ended", "handling", "resolved"],
        "csat" | "satisfied_ratio" | "bad_reviews" => &["rated"],
        "csat_response_ratio" => &["rated", "resolved"],
        "policy_violations" => &["violation"],
        "quality_accuracy" => &["reviewed"],
        "conversion" | "sales_amount" | "sales_vs_team" | "orders" | "average_order_value" => &["paid"],
        "return_ratio" => &["paid", "returned"],
        "offer_acceptance" => &["offer"],
        "follow_up_ratio" => &["followed_up", "resolved"],
        "workload_deviation" => &["planned", "started"],
        indicator if indicator.starts_with("indicator:") => &["scored"],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kpi::CATALOGUE;
    use crate::view::fact::WORDS;

    #[test]
    fn every_kpi_has_facts_behind_it() {
        for kpi in CATALOGUE {
            let kinds = behind(kpi.id).unwrap_or_else(|| panic!("{} has no line", kpi.id));
            assert!(!kinds.is_empty() && kinds.iter().all(|kind| WORDS.contains(kind)), "{}: {kinds:?}", kpi.id);
        }
        assert_eq!(behind("happiness"), None);
    }
}
