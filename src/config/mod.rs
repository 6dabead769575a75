//! The configuration: built-in values, then the file, then `DESKPULSE_SECTION__KEY` variables, then flags. It only composes what
//! the modules define for themselves, and names the key's path when something is wrong.

mod engine;
mod past;
mod people;
mod reference;
mod sections;
mod store;
mod words;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::engine::Settings;
use crate::model::Zone;
use crate::pipeline::{CoreSettings, Display};
use crate::store::failpoint;
use crate::view::{AgentOption, SeriesOptions};

pub use past::{PastChange, changed_keys, past_changes};
pub use reference::markdown;
pub use sections::{Agents, Config, EngineSection, Http, Metrics, People, PolicySection, TargetSetting, WordList};
pub use store::Store;

/// Prefix of environment variables that override the file.
pub const VARIABLE_PREFIX: &str = "DESKPULSE_";

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("configuration file {path}: {source}: give a file that can be read with --config")]
    Unreadable {
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("configuration file {path} is no TOML: {source}")]
    NotToml {
        /// Which file.
        path: String,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A key or value is not allowed.
    #[error("configuration {path}: {message}")]
    Invalid {
        /// Path of the key, such as `engine.allowed_lateness`.
        path: String,
        /// What was found and what is allowed.
        message: String,
    },
}

impl ConfigError {
    pub(crate) fn invalid(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid { path: path.into(), message: message.into() }
    }
}

/// Reads the file, if any, and lays the variables over it.
///
/// # Errors
/// When something cannot be read, is no TOML, is unknown, or not allowed: the key's path and what is allowed.
pub fn load(file: Option<&Path>, variables: impl IntoIterator<Item = (String, String)>) -> Result<Config, ConfigError> {
    let text = match file {
        Some(path) => {
            std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { path: path.display().to_string(), source })?
        }
        None => String::new(),
    };
    let name = file.map_or_else(|| "(none)".to_owned(), |path| path.display().to_string());
    let folder = file.and_then(Path::parent).unwrap_or_else(|| Path::new(""));
    parse(&text, &name, folder, variables)
}

/// Reads a configuration from its text. Files that it names are looked for beside `folder`.
///
/// # Errors
/// As [`load`].
pub fn parse(text: &str, name: &str, folder: &Path, variables: impl IntoIterator<Item = (String, String)>) -> Result<Config, ConfigError> {
    let table = text.parse::<toml::Table>();
    let mut table = table.map_err(|source| ConfigError::NotToml { path: name.to_owned(), source: Box::new(source) })?;
    let mut variables: Vec<_> = variables.into_iter().collect();
    variables.sort();
    for (variable, value) in variables {
        if let Some(path) = variable.strip_prefix(VARIABLE_PREFIX).filter(|path| !path.is_empty() && variable != failpoint::VARIABLE) {
            lay_over(&mut table, &variable, path, &value)?;
        }
    }
    if table.contains_key("calendar") {
        return Err(ConfigError::invalid(
            "calendar",
            "calendars of business hours are not there yet, every duration is wall time: take the section out",
        ));
    }
    if let Some((name, _)) = table.iter().find(|(name, value)| *name != "policy" && value.is_array()) {
        return Err(ConfigError::invalid(name, format!("a list: wanted one section, [{name}] in single brackets")));
    }
    let mut config: Config = serde_path_to_error::deserialize(table.clone()).map_err(|error| {
        let path = error.path().to_string();
        let message = words::reworded(&path, words::value_at(&table, error.path()), error.inner().message());
        ConfigError::invalid(if path == "." { "file".to_owned() } else { path }, message)
    })?;
    config.read_files(folder)?;
    config.check()?;
    Ok(config)
}

