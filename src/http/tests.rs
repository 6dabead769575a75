use std::io::{Read, Write};
use std::net::TcpStream;

use super::*;
use crate::model::Time;
use crate::telemetry::ServiceMetrics;
use crate::view::Snapshot;

/// The status of an answer, and its text.
async fn ask(routes: Router, head: &str) -> (u16, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(serve(listener, routes, std::future::pending()));
    let head = format!("{head}\r\nConnection: close\r\n\r\n");
    let asked = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = asked.await.unwrap();
    server.abort();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn site() -> Site {
    let (_, published) = watch::channel(Published { at: Time(0), snapshot: Arc::new(Snapshot::default()), not_ready: Vec::new() });
    Site::new(published, ServiceMetrics::default().handle(), Clock::start())
}

#[tokio::test]
async fn requests_for_names_of_this_machine_are_answered() {
    for host in ["localhost", "LOCALHOST:9464", "localhost.", "desk.localhost", "127.0.0.1:9464", "127.1.2.3", "[::1]:9464", "[::1]"] {
        for path in ["/", "/api/v1/live", "/healthz"] {
            let (status, _) = ask(site().routes(), &format!("GET {path} HTTP/1.1\r\nHost: {host}")).await;
            assert_eq!(status, 200, "{host}{path}");
        }
    }
    assert_eq!(ask(site().routes(), "GET / HTTP/1.0").await.0, 200, "without a name it is from no browser");
}

#[tokio::test]
async fn requests_for_other_names_are_refused_in_one_sentence() {
    for host in
        ["evil.com", "evil.com:9464", "localhost.evil.com", "notlocalhost", "10.0.0.1:9464", "[2001:db8::1]:9464", "127.0.0.1.evil.com", ""]
    {
        for path in ["/", "/api/v1/live", "/api/v1/live/stream", "/metrics", "/nothing"] {
            let (status, body) = ask(site().routes(), &format!("GET {path} HTTP/1.1\r\nHost: {host}")).await;
            assert_eq!(status, 421, "{host}{path}");
            assert_eq!(body.trim_end().lines().count(), 1, "{body}");
            assert!(body.contains("localhost"), "{body}");
        }
    }
    let (status, _) = ask(site().routes(), "GET http://evil.com/ HTTP/1.1\r\nHost: localhost").await;
    assert_eq!(status, 421, "a name in the request line counts too");
}

#[tokio::test]
async fn metrics_for_the_network_are_answered_under_any_name() {
    assert_eq!(ask(site().metrics_routes(), "GET /metrics HTTP/1.1\r\nHost: deskpulse:9465").await.0, 200);
}

#[tokio::test]
async fn receipts_come_page_by_page_and_only_where_there_is_a_store() {
    use crate::model::{Place, Receipt, ReceiptPage, ReceiptQuery, Zone};
    let read = |query: &ReceiptQuery| {
        let receipt = |n: u64| Receipt {
            place: Place { at: Time(0), deadline: None, sequence: n },
            line: format!("{{\"n\":{n}}}"),
            configuration: String::new(),
        };
        let after = query.after.as_ref().map_or(0, |place| place.sequence + 1);
        match query.agent.as_deref() {
            Some("broken") => Err("store deskpulse.db is damaged: restore a backup".to_owned()),
            _ => Ok(ReceiptPage {
                receipts: (after..3).take(query.limit).map(receipt).collect(),
                has_more: after + (query.limit as u64) < 3,
            }),
        }
    };
    let routes = || site().with_receipts(Receipts::new(Arc::new(read), Zone::utc())).routes();
    let get = |path: String| async move { ask(routes(), &format!("GET {path} HTTP/1.1\r\nHost: localhost")).await };
    let (status, body) = get("/api/v1/facts?limit=2".to_owned()).await;
    let page: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, page["facts"].as_array().unwrap().len()), (200, 2));
    let (_, body) = get(format!("/api/v1/facts?limit=2&after={}", page["next"].as_str().unwrap())).await;
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&body).unwrap(),
        serde_json::json!({"facts": [{"n": 2, "configuration": null}], "next": null})
    );
    for (query, wanted) in [("kpi=happiness", "docs/kpis.md"), ("agnt=amy", "agnt"), ("limit=1000000", "10000")] {
        let (status, body) = get(format!("/api/v1/facts?{query}")).await;
        assert!(status == 400 && body.contains(wanted), "{query}: {status} {body}");
    }
    let (status, body) = get("/api/v1/facts?agent=broken".to_owned()).await;
    assert!(status == 500 && body.contains("restore a backup"), "{status} {body}");
    assert_eq!(ask(site().routes(), "GET /api/v1/facts HTTP/1.1\r\nHost: localhost").await.0, 404);
}
