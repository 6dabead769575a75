//! The binary as users meet it: exit codes, messages, streams.

#![expect(clippy::expect_used, reason = "a test stops where its own setting is not as it must be")]

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const STARTED: &str = r#"{"id":"1","type":"chat.started","time":"2026-03-02T09:00:00Z","chat":"c1","team":"presale","waiting":true}"#;
const ANSWERED: &str = r#"{"id":"2","type":"chat.message","time":"2026-03-02T09:00:20Z","chat":"c1","from":"agent","agent":"amy"}"#;
const ENDED: &str = r#"{"id":"3","type":"chat.ended","time":"2026-03-03T09:00:00Z","chat":"c1","reason":"resolved"}"#;
const SECONDS: &str = r#"{"id":"4","type":"chat.reopened","time":1764061200,"chat":"c1"}"#;

/// What a run of the binary came to.
struct Done {
    code: i32,
    out: String,
    err: String,
}

impl Done {
    /// The lines of standard output, each of which is JSON.
    fn rows(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
    }
}

/// A folder with files, in which commands run.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new(files: &[(&str, &[&str])]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, lines) in files {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            fs::write(folder.path().join(name), text).expect("a writable folder");
        }
        Self { folder }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_deskpulse"));
        command.args(args).current_dir(self.folder.path()).env_clear();
        command
    }

    fn run(&self, args: &[&str]) -> Done {
        done(self.command(args), "")
    }

    /// Runs with this on standard input.
    fn feed(&self, args: &[&str], input: &str) -> Done {
        done(self.command(args), input)
    }
}

