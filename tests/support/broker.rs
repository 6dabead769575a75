//! A real Apache Kafka of one node, or of three: started on free ports, stopped by its process id, gone when the guard is dropped.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use deskpulse::clock::Clock;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::tls::{Certificate, STORE_PASSWORD};

/// How long a broker may take to start on a busy machine.
const START: Duration = Duration::from_secs(90);
/// How long it may take to stop before it is killed.
const STOP: Duration = Duration::from_secs(20);
/// Users of the secure listener: name and password, PLAIN and SCRAM-SHA-256.
pub const PLAIN_USER: (&str, &str) = ("alice", "alice-secret");
/// See [`PLAIN_USER`].
pub const SCRAM_USER: (&str, &str) = ("bob", "bob-secret");
/// A user of the secure listener, by PLAIN, who may log in and nothing else.
pub const FORBIDDEN_USER: (&str, &str) = ("carol", "carol-secret");

/// A running broker, or one that was stopped and can be started again on the same ports with the same data; or three of them as one.
pub struct Broker {
    nodes: Vec<Node>,
    certificate: Option<Certificate>,
}

/// One process.
struct Node {
    folder: tempfile::TempDir,
    ports: Ports,
    process: Option<Child>,
}

#[derive(Clone, Copy)]
struct Ports {
    plain: u16,
    controller: u16,
    secure: u16,
}

impl Broker {
    /// Starts a broker with a plain listener.
    pub fn start() -> Self {
        Self::launch(1, None)
    }

    /// Starts three that stand in for one another: what is confirmed is on two of them.
    pub fn start_three() -> Self {
        Self::launch(3, None)
    }

    /// Starts a broker that also listens with SASL_SSL.
    pub fn start_secure(certificate: Certificate) -> Self {
        Self::launch(1, Some(certificate))
    }

    fn launch(count: usize, certificate: Option<Certificate>) -> Self {
        // A port that was free may be taken by the time the broker wants it.
        let mut log = String::new();
        for _ in 0..3 {
            let node = |id| {
                let folder = tempfile::tempdir().unwrap();
                copy(&formatted(count, id), &folder.path().join("data"));
                Node { folder, ports: Ports::free(), process: None }
            };
            let mut broker = Self { nodes: (1..=count).map(node).collect(), certificate };
            if broker.run(0..count) {
                return broker;
            }
            log = broker.log();
        }
        panic!("no Kafka broker could be started: {log}");
    }

    /// How many nodes there are.
    pub fn count(&self) -> usize {
        self.nodes.len()
    }

    /// Starts what was stopped again.
    pub fn start_again(&mut self) {
        let stopped: Vec<usize> = (0..self.count()).filter(|index| self.nodes[*index].process.is_none()).collect();
        assert!(!stopped.is_empty(), "the broker is running");
        assert!(self.run(stopped), "the broker did not come back: {}", self.log());
    }

    /// Stops the broker in good order.
    pub fn stop(&mut self) {
        for node in &mut self.nodes {
            let mut child = node.process.take().unwrap();
            let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
            assert!(told.success());
            let clock = Clock::start();
            while child.try_wait().unwrap().is_none() {
                if clock.uptime() > STOP {
                    child.kill().unwrap();
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }

    /// Ends the broker without a warning, as a loss of power would. What it was told and has confirmed is in its files.
    pub fn kill(&mut self) {
        (0..self.count()).for_each(|index| self.kill_one(index));
    }

    /// The same with one of three.
    pub fn kill_one(&mut self, index: usize) {
        if let Some(mut child) = self.nodes[index].process.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Address of the plain listener.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.nodes[0].ports.plain)
    }

    /// Address of the SASL_SSL listener.
    pub fn secure_address(&self) -> String {
        format!("127.0.0.1:{}", self.nodes[0].ports.secure)
    }

    /// Plain addresses of all nodes.
    pub fn addresses(&self) -> Vec<String> {
        self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.ports.plain)).collect()
    }

