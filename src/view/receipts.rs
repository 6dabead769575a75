//! Receipts as they are asked for and shown: by the command `facts` and by `GET /api/v1/facts`.

use crate::model::{ConversationId, Day, Medium, Name, Place, Receipt, ReceiptPage, ReceiptQuery, Time, Zone};

use super::fact;

/// Facts on one page of the API, unless fewer are asked for.
const PAGE: usize = 1_000;
/// Facts on one page of the API at most.
const PAGE_MAX: usize = 10_000;

/// What somebody asks for, in his words.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Asked {
    /// An agent: facts credited to him or judged against him.
    pub agent: Option<String>,
    /// A team.
    pub team: Option<String>,
    /// A KPI: the kinds of fact that it is made of.
    pub kpi: Option<String>,
    /// Kinds of fact, separated by commas.
    pub fact: Option<String>,
    /// `chat:ID` or `ticket:ID`.
    pub conversation: Option<String>,
    /// Not before: a time, or a day of the reporting zone.
    pub from: Option<String>,
    /// Before: likewise.
    pub to: Option<String>,
    /// The `next` of the page before.
    pub after: Option<String>,
    /// How many at most.
    pub limit: Option<String>,
}

impl Asked {
    /// The query for one page.
    ///
    /// # Errors
    /// One sentence that says what is wrong and what is allowed.
    pub fn query(&self, zone: &Zone) -> Result<ReceiptQuery, String> {
        let limit = match self.limit.as_deref().map(str::parse::<usize>) {
            None => PAGE,
            Some(Ok(limit)) if (1..=PAGE_MAX).contains(&limit) => limit,
            Some(_) => return Err(format!("limit {}: wanted 1 to {PAGE_MAX}", self.limit.as_deref().unwrap_or_default())),
        };
        let name = |text: &Option<String>| text.as_deref().map(Name::from);
        let instant = |key: &str, text: &Option<String>| text.as_deref().map(|text| instant(key, text, zone)).transpose();
        let after = |token: &String| Place::from_token(token).ok_or("after: wanted the `next` of an earlier page, as it was given");
        Ok(ReceiptQuery {
            agent: name(&self.agent),
            team: name(&self.team),
            kinds: self.kinds()?,
            conversation: self.conversation.as_deref().map(conversation).transpose()?,
            from: instant("from", &self.from)?,
            to: instant("to", &self.to)?,
            after: self.after.as_ref().map(after).transpose()?,
            limit,
        })
    }

    fn kinds(&self) -> Result<Vec<String>, String> {
        let of_kpi = match &self.kpi {
            None => None,
            Some(kpi) => Some(fact::behind(kpi).ok_or_else(|| format!("kpi {kpi}: no such KPI; docs/kpis.md names them"))?),
        };
        let Some(written) = &self.fact else { return Ok(of_kpi.unwrap_or_default().iter().map(|kind| (*kind).to_owned()).collect()) };
        let kinds: Vec<&str> = written.split(',').map(str::trim).collect();
        if let Some(unknown) = kinds.iter().find(|kind| !fact::WORDS.contains(kind)) {
            return Err(format!("fact {unknown}: one of {} wanted", fact::WORDS.join(", ")));
        }
        let both: Vec<String> = kinds.into_iter().filter(|kind| of_kpi.is_none_or(|of| of.contains(kind))).map(str::to_owned).collect();
        if both.is_empty() {
            return Err(format!("fact {written}: none of them is behind that KPI; leave one of the two out"));
        }
        Ok(both)
    }
}

/// An instant: RFC 3339, milliseconds since 1970, or a day of the reporting zone, which is its begin.
fn instant(key: &str, text: &str, zone: &Zone) -> Result<Time, String> {
    if let Ok(day) = text.parse::<Day>()
        && text.len() == "2026-11-25".len()
    {
        return Ok(zone.start(day));
    }
    let milliseconds = || text.parse::<i64>().ok().filter(|ms| ms.abs() < Time::MAX.0).map(Time);
    let written = || text.parse::<jiff::Timestamp>().ok().map(|at| Time(at.as_millisecond()));
    milliseconds().or_else(written).ok_or_else(|| {
        format!("{key} {text}: wanted a day like 2026-11-25, or a time like 2026-11-25T09:00:00+08:00 or milliseconds since 1970")
    })
}

