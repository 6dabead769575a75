use std::io::{Read, Write};
use std::net::TcpListener;

use super::super::KafkaOption;
use super::*;

/// A port at which every connection is answered as a web server would.
fn web_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut question = [0; 64];
            if stream.read(&mut question).is_ok_and(|read| read > 0) {
                // A client that has hung up is as good as one that has read this.
                let _sent = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").is_ok();
            }
        }
    });
    address
}

#[tokio::test]
async fn an_address_at_which_no_kafka_broker_answers_is_told_as_such() {
    let settings = KafkaSettings { brokers: vec![web_server()], ..KafkaSettings::default() };
    let mut source = KafkaSource::start(&settings, Beginning::default(), Clock::start()).unwrap();
    let reason = loop {
        match source.next().await {
            Some(SourceEvent::Fatal(reason)) => break reason,
            Some(SourceEvent::Trouble { .. }) => {}
            other => panic!("{other:?}"),
        }
    };
    assert!(reason.contains("no Kafka broker") && reason.contains("kafka.brokers"), "{reason}");
}

#[test]
fn settings_that_the_client_refuses_are_found_without_a_broker() {
    let check = |key: &str, value: &str| {
        let options = BTreeMap::from([(key.to_owned(), KafkaOption::Text(value.to_owned()))]);
        KafkaSource::check(&KafkaSettings { options, ..KafkaSettings::default() }).map_err(|error| error.to_string())
    };
    check("security.protocol", "plaintext").unwrap();
    assert!(check("nope.x", "1").unwrap_err().starts_with("configuration kafka.options.nope.x: "));
    assert!(check("security.protocol", "sasl").unwrap_err().starts_with("configuration kafka.options.security.protocol: \"sasl\""));
    assert!(check("group.id", "x").unwrap_err().contains("kafka.group"));
}