    /// Properties of a plain client.
    pub fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.addresses().join(",")).set("allow.auto.create.topics", "false");
        config
    }

    fn admin(&self) -> (AdminClient<DefaultClientContext>, AdminOptions) {
        let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(30))).request_timeout(Some(Duration::from_secs(30)));
        (self.client().create().unwrap(), options)
    }

    /// Creates a topic with settings such as `("message.timestamp.type", "LogAppendTime")`.
    pub async fn create_topic(&self, topic: &str, partitions: i32, settings: &[(&str, &str)]) {
        let (admin, options) = self.admin();
        let mut wanted = NewTopic::new(topic, partitions, TopicReplication::Fixed(self.count() as i32));
        for (key, value) in settings {
            wanted = wanted.set(key, value);
        }
        admin.create_topics(&[wanted], &options).await.unwrap().remove(0).unwrap();
    }

    /// Deletes a topic.
    pub async fn delete_topic(&self, topic: &str) {
        let (admin, options) = self.admin();
        admin.delete_topics(&[topic], &options).await.unwrap().remove(0).unwrap();
    }

    /// Adds partitions up to a new count.
    pub async fn grow_topic(&self, topic: &str, count: usize) {
        let (admin, options) = self.admin();
        admin.create_partitions(&[NewPartitions::new(topic, count)], &options).await.unwrap().remove(0).unwrap();
    }

    /// Deletes the records before an offset, as retention does.
    pub async fn delete_records(&self, topic: &str, partition: i32, before: i64) {
        let (admin, options) = self.admin();
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(before)).unwrap();
        let deleted = admin.delete_records(&list, &options).await.unwrap();
        assert!(deleted.elements().iter().all(|element| element.error().is_ok()));
    }

    /// Writes values to one partition, `None` as a tombstone; every delivery is checked.
    pub async fn produce(&self, topic: &str, partition: i32, values: impl IntoIterator<Item = Option<String>>) {
        let producer: FutureProducer = self.client().set("linger.ms", "5").set("message.timeout.ms", "60000").create().unwrap();
        let mut deliveries = Vec::new();
        for value in values {
            let mut record = FutureRecord::<str, str>::to(topic).partition(partition);
            if let Some(value) = &value {
                record = record.payload(value);
            }
            deliveries.push(producer.send_result(record).map_err(|(error, _)| error).unwrap());
        }
        for delivery in deliveries {
            delivery.await.unwrap().map_err(|(error, _)| error).unwrap();
        }
    }

    /// Writes values in one transaction, and commits or aborts it.
    pub fn produce_in_transaction(&self, topic: &str, values: &[&str], commit: bool) {
        let limit = Duration::from_secs(30);
        let producer: FutureProducer = self.client().set("transactional.id", "test").create().unwrap();
        producer.init_transactions(limit).unwrap();
        producer.begin_transaction().unwrap();
        for value in values {
            let record = FutureRecord::<str, str>::to(topic).partition(0).payload(value);
            drop(producer.send_result(record).map_err(|(error, _)| error).unwrap());
        }
        producer.flush(limit).unwrap();
        if commit { producer.commit_transaction(limit).unwrap() } else { producer.abort_transaction(limit).unwrap() }
    }

    /// Every record of a partition up to its present end: the broker's or producer's time in milliseconds, and the value.
    pub fn read(&self, topic: &str, partition: i32) -> Vec<(i64, Vec<u8>)> {
        let limit = Duration::from_secs(30);
        let consumer: BaseConsumer = self.client().set("group.id", "test").set("enable.auto.commit", "false").create().unwrap();
        let (first, end) = consumer.fetch_watermarks(topic, partition, limit).unwrap();
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
        consumer.assign(&list).unwrap();
        let records = (first..end).map(|_| {
            let message = consumer.poll(limit).unwrap().unwrap();
            (message.timestamp().to_millis().unwrap(), message.payload().unwrap_or_default().to_vec())
        });
        records.collect()
    }

    /// The offset and its label that lag tools see for a group.
    pub fn committed(&self, group: &str, topic: &str, partition: i32) -> Option<(i64, String)> {
        let consumer: BaseConsumer = self.client().set("group.id", group).create().unwrap();
        let mut list = TopicPartitionList::new();
        list.add_partition(topic, partition);
        let found = consumer.committed_offsets(list, Duration::from_secs(10)).ok()?;
        let element = found.find_partition(topic, partition)?;
        match element.offset() {
            Offset::Offset(offset) => Some((offset, element.metadata().to_owned())),
            _ => None,
        }
    }

    /// Starts these nodes and waits until all answer; false when one ended by itself.
    fn run(&mut self, nodes: impl IntoIterator<Item = usize>) -> bool {
        for index in nodes {
            let settings = self.nodes[index].folder.path().join("server.properties");
            fs::write(&settings, self.settings(index)).unwrap();
            let log = fs::File::create(self.nodes[index].folder.path().join("log")).unwrap();
            let mut java = java();
            java.args(["-Xms64m", "-Xmx320m", "-XX:-UsePerfData", "kafka.Kafka"]).arg(&settings);
            let child = java.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
            self.nodes[index].process = Some(child);
        }
        let asking: BaseConsumer = self.client().create().unwrap();
        let clock = Clock::start();
        while clock.uptime() < START {
            let mut children = self.nodes.iter_mut().filter_map(|node| node.process.as_mut());
            if children.any(|child| child.try_wait().unwrap().is_some()) {
                (0..self.count()).for_each(|index| self.kill_one(index));
                return false;
            }
            let answer = asking.fetch_metadata(None, Duration::from_millis(500));
            if answer.is_ok_and(|metadata| metadata.brokers().len() == self.count()) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the broker did not answer within {START:?}: {}", self.log());
    }

    fn log(&self) -> String {
        self.nodes.iter().map(|node| fs::read_to_string(node.folder.path().join("log")).unwrap_or_default()).collect()
    }

    fn settings(&self, index: usize) -> String {
        let Node { folder, ports: Ports { plain, controller, secure }, .. } = &self.nodes[index];
        let mut listeners = format!("PLAINTEXT://127.0.0.1:{plain},CONTROLLER://127.0.0.1:{controller}");
        let mut more = String::new();
        if let Some(certificate) = self.certificate {
            listeners.push_str(&format!(",SASL_SSL://127.0.0.1:{secure}"));
            more = SECURE
                .replace("@STORE@", certificate.key_store(&home()).to_str().unwrap())
                .replace("@STORE_PASSWORD@", STORE_PASSWORD)
                .replace("@USER@", PLAIN_USER.0)
                .replace("@PASSWORD@", PLAIN_USER.1)
                .replace("@SCRAM_USER@", SCRAM_USER.0)
                .replace("@FORBIDDEN@", FORBIDDEN_USER.0)
                .replace("@FORBIDDEN_PASSWORD@", FORBIDDEN_USER.1);
        }
        let data = folder.path().join("data");
        let voters = (1..).zip(&self.nodes).map(|(id, node)| format!("{id}@127.0.0.1:{}", node.ports.controller));
        let voters = voters.collect::<Vec<_>>().join(",");
        let own = format!("listeners={listeners}\ncontroller.quorum.voters={voters}\nlog.dirs={}\n", data.display());
        format!("{own}{}{more}", common(self.count(), index + 1))
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        for child in self.nodes.iter_mut().filter_map(|node| node.process.as_mut()) {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

impl Ports {
    /// Three ports that are free now.
    fn free() -> Self {
        let taken: Vec<_> = (0..3).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let port = |index: usize| taken[index].local_addr().unwrap().port();
        Self { plain: port(0), controller: port(1), secure: port(2) }
    }
}

/// Settings of a node, by the number of all nodes and its own.
fn common(count: usize, id: usize) -> String {
    let confirmed = count.div_ceil(2);
    format!(
        "{COMMON}node.id={id}\noffsets.topic.replication.factor={count}\ntransaction.state.log.replication.factor={count}\n\
         share.coordinator.state.topic.replication.factor={count}\ntransaction.state.log.min.isr={confirmed}\n\
         share.coordinator.state.topic.min.isr={confirmed}\nmin.insync.replicas={confirmed}\n"
    )
}

/// Settings of every broker.
const COMMON: &str = "
process.roles=broker,controller
controller.quorum.election.timeout.ms=500
controller.quorum.fetch.timeout.ms=1000
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.num.partitions=1
num.network.threads=1
num.io.threads=2
log.cleaner.dedupe.buffer.size=4194304
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=300
group.min.session.timeout.ms=1000
";

/// Settings of the SASL_SSL listener.
const SECURE: &str = "
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_@USER@=\"@PASSWORD@\" user_@FORBIDDEN@=\"@FORBIDDEN_PASSWORD@\";
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PKCS12
ssl.keystore.location=@STORE@
ssl.keystore.password=@STORE_PASSWORD@
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:@USER@;User:@SCRAM_USER@
";

/// Where jars, formatted data and certificates are kept between runs.
pub fn home() -> PathBuf {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    HOME.get_or_init(|| {
        let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/kafka");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kafka/fetch.sh");
        let fetched = Command::new(script).arg(&home).status().unwrap();
        assert!(fetched.success(), "the jars of Kafka could not be fetched: Maven, Java 17 and Maven Central are needed");
        home
    })
    .clone()
}

fn java() -> Command {
    let mut java = Command::new("java");
    java.args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]);
    java.arg("-cp").arg(home().join("libs/*"));
    java
}

