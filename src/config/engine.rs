//! From the written sections to what the engine is told.

use std::collections::BTreeSet;

use crate::engine::{AgentSettings, HandlingRule, Match, Policies, Policy, Setting, Settings};
use crate::model::{Day, Span};

use super::ConfigError;
use super::sections::{Config, PolicySection, TargetSetting};

/// How long an ended conversation is remembered unless the configuration says otherwise or a window is longer.
const FORGET_AFTER: Span = Span(90 * Span::DAY.0);

/// The engine's settings.
pub(super) fn settings(config: &Config) -> Result<Settings, ConfigError> {
    let engine = &config.engine;
    let policies = config.policy.iter().enumerate().map(|(index, section)| policy(index, section)).collect::<Result<Vec<_>, _>>()?;
    if engine.duplicate_limit == 0 || engine.duplicate_limit > 1 << 31 {
        return Err(ConfigError::invalid("engine.duplicate_limit", format!("{}: wanted 1 to 2147483648 ids", engine.duplicate_limit)));
    }
    let distinct: BTreeSet<Span> = engine.windows.iter().copied().collect();
    if distinct.len() < engine.windows.len() {
        return Err(ConfigError::invalid("engine.windows", "two windows have the same length: leave one of them out"));
    }
    if engine.windows.is_empty() || engine.windows.iter().any(|window| window.0 < 1_000 || *window > Span::DAY) {
        return Err(ConfigError::invalid("engine.windows", "wanted at least one window, each from 1s to 24h"));
    }
    Ok(Settings {
        zone: config.zone()?,
        allowed_lateness: engine.allowed_lateness,
        max_ahead: engine.max_ahead,
        duplicate_window: engine.duplicate_window,
        duplicate_limit: engine.duplicate_limit,
        forget_after: forget_after(config)?,
        short_abandon: engine.short_abandon,
        settle: engine.settle,
        agents: agents(config),
        policies: Policies::new(policies),
        track_changes: false,
    })
}

/// What the engine is told, written out where nothing was: how long it remembers, and what statuses mean.
pub(super) fn write_out(config: &mut Config) -> Result<(), ConfigError> {
    let settings = settings(config)?;
    config.engine.forget_after = Some(settings.forget_after);
    config.agents.statuses = settings.agents.statuses;
    Ok(())
}

/// The policies that are built in.
pub(super) fn built_in(config: &Config) -> Result<Vec<PolicySection>, ConfigError> {
    let settings = settings(config)?;
    Ok(settings.policies.all().iter().skip(config.policy.len()).map(section).collect())
}

/// A policy that always holds, as it would be written.
fn section(policy: &Policy) -> PolicySection {
    let written = |setting: Setting| match setting {
        Setting::Unset => None,
        Setting::Off => Some(TargetSetting::Off),
        Setting::Within(limit) => Some(TargetSetting::Within(limit)),
    };
    let Match { medium, team, channel, kind, severity, priority } = policy.matches.clone();
    PolicySection {
        medium,
        team,
        channel,
        kind,
        severity,
        priority,
        first_response: written(policy.first_response),
        next_response: written(policy.next_response),
        resolution: written(policy.resolution),
        ..PolicySection::default()
    }
}

fn forget_after(config: &Config) -> Result<Span, ConfigError> {
    let engine = &config.engine;
    // With active handling an agent's focus on his last message goes on past the end: what is forgotten has to be over.
    let focus = if config.agents.handling == HandlingRule::Active { config.agents.focus } else { Span::ZERO };
    let least = engine.fcr_window.max(engine.conversion_window).max(engine.settle).max(focus);
    match engine.forget_after {
        Some(written) if written < least => Err(ConfigError::invalid(
            "engine.forget_after",
            format!("{written} is shorter than fcr_window, conversion_window, settle or focus: wanted at least {least}"),
        )),
        Some(written) => Ok(written),
        None => Ok(FORGET_AFTER.max(least)),
    }
}

fn agents(config: &Config) -> AgentSettings {
    let written = &config.agents;
    let mut settings = AgentSettings {
        waiting_limit: written.waiting_limit,
        limit_counts: written.limit_counts,
        handling: written.handling,
        focus: written.focus,
        presence_timeout: written.presence_timeout.span(),
        ..AgentSettings::default()
    };
    settings.statuses.extend(written.statuses.iter().map(|(word, category)| (word.clone(), *category)));
    settings
}

fn policy(index: usize, section: &PolicySection) -> Result<Policy, ConfigError> {
    let at = |key: &str| format!("policy[{index}].{key}");
    if section.calendar.is_some() {
        return Err(ConfigError::invalid(
            at("calendar"),
            "calendars of business hours are not there yet, every duration is wall time: take the key out",
        ));
    }
    let day = |key: &str, written: &Option<String>| match written {
        None => Ok(None),
        Some(text) => text
            .parse::<Day>()
            .map(Some)
            .map_err(|_| ConfigError::invalid(at(key), format!("{text:?}: wanted a day such as \"2026-10-01\""))),
    };
    let (from, until) = (day("from", &section.from)?, day("until", &section.until)?);
    if from.zip(until).is_some_and(|(from, until)| until <= from) {
        return Err(ConfigError::invalid(
            at("until"),
            "not after from, so that this policy would never hold: wanted a later day, the first one after it",
        ));
    }
    Ok(Policy {
        matches: Match {
            medium: section.medium,
            team: section.team.clone(),
            channel: section.channel.clone(),
            kind: section.kind.clone(),
            severity: section.severity.clone(),
            priority: section.priority.clone(),
        },
        first_response: setting(section.first_response),
        next_response: setting(section.next_response),
        resolution: setting(section.resolution),
        from,
        until,
    })
}

fn setting(written: Option<TargetSetting>) -> Setting {
    match written {
        None => Setting::Unset,
        Some(TargetSetting::Off) => Setting::Off,
        Some(TargetSetting::Within(span)) => Setting::Within(span),
    }
}
