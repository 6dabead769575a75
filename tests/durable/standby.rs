//! A hot standby: a second instance with a store and a group of its own reads the same topics and says the same.

use crate::day::{Day, PAST, Subject, TOPICS};
use crate::kept;
use crate::library::Replayed;
use crate::log::Sender;
use crate::program::{Service, Setting};
use crate::support::broker::Broker;

#[tokio::test(flavor = "multi_thread")]
async fn a_second_instance_with_its_own_store_says_the_same() {
    let broker = Broker::start();
    for (topic, partitions) in TOPICS {
        broker.create_topic(topic, partitions, &[]).await;
    }
    tokio::task::block_in_place(|| {
        let topics = TOPICS.map(|(topic, _)| topic);
        let sender = Sender::new(&broker, &topics);
        let (first, second) =
            (Setting::new(&broker.address(), &topics, PAST.config), Setting::new(&broker.address(), &topics, PAST.config));
        let text = std::fs::read_to_string(&second.config).unwrap();
        std::fs::write(&second.config, text.replace("[kafka]\n", "[kafka]\ngroup = \"standby\"\n")).unwrap();
        let mut day = Day::new(&Subject { seed: 11, ..PAST });
        day.minutes(&sender, 60);
        let one = Service::start(&first);
        one.ready();
        day.minutes(&sender, 60);
        // It comes later, and while the first one reads on.
        let other = Service::start(&second);
        day.minutes(&sender, 60);
        let replayed = Replayed::of(&first.read(), &first.dump());
        let pages = [&one, &other].map(|service| service.reaches(replayed.clock));
        one.stop();
        other.stop();
        for (page, setting) in pages.iter().zip([&first, &second]) {
            kept::same(&page.kpi_lines(), &replayed.page.kpi_lines(), "what is served is what is replayed");
            kept::same(&kept::totals(&setting.read()), &replayed.totals, "what is kept is what is replayed");
        }
    });
}
