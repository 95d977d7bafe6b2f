//! Functions: their folders, builds, settings, permissions and routes.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::webhook::path;
use tests::policy::POLLER_ACTIONS;
use tests::template::{EVENT_SOURCE, FUNCTION, Template, invoked, list, logical_id, texts};

use super::{Check, Project, SHARED, function_events, shown};

/// Variables that are read only outside the cloud: the auth token and the API keys themselves,
/// which the cloud keeps in Parameter Store, another address of the carrier's API, and the switch
/// that turns signature verification off.
const NOT_FOR_THE_CLOUD: [&str; 4] = ["API_KEYS", "AUTH_TOKEN", "CARRIER_URL", "VERIFY_SIGNATURES"];

pub(crate) const CHECKS: &[Check] = &[
    folders_and_resources,
    builds,
    environments,
    concurrency,
    permissions,
    unused_permissions,
    routes,
    stream_routes,
    versions,
    rollback,
];

/// The alias of the version that serves.
const ALIAS: &str = "live";
/// Alarms of the log, which move every function back to its previous version.
const LOG_ALARMS: [&str; 2] = ["ErrorLinesAlarm", "RefusedWebhooksAlarm"];

fn folders_and_resources(project: &Project) -> Vec<String> {
    let missing = project
        .functions
        .keys()
        .filter(|folder| project.template.resource(&logical_id(folder)).is_none());
    let missing =
        missing.map(|folder| format!("functions/{folder} has no resource {}", logical_id(folder)));
    let wanted: BTreeSet<String> = project
        .functions
        .keys()
        .map(|folder| logical_id(folder))
        .collect();
    let surplus = project
        .template
        .of_type(FUNCTION)
        .filter(|(id, _)| !wanted.contains(*id) && !SHARED.iter().any(|(shared, _)| shared == id));
    let surplus =
        surplus.map(|(id, _)| format!("{id}: there is no folder for it under functions/"));
    missing.chain(surplus).collect()
}

fn builds(project: &Project) -> Vec<String> {
    let template = &project.template;
    let mut problems = Vec::new();
    for (folder, id, function) in project.pairs() {
        let mut expect = |found: &Value, expected: Value, sentence: String| {
            if *found != expected {
                problems.push(sentence);
            }
        };
        let metadata = &function["Metadata"];
        let binary = &metadata["BuildProperties"]["Binary"];
        let runtime = template.function_property(function, "Runtime");
        let handler = template.function_property(function, "Handler");
        expect(
            &metadata["BuildMethod"],
            json!("rust-cargolambda"),
            format!("{id} is not built by rust-cargolambda"),
        );
        expect(
            binary,
            json!(folder),
            format!("{id} builds the binary {}, not {folder}", shown(binary)),
        );
        expect(
            runtime,
            json!("provided.al2023"),
            format!("{id} runs on {}, not on provided.al2023", shown(runtime)),
        );
        expect(
            handler,
            json!("bootstrap"),
            format!("{id} has the handler {}, not bootstrap", shown(handler)),
        );
        expect(
            template.function_property(function, "Architectures"),
            json!(["Architecture"]),
            format!("{id} has its architecture fixed; it should be !Ref Architecture"),
        );
    }
    expect_default(template, "Architecture", "x86_64", &mut problems);
    problems
}

fn expect_default(template: &Template, parameter: &str, default: &str, problems: &mut Vec<String>) {
    let found = template.part(&format!("/Parameters/{parameter}/Default"));
    if *found != json!(default) {
        problems.push(format!(
            "the parameter {parameter} defaults to {}, not to {default}",
            shown(found)
        ));
    }
}

/// Every variable a function reads is set, and none is set that it does not read.
fn environments(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    for (folder, id, resource) in project.pairs() {
        let read = &project.variables[folder];
        let is_ours = |name: &&String| {
            !name.starts_with("AWS_") && !NOT_FOR_THE_CLOUD.contains(&name.as_str())
        };
        let read: BTreeSet<String> = read.iter().filter(is_ours).cloned().collect();
        let set: BTreeSet<String> = project.template.environment(resource).into_keys().collect();
        problems.extend(
            read.difference(&set)
                .map(|name| format!("functions/{folder} reads {name}, and {id} does not set it")),
        );
        problems.extend(
            set.difference(&read)
                .map(|name| format!("{id} sets {name}, and functions/{folder} does not read it")),
        );
    }
    problems
}

