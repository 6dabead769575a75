//! Brokers that refuse us, or are not there: what `serve` says, and whether it stays.

use std::time::Duration;

use crate::http::{self, Answer};
use crate::program::{Service, Setting, refusal};
use crate::support::broker::{Broker, PLAIN_USER, home};
use crate::support::tls::Certificate;
use crate::until::{holds, until};

/// A refusal is final: the program gives up within this.
const GIVES_UP: Duration = Duration::from_secs(30);

/// Options of an encrypted login.
fn login(password: &str, authority: &str) -> String {
    format!(
        "[kafka.options]\n\"security.protocol\" = \"sasl_ssl\"\n\"ssl.ca.location\" = {authority:?}\n\"sasl.mechanism\" = \"PLAIN\"\n\
         \"sasl.username\" = {:?}\n\"sasl.password\" = {password:?}",
        PLAIN_USER.0
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_authority_end_serve_with_a_sentence() {
    let broker = Broker::start_secure(Certificate::Own);
    broker.create_topic("chat.events", 1, &[]).await;
    tokio::task::block_in_place(|| {
        let own = Certificate::Own.authority(&home());
        let setting = |password, authority: &std::path::Path| {
            let options = login(password, authority.to_str().unwrap());
            Setting::new(&broker.secure_address(), &["chat.events"], "time_zone = \"UTC\"").and(&options)
        };
        let sentence = refusal(&setting("wrong-secret", &own), GIVES_UP);
        assert!(sentence.contains("refuses the login") && !sentence.contains("wrong-secret"), "{sentence}");
        let sentence = refusal(&setting(PLAIN_USER.1, &Certificate::OtherHost.authority(&home())), GIVES_UP);
        assert!(sentence.contains("ssl.ca.location"), "{sentence}");

        let service = Service::start(&setting(PLAIN_USER.1, &own));
        service.ready();
        service.stop();
    });
}

#[test]
fn an_unreachable_broker_is_waited_for_and_said() {
    // Nobody listens on a port that was free a moment ago.
    let [free, network] =
        [(); 2].map(|()| std::net::TcpListener::bind("127.0.0.1:0").unwrap()).map(|listener| listener.local_addr().unwrap());
    let setting = Setting::new(&free.to_string(), &["chat.events"], "time_zone = \"UTC\"");
    let mut service = Service::launch_with(&setting, &[], &[("DESKPULSE_HTTP__METRICS_LISTEN", &network.to_string())]);
    service.listens();
    until(GIVES_UP, "it says that no broker answers", || {
        let Answer { status, body } = service.get("/readyz")?;
        holds(status == 503 && body.contains("no connection to the broker"), body)
    });
    assert_eq!(service.get("/healthz").unwrap().status, 200);
    let page = service.metrics();
    assert_eq!(page.sum("deskpulse_caught_up", &[]), Some(0.0));
    assert!(page.kpi_lines().is_empty(), "no KPI before the log is read: {}", page.text);
    let address = service.address().to_string();
    assert_eq!(setting.run(&["health", "--address", &address]).lines().count(), 1, "alive");
    let (code, said) = setting.fails(&["health", "--ready", "--address", &address]);
    assert!(code == 1 && said.contains("no connection to the broker"), "{code}: {said}");
    let of_network = |path| http::get(network, path).unwrap().status;
    assert_eq!(["/metrics", "/healthz", "/readyz"].map(of_network), [200, 200, 503]);
    assert_eq!(["/", "/api/v1/live", "/api/v1/live/stream", "/api/v1/facts"].map(of_network), [404; 4]);
    service.shows("an alert is due: nothing was heard for 30 s", |page| page.sum("deskpulse_ingestion_stale", &[]) == Some(1.0));
    service.stop();
}
