//! SIGHUP: the configuration is read again. Policies, phrases and automatic texts change without a stop, all or nothing; a file that is wrong, that
//! changes anything else, or that would change time that has passed changes nothing.

use tokio::signal::unix::Signal;
use tokio::sync::mpsc;
use tracing::{error, info};

use crate::clock::Clock;
use crate::config::{Config, ConfigError, changed_keys, past_changes};
use crate::model::Time;
use crate::pipeline::Reload;

/// Keys that may change while the service runs.
const RELOADED: [&str; 4] = ["policy", "calendar", "engine.phrases", "engine.auto_texts"];

/// Reads the configuration again at every signal, until nobody wants it any more.
pub(super) async fn watch(
    mut hangup: Signal,
    load: impl Fn() -> Result<Config, ConfigError>,
    mut running: Config,
    clock: Clock,
    reloads: mpsc::Sender<Reload>,
) {
    while hangup.recv().await.is_some() {
        let next = load().map_err(|error| error.to_string()).and_then(|new| Ok((compared(&running, &new, clock.now())?, new)));
        match next {
            Ok((None, _)) => info!("the configuration was read again: nothing that is reloaded has changed"),
            Ok((Some((reload, keys)), new)) => {
                if reloads.send(reload).await.is_err() {
                    return;
                }
                info!("the configuration was read again: {} changed", keys.join(", "));
                running = new;
            }
            Err(said) => error!("the configuration was read again and stays as it was: {said}"),
        }
    }
}

/// What is to be reloaded, with the keys that changed; or why nothing is.
fn compared(running: &Config, new: &Config, now: Time) -> Result<Option<(Reload, Vec<String>)>, String> {
    let text = |config: &Config| config.show().map_err(|error| error.to_string());
    let (before, after) = (text(running)?, text(new)?);
    let table = |text: &str| text.parse::<toml::Table>().map_err(|error| error.to_string());
    let (was, is) = (table(&before)?, table(&after)?);
    let keys = changed_keys(&was, &is);
    let is_reloaded =
        |key: &str| RELOADED.iter().any(|reloaded| key.strip_prefix(reloaded).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')));
    let fixed: Vec<&str> = keys.iter().map(String::as_str).filter(|key| !is_reloaded(key)).collect();
    if !fixed.is_empty() {
        return Err(format!("{} cannot change while the service runs: change them back, or start it anew", fixed.join(", ")));
    }
    let past = past_changes(&was, &is, new.zone().map_err(|error| error.to_string())?.day(now));
    if !past.is_empty() {
        let past: Vec<String> = past.iter().map(ToString::to_string).collect();
        return Err(format!("it would change time that has passed: {}; or start the service anew with --accept-config", past.join("; ")));
    }
    if keys.is_empty() {
        return Ok(None);
    }
    let core = new.core_settings().map_err(|error| error.to_string())?;
    Ok(Some((Reload { core, text: after }, keys)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn config(text: &str) -> Config {
        crate::config::parse(text, "test.toml", Path::new(""), []).unwrap()
    }

    fn keys(before: &str, after: &str) -> Result<Vec<String>, String> {
        // 2025-11-25 in every zone.
        let compared = compared(&config(before), &config(after), Time(1_764_072_000_000))?;
        Ok(compared.map_or_else(Vec::new, |(_, keys)| keys))
    }

    #[test]
    fn policies_from_tomorrow_on_and_words_are_reloaded() {
        let policy = "[[policy]]\nmedium = \"chat\"\nfirst_response = \"20s\"\nfrom = \"2025-11-26\"";
        assert_eq!(keys("", &format!("[engine]\nphrases = [\"shut up\"]\n{policy}")).unwrap(), ["engine.phrases", "policy"]);
        assert_eq!(keys(policy, policy).unwrap(), [""; 0]);
    }

    #[test]
    fn what_reaches_back_or_needs_a_start_changes_nothing() {
        let said = keys("", "[[policy]]\nfirst_response = \"20s\"").unwrap_err();
        assert!(said.contains("time that has passed") && said.contains("--accept-config"), "{said}");
        let said = keys("", "[engine]\nphrases = [\"shut up\"]\nmax_ahead = \"9s\"\n[metrics]\nagents = \"off\"").unwrap_err();
        assert!(said.contains("engine.max_ahead, metrics.agents cannot change while the service runs"), "{said}");
    }
}
