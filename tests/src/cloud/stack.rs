//! The stack of `template.yaml` on this machine: table, queues, bucket, parameter, functions, event
//! source mappings, HTTP API and schedules, and the simulated carrier at the other end of the line.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use carrier_simulator::{Carrier, CentreNumber, Journal};
use config::ContactCentre;
use ids::AccountSid;
use ids::time::Clock;
use runtime::SystemClock;
use serde_json::{Value, json};
use store::{Store, schema};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::functions::Function;
use super::gateway;
use super::moto::{Client, Moto};
use super::queue_pump::QueuePump;
use super::stream_pump::{Shared, StreamPump};
use super::stream_source::Settings;
use crate::deployment::{ACCOUNT_SID, AUTH_TOKEN};
use crate::dynamodb_local::server::Server;
use crate::dynamodb_local::stream::Stream;
use crate::project;
use crate::template::{EVENT_SOURCE, FUNCTION, QUEUE, Template, invoked, texts};

/// The table.
const TABLE: &str = "cordboard";
/// Environments of a function, and of the ones with more: as many as wait for one another here.
const CONCURRENCY: usize = 1;
const CONCURRENCY_OF: [(&str, usize); 3] = [("Routing", 3), ("Callbacks", 2), ("EnqueueCall", 2)];
/// Longest visibility timeout of a queue, seconds. The template's six minutes after a killed function
/// would be longer than the day.
const VISIBILITY_SECS_MAX: u64 = 5;
/// Age at which a failed record is discarded, seconds: the template's quarter of an hour is longer
/// than the day.
const RECORD_AGE_SECS_MAX: u64 = 8;

/// The running stack.
pub struct Stack {
    /// The table, read and written beside the functions.
    pub store: Store,
    /// A client of the table itself.
    pub table: aws_sdk_dynamodb::Client,
    /// Its name.
    pub table_name: &'static str,
    /// The functions, by logical id.
    pub functions: Arc<BTreeMap<String, Arc<Function>>>,
    /// The mapping of the stream.
    pub stream: Arc<Shared>,
    /// SQS, S3 and Parameter Store.
    pub aws: Client,
    /// The bucket of discarded records.
    pub bucket: String,
    /// The address of the HTTP API.
    pub api: String,
    /// The address of the simulated carrier.
    pub carrier: String,
    /// The configuration in the table.
    pub contact_centre: ContactCentre,
    /// The names of the queues in SQS, by logical id.
    pub queues: BTreeMap<String, String>,
    schedules: Vec<(Arc<Function>, Value)>,
    running: JoinSet<()>,
    server: Server,
    _moto: Moto,
}

impl Stack {
    /// Starts the stack with the functions in this folder, and applies the configuration.
    pub async fn start(binaries: &Path, set_up: &str) -> Self {
        runtime::aws::install_tls();
        let template = Template::parse(&project::read("template.yaml")).unwrap();
        let (server, moto) = tokio::join!(Server::start(), Moto::start());
        let aws = moto.client();
        let http = runtime::sdk_http::SdkHttp::new();
        let table = dynamodb_in_process::client_at(http, &server.endpoint);
        schema::create_table(&table, TABLE).await.unwrap();
        let store = Store::new(table.clone(), TABLE);
        let account: AccountSid = ACCOUNT_SID.parse().unwrap();
        let contact_centre = config::read(set_up, "contact-centre.yaml", account).unwrap();

        let queues = create_queues(&template, &aws).await;
        let parameter = default_of(&template, "AuthTokenParameter");
        let secret = json!({"Name": parameter, "Value": AUTH_TOKEN, "Type": "SecureString"});
        aws.ssm("PutParameter", &secret).await;
        let bucket = "changes-dead-letters".to_owned();
        aws.put_object(&bucket, "", String::new()).await;

        let gateway_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let carrier_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = |listener: &TcpListener| format!("http://{}", listener.local_addr().unwrap());
        let (api, carrier) = (address(&gateway_listener), address(&carrier_listener));
        let values = Values {
            template: &template,
            queues: &queues,
            aws: &aws,
            table: &server.endpoint,
            api: &api,
            carrier: &carrier,
        };
        let functions = Arc::new(values.functions(binaries));
        gateway::serve(
            gateway_listener,
            gateway::routes(&template),
            Arc::clone(&functions),
        );

        let mut running = JoinSet::new();
        start_carrier(
            carrier_listener,
            account,
            &contact_centre,
            &api,
            &carrier,
            &mut running,
        );
        // The stream is read from its oldest record on, as `TRIM_HORIZON` says.
        let stream = Arc::new(Shared::default());
        for (id, source) in template.of_type(EVENT_SOURCE) {
            let properties = &source["Properties"];
            let function = Arc::clone(&functions[invoked(source)]);
            match queue_of(properties, &queues) {
                Some(queue) => {
                    let pump = QueuePump {
                        queue,
                        batch_size: properties["BatchSize"].as_u64().unwrap(),
                        concurrency: concurrency(&template, properties),
                        function,
                        client: aws.clone(),
                    };
                    running.spawn(pump.run());
                }
                None => {
                    assert!(texts(properties).contains(&"Table.StreamArn"), "{id}");
                    let settings = Settings::read(properties);
                    let settings = Settings {
                        record_age_max: settings
                            .record_age_max
                            .min(std::time::Duration::from_secs(RECORD_AGE_SECS_MAX)),
                        ..settings
                    };
                    let reader = Stream::open(&server.endpoint, TABLE).await;
                    let bucket = (aws.clone(), bucket.clone());
                    let pump =
                        StreamPump::new(settings, reader, function, bucket, Arc::clone(&stream));
                    running.spawn(pump.run());
                }
            }
        }
        config::apply(&store, &contact_centre, SystemClock.now())
            .await
            .unwrap();
        Self {
            schedules: schedules(&template, &functions),
            store,
            table,
            table_name: TABLE,
            functions,
            stream,
            aws,
            bucket,
            api,
            carrier,
            contact_centre,
            queues,
            running,
            server,
            _moto: moto,
        }
    }