/// Sets the key that a variable names: `ENGINE__CLOCK` is `engine.clock`. Its value is TOML if it parses, else a string.
fn lay_over(table: &mut toml::Table, variable: &str, path: &str, value: &str) -> Result<(), ConfigError> {
    let parsed = format!("value = {value}").parse::<toml::Table>().ok().and_then(|mut parsed| parsed.remove("value"));
    let value = parsed.unwrap_or_else(|| toml::Value::String(value.to_owned()));
    let keys: Vec<String> = path.split("__").map(str::to_lowercase).collect();
    let Some((last, sections)) = keys.split_last() else { return Ok(()) };
    let mut here = table;
    for section in sections {
        let entry = here.entry(section.clone()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        here = entry
            .as_table_mut()
            .ok_or_else(|| ConfigError::invalid(variable, format!("{section} is a value, not a section: name a section's key")))?;
    }
    here.insert(last.clone(), value);
    Ok(())
}

impl Config {
    /// What the engine is told.
    ///
    /// # Errors
    /// When a value is not allowed; [`load`] has already made sure that none is.
    pub fn engine_settings(&self) -> Result<Arc<Settings>, ConfigError> {
        engine::settings(self).map(Arc::new)
    }

    /// What the core is told.
    ///
    /// # Errors
    /// As [`Config::engine_settings`].
    pub fn core_settings(&self) -> Result<CoreSettings, ConfigError> {
        Ok(CoreSettings {
            engine: self.engine_settings()?,
            phrases: self.engine.phrases.words().to_vec(),
            auto_texts: self.engine.auto_texts.words().to_vec(),
            windows: self.engine.windows.clone(),
            shows_agents: self.metrics.agents != AgentOption::Off,
        })
    }

    fn series_options(&self) -> Result<SeriesOptions, ConfigError> {
        let statuses = self.engine_settings()?.agents.statuses.keys().cloned().collect();
        Ok(SeriesOptions { agents: self.metrics.agents, max_agents: self.metrics.max_agents, statuses })
    }

    /// How snapshots are shown.
    ///
    /// # Errors
    /// As [`Config::engine_settings`].
    pub fn display(&self) -> Result<Display, ConfigError> {
        Ok(Display { series: Arc::new(self.series_options()?), names: Arc::clone(&self.names) })
    }

    /// What is allowed but probably not meant.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let silent =
            |policy: &&PolicySection| policy.first_response.is_none() && policy.next_response.is_none() && policy.resolution.is_none();
        let numbered = self.policy.iter().enumerate().filter(|(_, policy)| silent(policy));
        numbered.map(|(index, _)| format!("policy[{index}] sets no target: it decides nothing")).collect()
    }

    /// The reporting zone.
    ///
    /// # Errors
    /// When there is no such zone.
    pub fn zone(&self) -> Result<Zone, ConfigError> {
        Zone::new(&self.time_zone).map_err(|_| {
            ConfigError::invalid(
                "time_zone",
                format!("no time zone {:?}: wanted an IANA name such as \"Asia/Shanghai\" or \"UTC\"", self.time_zone.0),
            )
        })
    }

    /// The policies that are built in, which decide where none that is written does, as TOML.
    ///
    /// # Errors
    /// As [`Config::engine_settings`].
    pub fn built_in_policies(&self) -> Result<String, ConfigError> {
        let policies = BTreeMap::from([("policy", engine::built_in(self)?)]);
        toml::to_string(&policies).map_err(|error| ConfigError::invalid("policy", error.to_string()))
    }

    /// The same with what holds where nothing is written: defaults that depend on other keys, and the built-in statuses.
    ///
    /// # Errors
    /// As [`Config::engine_settings`].
    pub fn written_out(&self) -> Result<Self, ConfigError> {
        let mut whole = self.clone();
        whole.store.keep_hot = Some(self.keep_hot()?);
        engine::write_out(&mut whole)?;
        Ok(whole)
    }

    /// The configuration as TOML, secrets masked.
    ///
    /// # Errors
    /// When a value has no TOML form.
    pub fn show(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(&self.masked())
    }
}

#[cfg(test)]
mod tests;