fn done(mut command: Command, input: &str) -> Done {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    match child.stdin.take().expect("a pipe").write_all(input.as_bytes()) {
        // What is refused by its arguments ends without reading, at times before all is written.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        written => written.expect("the input is written"),
    }
    let output = child.wait_with_output().expect("the binary ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Done { code: output.status.code().expect("no signal"), out: text(output.stdout), err: text(output.stderr) }
}

/// Runs a command without files.
fn run(args: &[&str]) -> Done {
    Desk::new(&[]).run(args)
}

fn check(config: &str) -> Done {
    Desk::new(&[("deskpulse.toml", &[config])]).run(&["check", "--config", "deskpulse.toml"])
}

/// One sentence on standard error, nothing on standard output, exit code 2.
#[track_caller]
fn assert_refused(done: &Done, sentence: &str) {
    assert_eq!((done.code, done.out.as_str()), (2, ""), "{}", done.err);
    assert_eq!(done.err, format!("deskpulse: {sentence}\n"));
}

#[test]
fn a_replay_prints_totals_and_closes_with_a_count() {
    let done = Desk::new(&[("a.ndjson", &[STARTED, ANSWERED, ENDED])]).run(&["replay", "a.ndjson"]);
    assert_eq!((done.code, done.err.as_str()), (0, "3 applied, 0 duplicate, 0 late, 0 rejected\n"));
    assert!(done.rows().iter().any(|row| row["kpi"] == "response_time" && row["id"] == "amy" && row["sum"] == 20.0));
}

#[test]
fn rejected_lines_are_told_by_file_and_line_and_the_run_goes_on() {
    let done = Desk::new(&[("a.ndjson", &[STARTED, SECONDS, "no json", ANSWERED])]).run(&["replay", "--print", "summary", "a.ndjson"]);
    let lines: Vec<&str> = done.err.lines().collect();
    assert_eq!(done.code, 0);
    assert_eq!(lines[0], "a.ndjson:2: bad_time: time 1764061200: milliseconds wanted, this looks like seconds");
    assert!(lines[1].starts_with("a.ndjson:3: not_json: "), "{}", lines[1]);
    assert_eq!(lines[2..], ["2 applied, 0 duplicate, 0 late, 2 rejected"]);
    let summary = &done.rows()[0];
    assert_eq!(
        (&summary["applied"], &summary["rejected"]["bad_time"], &summary["rejected"]["not_json"]),
        (&2.into(), &1.into(), &1.into())
    );
}

#[test]
fn strict_makes_a_rejected_line_a_failure_after_all_is_printed() {
    let done = Desk::new(&[("a.ndjson", &[SECONDS, STARTED])]).run(&["replay", "--strict", "--print", "summary", "a.ndjson"]);
    assert_eq!((done.code, done.rows().len()), (1, 1));
    assert!(
        done.err.ends_with("deskpulse: --strict: some lines were rejected or have unknown fields: correct them, or leave out --strict\n")
    );
}

#[test]
fn strict_names_an_unknown_field_and_the_nearest_known_one() {
    let line = STARTED.replace("waiting", "wating");
    let desk = Desk::new(&[("a.ndjson", &[&line])]);
    let done = desk.run(&["replay", "--strict", "a.ndjson"]);
    assert_eq!(done.code, 1);
    assert!(done.err.starts_with("a.ndjson:1: unknown field wating, did you mean waiting?\n"), "{}", done.err);
    let lax = desk.run(&["replay", "a.ndjson"]);
    assert_eq!((lax.code, lax.err.as_str()), (0, "1 applied, 0 duplicate, 0 late, 0 rejected\n"));
}

#[test]
fn a_file_that_is_missing_is_named_with_what_to_do() {
    let done = run(&["replay", "none.ndjson"]);
    assert_refused(
        &done,
        "cannot read none.ndjson: No such file or directory (os error 2); name an NDJSON file that this user may read, or - for standard input",
    );
    let folder = Desk::new(&[]).run(&["replay", "."]);
    assert_refused(&folder, "cannot read .: it is a directory; name an NDJSON file that this user may read, or - for standard input");
}

#[test]
fn a_time_that_is_none_is_refused_with_what_is_wanted() {
    let done = Desk::new(&[("a.ndjson", &[STARTED])]).run(&["replay", "--until", "yesterday", "a.ndjson"]);
    assert_eq!((done.code, done.out.as_str()), (2, ""));
    assert!(
        done.err.contains("invalid value 'yesterday' for '--until <TIME>': RFC 3339 with an offset wanted, like 2026-11-23T09:00:00+08:00")
    );
}

#[test]
fn until_takes_both_forms_of_time_and_moves_the_clock() {
    let desk = Desk::new(&[("a.ndjson", &[STARTED])]);
    for until in ["2026-03-02T10:00:00+01:00", "1772442030000"] {
        let done = desk.run(&["replay", "--print", "facts", "--until", until, "a.ndjson"]);
        assert_eq!(done.rows().iter().filter(|fact| fact["fact"] == "breach").count(), 0, "exactly at the deadline or before: {until}");
    }
    let done = desk.run(&["replay", "--print", "facts", "--until", "1772442030001", "a.ndjson"]);
    assert_eq!(done.rows()[1]["fact"], "breach");
}

#[test]
fn standard_input_is_a_file_named_by_a_dash() {
    let done = Desk::new(&[]).feed(&["replay", "--print", "summary", "-"], &format!("{STARTED}\n{SECONDS}\n"));
    assert_eq!((done.code, &done.rows()[0]["applied"]), (0, &1.into()));
    assert!(done.err.starts_with("-:2: bad_time: "), "{}", done.err);
}

#[test]
fn standard_input_is_merged_with_files_by_time() {
    let desk = Desk::new(&[("a.ndjson", &[STARTED, ENDED])]);
    let done = desk.feed(&["replay", "--print", "facts", "a.ndjson", "-"], &format!("{ANSWERED}\n"));
    let facts: Vec<Value> = done.rows().iter().map(|fact| fact["fact"].clone()).collect();
    assert_eq!((done.code, done.err.as_str()), (0, "3 applied, 0 duplicate, 0 late, 0 rejected\n"));
    assert_eq!(facts, ["started", "response", "resolved", "handling"].map(Value::from).to_vec(), "{}", done.out);
}

#[test]
fn of_duplicates_in_two_files_the_one_in_the_earlier_file_stays() {
    let other = STARTED.replace("presale", "aftersale");
    let desk = Desk::new(&[("a.ndjson", &[STARTED]), ("b.ndjson", &[&other, ANSWERED])]);
    for (files, team) in [(["a.ndjson", "b.ndjson"], "presale"), (["b.ndjson", "a.ndjson"], "aftersale")] {
        let done = desk.run(&["replay", "--print", "facts", files[0], files[1]]);
        assert_eq!(done.err, "2 applied, 1 duplicate, 0 late, 0 rejected\n");
        assert_eq!(done.rows()[0]["team"], team, "{files:?}");
    }
}

#[test]
fn periods_are_months_unless_days_are_asked_for() {
    let desk = Desk::new(&[("a.ndjson", &[STARTED, ANSWERED, ENDED])]);
    let periods = |args: &[&str]| {
        let mut periods: Vec<String> =
            desk.run(args).rows().iter().map(|row| row["period"].as_str().unwrap_or_default().to_owned()).collect();
        periods.dedup();
        periods
    };
    assert_eq!(periods(&["replay", "a.ndjson"]), ["2026-03"]);
    assert_eq!(periods(&["replay", "--period", "day", "a.ndjson"]), ["2026-03-02", "2026-03-03"]);
}

#[test]
fn the_page_of_metrics_and_the_live_view_are_as_of_the_end() {
    let desk = Desk::new(&[("a.ndjson", &[STARTED])]);
    let until = ["--until", "2026-03-02T09:01:00Z", "a.ndjson"];
    let metrics = desk.run(&[&["replay", "--print", "metrics"], &until[..]].concat());
    assert!(metrics.out.contains("deskpulse_queue_over_target_customers{team=\"presale\",medium=\"chat\"} 1"), "{}", metrics.out);
    let live = &desk.run(&[&["replay", "--print", "live"], &until[..]].concat()).rows()[0];
    assert_eq!((&live["waiting"][0]["wait_seconds"], &live["waiting"][0]["over"]), (&60.0.into(), &true.into()), "{live}");
}

#[test]
fn the_page_of_metrics_has_the_services_own_counters_with_files_for_topics() {
    // The reopening is before the end that it follows: how long that lasted is clamped.
    let lines = [
        r#"{"id":"0","type":"chat.started","time":1772441960000,"chat":"l","waiting":true}"#,
        r#"{"id":"1","type":"chat.started","time":1772442000000,"chat":"c0"}"#,
        r#"{"id":"2","type":"chat.message","time":1772441970000,"chat":"l","from":"agent","agent":"amy"}"#,
        r#"{"id":"3","type":"chat.ended","time":1772441980000,"chat":"l","reason":"resolved"}"#,
        r#"{"id":"4","type":"chat.message","time":1772441975000,"chat":"l","from":"customer"}"#,
    ];
    let done = Desk::new(&[("a.ndjson", &lines), ("b.ndjson", &[SECONDS])]).run(&["replay", "--print", "metrics", "a.ndjson", "b.ndjson"]);
    for series in [
        "# TYPE deskpulse_clamped_durations_total counter\ndeskpulse_clamped_durations_total 1\n",
        "deskpulse_events_total{topic=\"a.ndjson\",outcome=\"applied\"} 5\n",
        "deskpulse_late_events_total{topic=\"a.ndjson\"} 3\ndeskpulse_late_events_total{topic=\"b.ndjson\"} 0\n",
        "deskpulse_forgotten_total{topic=\"a.ndjson\"} 0\n",
        "deskpulse_rejected_total{topic=\"b.ndjson\",reason=\"bad_time\"} 1\n",
    ] {
        assert!(done.out.contains(series), "{series}: {}", done.out);
    }
}

#[test]
fn a_live_view_without_events_is_of_no_instant() {
    let done = Desk::new(&[("a.ndjson", &[])]).run(&["replay", "--print", "live", "a.ndjson"]);
    assert_eq!((done.code, &done.rows()[0]["at"], &done.rows()[0]["clock"]), (0, &Value::Null, &Value::Null));
}

#[test]
fn standard_input_is_named_once_only() {
    for command in [&["replay"][..], &["explain", "--conversation", "chat:c1"]] {
        let done = Desk::new(&[]).feed(&[command, &["-", "-"]].concat(), STARTED);
        assert_refused(&done, "- is named 2 times, and standard input can be read once: name it once, or give files");
    }
}

#[test]
fn whoever_closes_the_pipe_early_makes_no_error() {
    let many: Vec<String> = (0..5_000).map(|n| STARTED.replace("c1", &format!("c{n}")).replace("\"1\"", &format!("\"e{n}\""))).collect();
    let lines: Vec<&str> = many.iter().map(String::as_str).collect();
    let desk = Desk::new(&[("a.ndjson", &lines)]);
    for args in [&["replay", "--print", "facts", "a.ndjson"][..], &["schema"], &["check", "--reference"]] {
        let mut command = desk.command(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        drop(child.stdout.take());
        let mut err = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut err).expect("UTF-8");
        assert_eq!(child.wait().expect("it ends").code(), Some(0), "{args:?}: {err}");
        assert!(!err.contains("panicked") && !err.contains("deskpulse:"), "{args:?}: {err}");
    }
}

#[test]
fn an_unknown_key_is_refused_with_its_path_and_what_is_allowed() {
    let done = check("[engine]\nallowed_latenes = \"3s\"");
    assert_eq!((done.code, done.out.as_str()), (2, ""));
    assert!(
        done.err.starts_with(
            "deskpulse: configuration engine.allowed_latenes: unknown key, allowed_lateness is probably meant: wanted one of clock, "
        ),
        "{}",
        done.err
    );
}

#[test]
fn values_that_are_not_allowed_are_refused_with_their_path() {
    assert_refused(
        &check("[engine]\nallowed_lateness = 3"),
        "configuration engine.allowed_lateness: 3: wanted a duration with its unit, such as \"30s\" or \"1h30m\"",
    );
    assert_refused(
        &check("time_zone = \"Mars/Olympus\""),
        "configuration time_zone: no time zone \"Mars/Olympus\": wanted an IANA name such as \"Asia/Shanghai\" or \"UTC\"",
    );
    assert_refused(
        &check("[[policy]]\nfirst_response = \"0s\""),
        "configuration policy[0].first_response: 0 is no duration to keep: use more than 0, or \"off\"",
    );
    assert_refused(&check("[[policy]]\nmedium = \"phone\""), "configuration policy[0].medium: \"phone\": wanted chat or ticket");
}

#[test]
fn check_refuses_whatever_serve_and_replay_would_refuse() {
    for (config, sentence) in [
        (
            "[kafka.options]\n\"nope.x\" = 1",
            "configuration kafka.options.nope.x: \"1\" is refused by the Kafka client: No such configuration property: \"nope.x\"",
        ),
        (
            "[kafka.options]\n\"security.protocol\" = \"sasl\"",
            "configuration kafka.options.security.protocol: \"sasl\" is refused by the Kafka client: Invalid value \"sasl\" for configuration property \"security.protocol\"",
        ),
        ("[engine]\nphrases = [\"\"]", "configuration engine.phrases: an empty text would be found everywhere: take it out"),
        ("[engine]\nauto_texts = [\" \"]", "configuration engine.auto_texts: an empty text would be found everywhere: take it out"),
        (
            "[[policy]]\nfrom = \"2026-10-01\"\nuntil = \"2026-10-01\"\nfirst_response = \"1s\"",
            "configuration policy[0].until: not after from, so that this policy would never hold: wanted a later day, the first one after it",
        ),
        (
            "[http]\nmetrics_listen = \"0.0.0.0:9464\"",
            "configuration http.metrics_listen: 0.0.0.0:9464 is taken by http.listen (127.0.0.1:9464), which has the metrics too: choose another port, or \"\"",
        ),
    ] {
        assert_refused(&check(config), sentence);
    }
    assert_eq!(check("[http]\nmetrics_listen = \"0.0.0.0:9465\"").code, 0);
}

#[test]
fn calendars_are_refused_until_they_are_there() {
    assert_refused(
        &check("[calendar.office]\nmon = [\"09:00-18:00\"]"),
        "configuration calendar: calendars of business hours are not there yet, every duration is wall time: take the section out",
    );
    assert_refused(
        &check("[[policy]]\ncalendar = \"office\""),
        "configuration policy[0].calendar: calendars of business hours are not there yet, every duration is wall time: take the key out",
    );
}

#[test]
fn a_file_that_is_no_toml_or_cannot_be_read_is_named() {
    let broken = check("[engine");
    assert_eq!(broken.code, 2);
    assert!(
        broken.err.starts_with("deskpulse: configuration file deskpulse.toml is no TOML: ") && broken.err.contains("line 1"),
        "{}",
        broken.err
    );
    for command in ["check", "serve", "dump"] {
        let missing = "configuration file none.toml: No such file or directory (os error 2): give a file that can be read with --config";
        assert_refused(&run(&[command, "--config", "none.toml"]), missing);
    }
}

#[test]
fn the_environment_is_laid_over_the_file_and_refused_alike() {
    let desk = Desk::new(&[("deskpulse.toml", &["[engine]\nclock = \"wall\""])]);
    let with = |name: &str, value: &str| {
        let mut command = desk.command(&["check", "--config", "deskpulse.toml"]);
        command.env(name, value);
        done(command, "")
    };
    assert!(with("DESKPULSE_ENGINE__CLOCK", "events").out.contains("clock = \"events\""));
    assert!(
        with("DESKPULSE_ENGINE__CLOK", "events")
            .err
            .starts_with("deskpulse: configuration engine.clok: unknown key, clock is probably meant")
    );
}

#[test]
fn check_prints_what_the_configuration_comes_to_and_masks_secrets() {
    let options = "[kafka.options]\n\"sasl.password\" = \"open sesame\"\n\"ssl.key.password\" = { file = \"key.txt\" }\n\"security.protocol\" = \"ssl\"";
    let desk = Desk::new(&[("deskpulse.toml", &[options]), ("key.txt", &["swordfish"])]);
    let done = desk.run(&["check", "--config", "deskpulse.toml"]);
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    assert!(
        done.out.contains("\"sasl.password\" = \"***\"\n\"security.protocol\" = \"ssl\"\n\"ssl.key.password\" = \"***\"\n"),
        "{}",
        done.out
    );
    assert!(!done.out.contains("sesame") && !done.out.contains("swordfish"));
    assert!(done.out.contains("allowed_lateness = \"2s\"\n"), "defaults are printed too");
    assert!(done.out.contains("\nforget_after = \"90d\"\n"), "what depends on other keys");
    assert!(
        done.out.contains("# [[policy]]\n# medium = \"chat\"\n# first_response = \"30s\"\n# next_response = \"30s\"\n"),
        "and what is built in"
    );
}

#[test]
fn check_warns_about_a_policy_that_sets_no_target() {
    let done = check("[[policy]]\nteam = \"vip\"");
    assert_eq!((done.code, done.err.as_str()), (0, "deskpulse: warning: policy[0] sets no target: it decides nothing\n"));
}

#[test]
fn the_schema_is_a_json_schema_that_tells_good_events_from_bad_ones() {
    let done = run(&["schema"]);
    let schema: Value = serde_json::from_str(&done.out).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a JSON Schema");
    let parse = |line: &str| serde_json::from_str::<Value>(line).expect("JSON");
    assert!(validator.is_valid(&parse(STARTED)) && validator.is_valid(&parse(ENDED)));
    assert!(!validator.is_valid(&parse(&ENDED.replace("resolved", "solved"))));
    assert_eq!((done.code, done.err.as_str()), (0, ""));
}

#[test]
fn health_of_a_service_that_is_not_there_says_what_to_do() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    drop(listener);
    let done = run(&["health", "--address", &address]);
    assert_eq!((done.code, done.out.as_str()), (1, ""));
    assert_eq!(
        done.err,
        format!(
            "deskpulse: no answer from {address}: Connection refused (os error 111); start the service there, or say with --address where it listens\n"
        )
    );
}