/// A formatted data folder of a node with the SCRAM user in it. Whoever is first makes it; ports are not part of it.
fn formatted(count: usize, id: usize) -> PathBuf {
    let folder = home().join(format!("formatted-{id}-of-{count}"));
    if folder.exists() {
        return folder;
    }
    let fresh = tempfile::Builder::new().prefix("formatted.").tempdir_in(home()).unwrap();
    let settings = fresh.path().join("server.properties");
    let data = fresh.path().join("data");
    let voters = (1..=count).map(|id| format!("{id}@127.0.0.1:{}", 9 + id)).collect::<Vec<_>>().join(",");
    let listeners = format!("listeners=PLAINTEXT://127.0.0.1:9,CONTROLLER://127.0.0.1:{}\ncontroller.quorum.voters={voters}", 9 + id);
    fs::write(&settings, format!("{listeners}\nlog.dirs={}\n{}", data.display(), common(count, id))).unwrap();
    let scram = format!("SCRAM-SHA-256=[name={},password={}]", SCRAM_USER.0, SCRAM_USER.1);
    let mut format = java();
    format.args(["kafka.tools.StorageTool", "format", "-t", "AAAAAAAAQACAAAAAAAAAAA", "--add-scram", &scram, "-c"]).arg(&settings);
    let output = format.output().unwrap();
    assert!(output.status.success(), "format: {}", String::from_utf8_lossy(&output.stderr));
    // Another test process may have been faster; then its folder is as good.
    drop(fs::rename(&data, &folder));
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