/// Every function's concurrency is a parameter whose default reserves none.
fn concurrency(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    for (_, id, function) in project.pairs() {
        let reserved = texts(&function["Properties"]["ReservedConcurrentExecutions"]);
        let [condition, parameter, "AWS::NoValue"] = reserved.as_slice() else {
            problems.push(format!("{id} has no parameter for its concurrency"));
            continue;
        };
        let default = project
            .template
            .part(&format!("/Parameters/{parameter}/Default"));
        let asked = texts(project.template.part(&format!("/Conditions/{condition}")));
        if *default != json!(0) || !asked.contains(parameter) {
            problems.push(format!(
                "{id} reserves concurrency by {parameter} without being asked"
            ));
        }
    }
    problems
}

/// Each deployment publishes a version of each function, and everything that invokes a function
/// invokes its alias. SAM does so for routes and schedules.
fn versions(project: &Project) -> Vec<String> {
    let template = &project.template;
    let mut problems = Vec::new();
    for (_, id, function) in project.pairs() {
        let alias = template.function_property(function, "AutoPublishAlias");
        if *alias != json!(ALIAS) {
            problems.push(format!(
                "{id} publishes no version for the alias {ALIAS}, but for {}",
                shown(alias)
            ));
        }
    }
    for (id, source) in template.of_type(EVENT_SOURCE) {
        let function = invoked(source);
        if source["Properties"]["FunctionName"] != json!(format!("{function}.Alias")) {
            problems.push(format!("{id} invokes {function} and not its alias"));
        }
    }
    problems
}

/// A deployment in steps ends when the function, or the log, has errors. Each type of deployment says
/// whether it is in steps.
fn rollback(project: &Project) -> Vec<String> {
    let template = &project.template;
    let mut problems = Vec::new();
    for (_, id, function) in project.pairs() {
        let own = format!("{id}ErrorsAlarm");
        let wanted: BTreeSet<&str> = LOG_ALARMS.into_iter().chain([own.as_str()]).collect();
        let preference = &function["Properties"]["DeploymentPreference"];
        let alarms: BTreeSet<&str> = texts(&preference["Alarms"]).into_iter().collect();
        if alarms != wanted || alarms.iter().any(|id| template.resource(id).is_none()) {
            problems.push(format!(
                "{id} is moved back by {alarms:?}, and should be by {wanted:?}"
            ));
        }
    }
    let of_all = template.part("/Globals/Function/DeploymentPreference");
    if of_all["Type"] != "DeploymentType" || !texts(&of_all["Enabled"]).contains(&"DeploymentType")
    {
        problems.push("the deployments do not follow the parameter DeploymentType".to_owned());
    }
    for kind in list(template.part("/Parameters/DeploymentType/AllowedValues")) {
        let in_steps = *kind != json!("AllAtOnce");
        let found = template.part(&format!(
            "/Mappings/DeploymentTypes/{}/InSteps",
            shown(kind)
        ));
        if *found != json!(in_steps.to_string()) {
            problems.push(format!("DeploymentTypes is wrong about {}", shown(kind)));
        }
    }
    expect_default(template, "DeploymentType", "AllAtOnce", &mut problems);
    problems
}

/// No statement, of a function or of a managed policy, allows `Scan` or a wildcard. Only the objects
/// of a bucket are named by their prefix.
fn permissions(project: &Project) -> Vec<String> {
    let functions = project
        .template
        .of_type(FUNCTION)
        .flat_map(|(id, function)| {
            list(&function["Properties"]["Policies"])
                .into_iter()
                .map(move |policy| (id, &policy["Statement"]))
        });
    let policies = project.template.of_type("AWS::IAM::ManagedPolicy");
    let policies =
        policies.map(|(id, policy)| (id, &policy["Properties"]["PolicyDocument"]["Statement"]));
    let mut problems = Vec::new();
    for (id, statement) in functions
        .chain(policies)
        .flat_map(|(id, statements)| list(statements).into_iter().map(move |one| (id, one)))
    {
        let actions = texts(&statement["Action"]).into_iter();
        let actions = actions.filter(|action| action.contains('*') || *action == "dynamodb:Scan");
        problems.extend(
            actions
                .map(|action| format!("{id} may {action}, which is more than any function needs")),
        );
        let resources = texts(&statement["Resource"])
            .into_iter()
            .filter(|resource| resource.contains('*') && !resource.contains("Bucket.Arn}/"));
        problems.extend(
            resources.map(|resource| format!("{id} may act on {resource}; name the one resource")),
        );
    }
    problems
}