#[test]
fn an_address_that_is_none_is_refused_with_an_example() {
    for args in
        [&["health", "--address", "localhost"][..], &["demo", "--listen", "9464"], &["serve", "--config", "x.toml", "--listen", ":80"]]
    {
        let done = run(args);
        assert_eq!(done.code, 2);
        assert!(done.err.contains("an IP address with a port wanted, like 127.0.0.1:9464"), "{args:?}: {}", done.err);
    }
}

#[test]
fn usage_errors_are_told_from_failures() {
    for args in [&["frobnicate"][..], &["replay"], &["replay", "--print", "all", "x"], &["serve"], &["health", "--now"]] {
        let done = run(args);
        assert_eq!((done.code, done.out.as_str()), (2, ""), "{args:?}");
        assert!(done.err.contains("--help"), "{args:?}: {}", done.err);
    }
    assert_eq!(run(&["--version"]).out, concat!("deskpulse ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn every_command_has_a_help_that_says_what_it_is_for() {
    let whole = run(&["--help"]);
    assert_eq!(whole.code, 0);
    assert!(whole.out.contains("Exit codes: 0 done, 1 failed while running, 2 usage or configuration."));
    for command in [
        "demo",
        "serve",
        "replay",
        "explain",
        "simulate",
        "check",
        "dump",
        "schema",
        "health",
        "facts",
        "quarantine",
        "backup",
        "restore",
        "ledger",
    ] {
        let help = run(&[command, "--help"]);
        let first = help.out.lines().next().unwrap_or_default();
        assert_eq!(help.code, 0, "{command}");
        assert!(first.len() > 30 && help.out.contains(&format!("Usage: deskpulse {command}")), "{command}: {}", help.out);
        assert!(whole.out.contains(&format!("\n  {command} ")), "{command} stands in the help of the whole");
        assert!(help.out.lines().all(|line| line.len() <= 120), "{command}: lines fit a wide terminal");
    }
}

#[test]
fn no_output_has_colours_when_it_is_no_terminal() {
    let desk = Desk::new(&[("a.ndjson", &[STARTED, SECONDS])]);
    for args in [&["--help"][..], &["replay", "a.ndjson"], &["explain", "--conversation", "chat:c1", "a.ndjson"], &["frobnicate"]] {
        let done = desk.run(args);
        assert!(!done.out.contains('\u{1b}') && !done.err.contains('\u{1b}'), "{args:?}");
    }
}

#[test]
fn temporary_files_are_cleaned_up() {
    let desk = Desk::new(&[("a.ndjson", &[STARTED])]);
    let folder = desk.folder.path().join("tmp");
    fs::create_dir(&folder).expect("a writable folder");
    let mut command = desk.command(&["replay", "--print", "facts", "a.ndjson", "-"]);
    command.env("TMPDIR", &folder);
    assert_eq!(done(command, ANSWERED).code, 0);
    assert_eq!(fs::read_dir::<&Path>(&folder).expect("a folder").count(), 0);
}

#[test]
fn commands_that_read_a_store_say_where_there_is_none_and_make_none() {
    let desk = Desk::new(&[]);
    for args in [&["facts"][..], &["quarantine", "list"], &["quarantine", "export"], &["backup", "copy.db"], &["ledger", "ledger.db"]] {
        let done = desk.run(args);
        assert_eq!((done.code, done.out.as_str()), (1, ""), "{args:?}: {}", done.err);
        assert!(done.err.contains("there is no store deskpulse.db") && done.err.contains("store.path"), "{args:?}: {}", done.err);
    }
    let done = desk.run(&["restore", "copy.db"]);
    assert!(done.code == 1 && done.err.contains("copy.db"), "{}", done.err);
    let files: Vec<_> = fs::read_dir(desk.folder.path()).expect("our folder").map(|entry| entry.expect("a file").file_name()).collect();
    assert!(files.iter().all(|name| name == "deskpulse.db.lock"), "{files:?}");
}

#[test]
fn what_facts_are_wanted_is_checked_before_the_store_is_opened() {
    let desk = Desk::new(&[]);
    for (args, wanted) in [
        (["--kpi", "happiness"], "docs/kpis.md"),
        (["--fact", "answer"], "one of started"),
        (["--conversation", "c1"], "chat:c1"),
        (["--from", "yesterday"], "a day like"),
    ] {
        let done = desk.run(&["facts", args[0], args[1]]);
        assert!(done.code == 2 && done.err.contains(wanted), "{args:?}: {}: {}", done.code, done.err);
    }
}
