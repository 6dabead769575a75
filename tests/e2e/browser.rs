//! The board in a real browser: what a supervisor sees.

use std::process::Command;
use std::time::Duration;

use deskpulse::clock::Clock;
use deskpulse::model::Span;
use serde_json::json;

use crate::log::Sender;
use crate::program::{Service, Setting};
use crate::support::broker::Broker;
use crate::until::{holds, until};

/// A browser takes seconds to start, several times if it looks too early.
const LIMIT: Duration = Duration::from_secs(120);

/// The page as it stands after its script has run for a few seconds.
pub fn page(address: impl std::fmt::Display) -> String {
    let url = format!("http://{address}/");
    let flags = ["--headless", "--no-sandbox", "--disable-gpu", "--timeout=5000", "--dump-dom", &url];
    let output = Command::new("chromium").args(flags).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_shows_who_waits_over_target() {
    let broker = Broker::start();
    broker.create_topic("chat.events", 1, &[]).await;
    tokio::task::block_in_place(|| {
        let sender = Sender::new(&broker, &["chat.events"]);
        let setting = Setting::new(&broker.address(), &["chat.events"], "time_zone = \"UTC\"");
        let service = Service::start(&setting);
        let since = Clock::start().now() - Span(60_000);
        let start =
            json!({"id": "e1", "type": "chat.started", "time": since.0, "chat": "forgotten-one", "team": "presale", "waiting": true});
        sender.event("chat.events", &start);
        sender.flush();
        service.ready();
        let address = service.address().to_string();
        assert_eq!(setting.run(&["health", "--ready", "--address", &address]).lines().count(), 1, "ready");
        until(LIMIT, "the board shows the wait", || {
            let page = page(service.address());
            let shown = page.contains(r#"<b id="count-late">1</b>"#) && page.contains("chat forgotten-one") && page.contains("presale");
            holds(shown && page.contains(">live</span>"), page)
        });
        service.stop();
    });
}