/// A permission on the table that no code of `store` uses is reported.
fn unused_permissions(project: &Project) -> Vec<String> {
    let granted: BTreeSet<&str> = project
        .template
        .of_type(FUNCTION)
        .flat_map(|(_, function)| texts(&function["Properties"]["Policies"]))
        .filter(|action| !POLLER_ACTIONS.contains(action))
        .collect();
    let granted = granted
        .into_iter()
        .filter_map(|action| action.strip_prefix("dynamodb:"));
    let unused = granted.filter(|action| {
        !project
            .store
            .contains(&format!(".{}()", snake_case(action)))
            && !project
                .store
                .contains(&format!("{}::builder()", action.trim_end_matches("Item")))
    });
    unused
        .map(|action| format!("dynamodb:{action} is allowed, and store never does it"))
        .collect()
}

/// Every path given to the carrier is routed to the function of that name, with the methods that
/// the carrier may use.
fn routes(project: &Project) -> Vec<String> {
    let routes = function_events(&project.template, "HttpApi");
    let leads = |function: &str, method: &str, path: &str| {
        routes.iter().any(|(id, _, route)| {
            let folder = route["Path"]
                .as_str()
                .and_then(|route| route.strip_suffix("{proxy+}"));
            let fits =
                folder.map_or_else(|| route["Path"] == path, |folder| path.starts_with(folder));
            *id == function && fits && (route["Method"] == method || route["Method"] == "ANY")
        })
    };
    let mut problems = Vec::new();
    for path in &project.paths {
        let methods = match path.as_str() {
            path::ASSIGNMENT => ["POST"].as_slice(),
            path::MUSIC | path::SOUNDS => &["GET"],
            _ => &["GET", "POST"],
        };
        // A flow or a file is named below the path: `/flows/main`.
        let (folder, path) = match path.as_str() {
            path::FLOWS => ("flow-step", "/flows/main"),
            path::SOUNDS => ("wait-music", "/sounds/file.wav"),
            path => (path.split('/').nth(1).unwrap_or_default(), path),
        };
        let function = logical_id(folder);
        let astray = methods
            .iter()
            .filter(|method| !leads(&function, method, path));
        problems
            .extend(astray.map(|method| format!("{method} {path} does not lead to {function}")));
    }
    problems
}

/// Every path whose answer may be held, and the poll of pages, leads to the function of streams, so
/// that they take no concurrency of other functions.
fn stream_routes(project: &Project) -> Vec<String> {
    let routes = function_events(&project.template, "HttpApi");
    let streams = project.functions["api"].code.lines();
    let streams = streams.filter(|line| line.contains("event_stream::of_"));
    let streams = streams.filter_map(|line| line.split('"').nth(1));
    let paths: Vec<&str> = streams.chain([console::CHANGES_PATH]).collect();
    assert_eq!(
        paths.len(),
        3,
        "the event streams in functions/api/src/routes.rs have another form now: {paths:?}"
    );
    let leads = |path: &str| {
        routes.iter().any(|(id, _, route)| {
            *id == "EventStreams" && route["Method"] == "GET" && route["Path"] == path
        })
    };
    let astray = paths.iter().filter(|path| !leads(path));
    let mut problems: Vec<String> = astray
        .map(|path| format!("GET {path} does not lead to EventStreams"))
        .collect();
    let api = project.template.resource("HttpApi").unwrap_or(&Value::Null);
    let rate = &api["Properties"]["RouteSettings"][format!("GET {}", console::CHANGES_PATH)];
    if rate["ThrottlingRateLimit"].is_null() {
        problems.push("the polls of pages have no rate of their own".to_owned());
    }
    problems
}

/// The paths in `shared::webhook::path`.
pub(crate) fn paths(code: &str) -> Vec<String> {
    let paths: Vec<String> = code
        .lines()
        .filter_map(|line| {
            line.strip_prefix("pub const ")?
                .split_once(": &str = \"/")?
                .1
                .strip_suffix("\";")
        })
        .map(|path| format!("/{path}"))
        .collect();
    assert!(
        paths.iter().any(|found| found == path::WORKER_CALL_ENDED),
        "the paths in shared::webhook::path have another form now"
    );
    paths
}

/// `put_item` for `PutItem`.
fn snake_case(name: &str) -> String {
    let words = name.chars().flat_map(|letter| {
        letter
            .is_uppercase()
            .then_some('_')
            .into_iter()
            .chain(letter.to_lowercase())
    });
    words.skip(1).collect()
}
