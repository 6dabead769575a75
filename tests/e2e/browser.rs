//! The board in a real browser: what a supervisor sees.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use deskpulse::clock::Clock;
use deskpulse::model::Span;
use serde_json::{Value, json};

use crate::log::Sender;
use crate::program::{Service, Setting, end};
use crate::support::broker::Broker;
use crate::until::{LIMIT, holds, until};

/// A browser takes seconds to start, on a busy machine many.
const ANSWER_LIMIT: Duration = Duration::from_secs(120);
/// The pipes over which a browser is asked are its files 3 and 4.
const START: &str = "exec chromium --headless --no-sandbox --disable-gpu --remote-debugging-pipe --user-data-dir=\"$0\" \"$1\" 3<&0 4>&1 </dev/null >/dev/null";

/// A browser with one page open, asked over the DevTools protocol: JSON, each message ended by a zero byte.
pub struct Browser {
    process: Child,
    questions: ChildStdin,
    answers: Receiver<Value>,
    asked: u64,
    session: String,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Opens a page.
    pub fn open(address: impl std::fmt::Display) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let arguments = ["-c", START, profile.path().to_str().unwrap(), &format!("http://{address}/")];
        let mut command = Command::new("bash");
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let (questions, said) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let (tell, answers) = channel();
        std::thread::spawn(move || {
            let messages = BufReader::new(said).split(0).map_while(Result::ok);
            messages.map(|message| serde_json::from_slice(&message).unwrap()).try_for_each(|message| tell.send(message))
        });
        let mut browser = Self { process, questions, answers, asked: 0, session: String::new(), _profile: profile };
        let page = until(ANSWER_LIMIT, "the page is there", || {
            let targets = browser.ask("Target.getTargets", &json!({}));
            let page = targets["targetInfos"].as_array().unwrap().iter().find(|target| target["type"] == "page").cloned();
            page.ok_or_else(|| targets.to_string())
        });
        let attached = browser.ask("Target.attachToTarget", &json!({"targetId": page["targetId"], "flatten": true}));
        browser.session = attached["sessionId"].as_str().unwrap().to_owned();
        browser
    }

    /// The page as it stands now; empty while it is loaded.
    pub fn page(&mut self) -> String {
        let all = json!({"expression": "document.documentElement.outerHTML", "returnByValue": true});
        self.answer("Runtime.evaluate", &all)["result"]["result"]["value"].as_str().unwrap_or_default().to_owned()
    }

    fn ask(&mut self, method: &str, parameters: &Value) -> Value {
        let answer = self.answer(method, parameters);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    fn answer(&mut self, method: &str, parameters: &Value) -> Value {
        self.asked += 1;
        let mut question = json!({"id": self.asked, "method": method, "params": parameters});
        if !self.session.is_empty() {
            question["sessionId"] = self.session.as_str().into();
        }
        self.questions.write_all(format!("{question}\0").as_bytes()).unwrap();
        loop {
            let answer = self.answers.recv_timeout(ANSWER_LIMIT).unwrap();
            if answer["id"] == self.asked {
                return answer;
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_shows_who_waits_over_target_and_goes_on_by_itself() {
    let broker = Broker::start();
    broker.create_topic("chat.events", 1, &[]).await;
    tokio::task::block_in_place(|| {
        let sender = Sender::new(&broker, &["chat.events"]);
        let setting = Setting::new(&broker.address(), &["chat.events"], "time_zone = \"UTC\"");
        let service = Service::start(&setting);
        let clock = Clock::start();
        let since = clock.now() - Span(60_000);
        let start =
            json!({"id": "e1", "type": "chat.started", "time": since.0, "chat": "forgotten-one", "team": "presale", "waiting": true});
        sender.event("chat.events", &start);
        sender.flush();
        service.ready();
        let address = service.address().to_string();
        assert_eq!(setting.run(&["health", "--ready", "--address", &address]).lines().count(), 1, "ready");
        let mut board = Browser::open(&address);
        until(LIMIT, "the board shows the wait", || {
            let page = board.page();
            let shown = page.contains(r#"<b id="count-late">1</b>"#) && page.contains("chat forgotten-one") && page.contains("presale");
            holds(shown && page.contains(">live</span>"), page)
        });
        let answer =
            json!({"id": "e2", "type": "chat.message", "time": clock.now().0, "chat": "forgotten-one", "from": "agent", "agent": "amy"});
        sender.event("chat.events", &answer);
        sender.flush();
        until(LIMIT, "the same page shows that nobody waits any more", || {
            let page = board.page();
            holds(page.contains(r#"<b id="count-late">0</b>"#) && page.contains("Nobody waits."), page)
        });
        service.stop();
        until(LIMIT, "the same page shows that nothing comes any more", || {
            let page = board.page();
            holds(page.contains("no data for") && !page.contains(">live</span>"), page)
        });
    });
}
