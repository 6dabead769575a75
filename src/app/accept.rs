//! The configuration against the one that the store ran with before: what would reach back has to be accepted.

use tracing::warn;

use crate::config::{Config, past_changes};
use crate::model::Time;
use crate::store::Sqlite;

use super::AppError;

/// Enters the configuration into the store. One that would change time that has passed is refused, unless `accepted`: then it counts from
/// here on, and what was told stays as it was told.
pub(super) fn enter(config: &Config, store: &mut Sqlite, clock: Time, now: Time, accepted: bool) -> Result<(), AppError> {
    let clock = Some(clock).filter(|clock| *clock > Time::MIN);
    let text = config.show().map_err(|error| AppError::Unwritable(error.to_string()))?;
    if let (Some(before), Some(clock)) = (store.configuration()?, clock) {
        let tables = before.text.parse().and_then(|before| Ok((before, text.parse()?)));
        let (before, after) = tables.map_err(|error: toml::de::Error| AppError::Unwritable(error.to_string()))?;
        let changes: Vec<String> = past_changes(&before, &after, config.zone()?.day(clock)).iter().map(ToString::to_string).collect();
        if !changes.is_empty() && !accepted {
            return Err(AppError::Past(changes.join("; ")));
        }
        changes.iter().for_each(|change| warn!("accepted: {change}"));
    }
    Ok(store.enter_configuration(&text, now, clock)?)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const NOW: Time = Time(1_764_061_200_000);

    fn entered(store: &mut Sqlite, text: &str, clock: Time, accepted: bool) -> Result<(), String> {
        let config = crate::config::parse(text, "test.toml", Path::new(""), []).unwrap();
        enter(&config, store, clock, NOW, accepted).map_err(|error| error.to_string())
    }

    #[test]
    fn what_reaches_back_has_to_be_accepted_and_only_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Sqlite::open(&folder.path().join("store.db"), &["chat.events".to_owned()]).unwrap();
        entered(&mut store, "", Time::MIN, false).unwrap();
        entered(&mut store, "time_zone = \"UTC\"", Time::MIN, false).expect("no time has passed before the first event");
        let said = entered(&mut store, "time_zone = \"Europe/Berlin\"", NOW, false).unwrap_err();
        assert!(said.contains("time_zone was \"UTC\", is now \"Europe/Berlin\"") && said.contains("--accept-config"), "{said}");
        assert!(store.configuration().unwrap().unwrap().text.contains("UTC"), "a refused one is not entered");
        entered(&mut store, "time_zone = \"Europe/Berlin\"", NOW, true).unwrap();
        entered(&mut store, "time_zone = \"Europe/Berlin\"", NOW, false).unwrap();
        entered(&mut store, "time_zone = \"Europe/Berlin\"\n[metrics]\nagents = \"all\"", NOW, false).unwrap();
        let latest = store.configuration().unwrap().unwrap();
        assert_eq!((latest.since, latest.clock), (NOW, Some(NOW)));
    }

    #[test]
    fn secrets_are_not_entered() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Sqlite::open(&folder.path().join("store.db"), &["chat.events".to_owned()]).unwrap();
        entered(&mut store, "[kafka.options]\n\"sasl.password\" = \"hunter2\"", Time::MIN, false).unwrap();
        assert!(!store.configuration().unwrap().unwrap().text.contains("hunter2"));
    }
}
