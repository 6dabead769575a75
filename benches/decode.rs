//! Cost of decoding one record, over a mix of events of about 300 bytes as a contact center produces them.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use deskpulse::decode::{Decoded, Decoder};

/// Shares of a working day: mostly messages, then assignments, ticket work, statuses and ends.
fn records() -> Vec<String> {
    let envelope = |number: u64, kind: &str| {
        let (minute, second, ms) = (number / 60 % 60, number % 60, number * 37 % 1_000);
        format!(
            r#"{{"id":"evt-2026-11-23-{number:08}","source":"chat-gateway-eu-1","type":"{kind}","time":"2026-11-23T09:{minute:02}:{second:02}.{ms:03}+08:00""#
        )
    };
    let text = "Good morning, thank you for your patience. I have looked at your order and it left our warehouse yesterday evening.";
    (0..1_000_u64)
        .map(|number| {
            let (chat, agent) = (format!("chat-{:06}", number % 311), format!("agent-{:03}", number % 41));
            match number % 20 {
                0..=6 => {
                    let head = envelope(number, "chat.message");
                    format!(r#"{head},"chat":"{chat}","from":"agent","agent":"{agent}","text":"{text}"}}"#)
                }
                7..=12 => {
                    let head = envelope(number, "chat.message");
                    format!(r#"{head},"chat":"{chat}","from":"customer","private":false,"automated":false,"text":"{text}"}}"#)
                }
                13 => {
                    let head = envelope(number, "chat.started");
                    format!(
                        r#"{head},"chat":"{chat}","customer":"customer-{number:07}","team":"presale","channel":"web","topic":"delivery","waiting":true,"bot":false,"in_scope":true,"page":"https://shop.example/orders/4711/tracking"}}"#
                    )
                }
                14 => {
                    let head = envelope(number, "ticket.created");
                    format!(
                        r#"{head},"ticket":"T-{number}","kind":"complaint","severity":"high","priority":"p1","customer":"customer-{number:07}","team":"aftersale","channel":"mail","topic":"refund","by":"customer"}}"#
                    )
                }
                15 | 16 => format!(r#"{},"chat":"{chat}","agent":"{agent}","team":"presale"}}"#, envelope(number, "chat.assigned")),
                17 => format!(r#"{},"ticket":"T-{number}","agent":"{agent}","action":"started"}}"#, envelope(number, "ticket.work")),
                18 => format!(r#"{},"agent":"{agent}","status":"available","team":"presale"}}"#, envelope(number, "agent.status")),
                _ => format!(r#"{},"chat":"{chat}","reason":"resolved","agent":"{agent}"}}"#, envelope(number, "chat.ended")),
            }
        })
        .collect()
}

#[expect(clippy::expect_used, reason = "a benchmark may stop")]
fn decode(criterion: &mut Criterion) {
    let records = records();
    let decoder = Decoder::new(&[], &[]).expect("nothing to look for");
    assert!(records.iter().all(|record| matches!(decoder.decode(record.as_bytes()), Decoded::Event(_))));
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(records.len() as u64));
    group.bench_function("mixed_events", |bencher| {
        bencher.iter(|| records.iter().for_each(|record| drop(black_box(decoder.decode(black_box(record.as_bytes()))))));
    });
    group.finish();
    let bytes: usize = records.iter().map(String::len).sum();
    assert!((200..400).contains(&(bytes / records.len())), "the mix is to be of typical records");
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    decode(&mut criterion);
    criterion.final_summary();
}
