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
