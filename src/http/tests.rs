use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::*;
use crate::model::Time;
use crate::telemetry::ServiceMetrics;
use crate::view::Snapshot;

/// The status of an answer, and its text.
async fn ask(routes: Router, head: &str) -> (u16, String) {
    let answer = String::from_utf8(answer_of(routes, head).await).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// An answer as it comes.
async fn answer_of(routes: Router, head: &str) -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(serve(listener, routes, std::future::pending()));
    let head = format!("{head}\r\nConnection: close\r\n\r\n");
    let asked = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    });
    let answer = asked.await.unwrap();
    server.abort();
    answer
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
async fn the_network_is_told_of_no_customer() {
    for path in ["/", "/api/v1/live", "/api/v1/live/stream", "/api/v1/facts"] {
        assert_eq!(ask(site().metrics_routes(), &format!("GET {path} HTTP/1.1\r\nHost: localhost")).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn pages_are_compressed_for_whoever_asks_for_it() {
    let snapshot = Arc::new(Snapshot { caught_up: true, ..Snapshot::default() });
    let (_, published) = watch::channel(Published { at: Time(0), snapshot, not_ready: Vec::new() });
    let site = Site::new(published, ServiceMetrics::default().handle(), Clock::start());
    for (routes, path) in
        [(site.metrics_routes(), "/metrics"), (site.routes(), "/metrics"), (site.routes(), "/"), (site.routes(), "/api/v1/live")]
    {
        let answer = answer_of(routes, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip")).await;
        let end = answer.windows(4).position(|part| part == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
        assert!(head.contains("content-encoding: gzip"), "{path}: {head}");
    }
}

#[tokio::test]
async fn a_stream_tells_of_what_has_changed_and_ends_with_the_service() {
    let of = |clock: i64| {
        let live = crate::engine::LiveView { clock: Time(clock), ..Default::default() };
        Published { at: Time(0), snapshot: Arc::new(Snapshot { caught_up: true, live, ..Snapshot::default() }), not_ready: Vec::new() }
    };
    let (publish, published) = watch::channel(of(1_000));
    let routes = Site::new(published, ServiceMetrics::default().handle(), Clock::start()).routes();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(serve(listener, routes, std::future::pending()));
    let told = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.write_all(b"GET /api/v1/live/stream HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
        let mut shows = |second: u32| {
            lines.any(|line| line.starts_with("data: ") && line.contains(&format!(r#""clock":"1970-01-01T00:00:0{second}.000Z""#)))
        };
        assert!(shows(1));
        publish.send_replace(of(2_000));
        assert!(shows(2));
        drop(publish);
        assert!(lines.take(10).count() < 10, "it ends");
    });
    told.await.unwrap();
    server.abort();
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