    /// Does what is scheduled for each minute. Panics when a function fails.
    pub async fn run_schedules(&self) {
        for (function, event) in &self.schedules {
            let outcome = function.invoke(event).await;
            let is_done = matches!(outcome, crate::lambda::Outcome::Response(_));
            assert!(is_done, "{event}: {outcome:?}");
        }
    }

    /// Panics when a part of the harness has ended: each ends only by a panic.
    pub fn check(&mut self) {
        if let Some(ended) = self.running.try_join_next() {
            panic!("a part of the harness ended: {ended:?}");
        }
    }

    /// The messages in a queue: visible and in flight, not delayed ones.
    pub async fn messages(&self, queue: &str) -> u64 {
        let names = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
        ];
        let ask = json!({"QueueUrl": self.aws.queue_url(queue), "AttributeNames": names});
        let attributes = self.aws.sqs("GetQueueAttributes", &ask).await;
        let count = |name: &str| -> u64 {
            let text = attributes["Attributes"][name].as_str().unwrap();
            text.parse().unwrap()
        };
        names.into_iter().map(count).sum()
    }

    /// Ends everything; what the functions have printed.
    pub async fn stop(mut self) -> String {
        self.running.shutdown().await;
        let mut printed = String::new();
        for function in self.functions.values() {
            printed += &function.stop().await;
        }
        self.server.stop().await;
        printed
    }
}

/// What references of the template stand for.
struct Values<'a> {
    template: &'a Template,
    queues: &'a BTreeMap<String, String>,
    aws: &'a Client,
    table: &'a str,
    api: &'a str,
    carrier: &'a str,
}

impl Values<'_> {
    fn functions(&self, binaries: &Path) -> BTreeMap<String, Arc<Function>> {
        let functions = self.template.of_type(FUNCTION);
        functions
            .map(|(id, function)| {
                let binary = function["Metadata"]["BuildProperties"]["Binary"]
                    .as_str()
                    .unwrap();
                let concurrency = CONCURRENCY_OF.iter().find(|(named, _)| *named == id);
                let concurrency = concurrency.map_or(CONCURRENCY, |(_, count)| *count);
                let environment = self.environment(function);
                let function = Function::new(id, binaries.join(binary), environment, concurrency);
                (id.to_owned(), Arc::new(function))
            })
            .collect()
    }

    fn environment(&self, function: &Value) -> BTreeMap<String, String> {
        let variables = self.template.environment(function).into_iter();
        let mut environment: BTreeMap<String, String> = variables
            .map(|(name, value)| (name, self.resolve(&value)))
            .collect();
        let endpoints = [
            ("AWS_ENDPOINT_URL_DYNAMODB", self.table),
            ("AWS_ENDPOINT_URL_SQS", &self.aws.endpoint),
            ("AWS_ENDPOINT_URL_SSM", &self.aws.endpoint),
            ("CARRIER_URL", self.carrier),
        ];
        environment.extend(endpoints.map(|(name, value)| (name.to_owned(), value.to_owned())));
        environment
    }

    /// A value of the template, its reference resolved.
    fn resolve(&self, value: &str) -> String {
        if let Some(queue) = self.queues.get(value) {
            return self.aws.queue_url(queue);
        }
        match value {
            "AccountSid" => ACCOUNT_SID.to_owned(),
            "TableName" => TABLE.to_owned(),
            address if address.contains("${HttpApi}") => self.api.to_owned(),
            other => {
                let default = self.template.part(&format!("/Parameters/{other}/Default"));
                default.as_str().unwrap_or(other).to_owned()
            }
        }
    }
}