/// Reads `chat:ID` or `ticket:ID`.
///
/// # Errors
/// What is wanted.
pub fn conversation(text: &str) -> Result<ConversationId, String> {
    let named = [("chat:", Medium::Chat), ("ticket:", Medium::Ticket)];
    let found = named.iter().find_map(|(prefix, medium)| Some((*medium, text.strip_prefix(prefix)?)));
    match found {
        Some((medium, id)) if !id.is_empty() => Ok(ConversationId { medium, id: id.into() }),
        _ => Err("chat: or ticket: and the id wanted, like chat:c1".to_owned()),
    }
}

/// The fact with the hash of its configuration as a last field; null when none is known.
#[must_use]
pub fn with_configuration(receipt: &Receipt) -> String {
    let fields = receipt.line.strip_suffix('}').unwrap_or(&receipt.line);
    match receipt.configuration.as_str() {
        "" => format!("{fields},\"configuration\":null}}"),
        hash => format!("{fields},\"configuration\":\"{hash}\"}}"),
    }
}

/// A page as the API gives it: `facts`, and `next` to ask for the page after it with `after`, or null.
#[must_use]
pub fn json(page: &ReceiptPage) -> String {
    let facts: Vec<String> = page.receipts.iter().map(with_configuration).collect();
    let next =
        page.receipts.last().filter(|_| page.has_more).map_or_else(|| "null".to_owned(), |last| format!("\"{}\"", last.place.token()));
    format!("{{\"facts\":[{}],\"next\":{next}}}", facts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn zone() -> Zone {
        Zone::new("Asia/Shanghai").unwrap()
    }

    #[test]
    fn words_become_a_query() {
        let asked = Asked {
            agent: some("amy"),
            kpi: some("response_within_target"),
            conversation: some("ticket:t:1"),
            from: some("2026-11-01"),
            to: some("2026-11-02T00:00:00Z"),
            limit: some("7"),
            ..Asked::default()
        };
        let query = asked.query(&zone()).unwrap();
        assert_eq!((query.agent.as_deref(), query.limit), (Some("amy"), 7));
        assert_eq!(query.kinds, ["response", "unanswered"]);
        assert_eq!(query.conversation, Some(ConversationId { medium: Medium::Ticket, id: "t:1".into() }));
        assert_eq!((query.from, query.to), (Some(Time(1_793_462_400_000)), Some(Time(1_793_577_600_000))));
        let both = Asked { fact: some("unanswered, breach"), kpi: some("unanswered"), ..Asked::default() };
        assert_eq!(both.query(&zone()).unwrap().kinds, ["unanswered"]);
        assert_eq!(Asked { from: some("1764061200000"), ..Asked::default() }.query(&zone()).unwrap().from, Some(Time(1_764_061_200_000)));
    }

    #[test]
    fn what_is_wrong_is_said_with_what_is_allowed() {
        let table = [
            (Asked { kpi: some("happiness"), ..Asked::default() }, "docs/kpis.md"),
            (Asked { fact: some("answer"), ..Asked::default() }, "one of started, response"),
            (Asked { fact: some("breach"), kpi: some("csat"), ..Asked::default() }, "leave one of the two out"),
            (Asked { conversation: some("c1"), ..Asked::default() }, "chat:c1"),
            (Asked { from: some("yesterday"), ..Asked::default() }, "a day like 2026-11-25"),
            (Asked { after: some("12"), ..Asked::default() }, "`next`"),
            (Asked { limit: some("0"), ..Asked::default() }, "1 to 10000"),
            (Asked { limit: some("many"), ..Asked::default() }, "1 to 10000"),
        ];
        for (asked, wanted) in table {
            let said = asked.query(&zone()).unwrap_err();
            assert!(said.contains(wanted), "{said}");
        }
    }

    #[test]
    fn a_page_is_json_and_leads_to_the_next() {
        let place = Place { at: Time(5), deadline: None, sequence: 3 };
        let receipt = Receipt { place: place.clone(), line: r#"{"fact":"rated"}"#.to_owned(), configuration: "ab".to_owned() };
        let page = ReceiptPage { receipts: vec![Receipt { configuration: String::new(), ..receipt.clone() }, receipt], has_more: true };
        let shown: serde_json::Value = serde_json::from_str(&json(&page)).unwrap();
        assert_eq!(shown["facts"][0], serde_json::json!({"fact": "rated", "configuration": null}));
        assert_eq!(shown["facts"][1]["configuration"], "ab");
        let next = Asked { after: some(shown["next"].as_str().unwrap()), ..Asked::default() };
        assert_eq!(next.query(&zone()).unwrap().after, Some(place));
        let last: serde_json::Value = serde_json::from_str(&json(&ReceiptPage::default())).unwrap();
        assert_eq!(last, serde_json::json!({"facts": [], "next": null}));
    }
}