/// Creates the queues of the template. Dead-letter queues come first: others refer to them.
async fn create_queues(template: &Template, aws: &Client) -> BTreeMap<String, String> {
    let mut resources: Vec<(&str, &Value)> = template.of_type(QUEUE).collect();
    resources.sort_by_key(|(_, queue)| !queue["Properties"]["RedrivePolicy"].is_null());
    let mut names = BTreeMap::new();
    for (id, queue) in resources {
        let properties = &queue["Properties"];
        let is_fifo = properties["FifoQueue"] == true;
        let name = if is_fifo {
            format!("{id}.fifo")
        } else {
            id.to_owned()
        };
        let visibility = properties["VisibilityTimeout"].as_u64().unwrap_or(30);
        let mut attributes = json!({
            "VisibilityTimeout": visibility.min(VISIBILITY_SECS_MAX).to_string(),
        });
        if is_fifo {
            attributes["FifoQueue"] = json!("true");
        }
        let redrive = &properties["RedrivePolicy"];
        if let Some(target) = redrive["deadLetterTargetArn"].as_str() {
            let target = target.trim_end_matches(".Arn");
            let target = names
                .get(target)
                .cloned()
                .unwrap_or_else(|| target.to_owned());
            let arn = format!(
                "arn:aws:sqs:{}:{}:{target}",
                super::moto::REGION,
                super::moto::ACCOUNT
            );
            let policy = json!({
                "deadLetterTargetArn": arn,
                "maxReceiveCount": redrive["maxReceiveCount"],
            });
            attributes["RedrivePolicy"] = json!(policy.to_string());
        }
        let create = json!({"QueueName": name, "Attributes": attributes});
        aws.sqs("CreateQueue", &create).await;
        names.insert(id.to_owned(), name);
    }
    names
}

/// The queue of an event source; `None` if it is the stream.
fn queue_of(properties: &Value, queues: &BTreeMap<String, String>) -> Option<String> {
    let arn = properties["EventSourceArn"].as_str()?;
    queues.get(arn.trim_end_matches(".Arn")).cloned()
}

fn concurrency(template: &Template, properties: &Value) -> u64 {
    let value = &properties["ScalingConfig"]["MaximumConcurrency"];
    let parameter = value.as_str().unwrap_or_default();
    let default = template.part(&format!("/Parameters/{parameter}/Default"));
    value.as_u64().or(default.as_u64()).unwrap_or(u64::MAX)
}

fn default_of(template: &Template, parameter: &str) -> String {
    let default = template.part(&format!("/Parameters/{parameter}/Default"));
    default.as_str().unwrap().to_owned()
}

/// The functions that run on a schedule, with their events.
fn schedules(
    template: &Template,
    functions: &BTreeMap<String, Arc<Function>>,
) -> Vec<(Arc<Function>, Value)> {
    let mut schedules = Vec::new();
    for (id, function) in template.of_type(FUNCTION) {
        let events = function["Properties"]["Events"].as_object();
        for event in events.into_iter().flat_map(|events| events.values()) {
            if event["Type"] == "Schedule" {
                let input = event["Properties"]["Input"].as_str().unwrap();
                schedules.push((
                    Arc::clone(&functions[id]),
                    serde_json::from_str(input).unwrap(),
                ));
            }
        }
    }
    schedules
}

fn start_carrier(
    listener: TcpListener,
    account_sid: AccountSid,
    contact_centre: &ContactCentre,
    api: &str,
    carrier: &str,
    running: &mut JoinSet<()>,
) {
    let number = CentreNumber {
        number: contact_centre.voice_settings.phone_number.clone(),
        voice_url: format!("{api}/incoming-call"),
        voice_method: carrier_simulator::twiml::Method::Post,
        voice_fallback_url: None,
        status_callback: None,
    };
    let settings = carrier_simulator::Settings {
        account_sid,
        auth_token: AUTH_TOKEN.to_owned(),
        numbers: vec![number],
        public_base_url: Some(carrier.to_owned()),
        task_router_url: None,
        seed: "day".to_owned(),
    };
    let network = Carrier::open(settings, Arc::new(SystemClock), Journal::none()).unwrap();
    let site = Arc::clone(&network).http();
    running.spawn(async move { axum::serve(listener, site).await.unwrap() });
    running.spawn(async move { network.run(std::future::pending()).await });
}
