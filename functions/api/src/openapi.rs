//! The description of this API, as it is served (`scripts/openapi.py` makes it): TaskRouter's official document, with what we
//! add marked `x-cordboard-addition`. Anybody may read it: it says what can be asked, and nothing of what is here.

use http::{HeaderValue, Method, Request, Response, header};

use crate::error::ApiError;

/// Where it is served.
pub const PATH: &str = "/openapi.json";

const DOCUMENT: &str = include_str!("../openapi.json");

/// The answer to a request for [`PATH`].
///
/// # Errors
/// [`ApiError::MethodNotAllowed`] for any method but GET.
pub fn answer(request: &Request<Vec<u8>>) -> Result<Response<Vec<u8>>, ApiError> {
    if request.method() != Method::GET {
        let (method, allow) = (request.method().to_string(), Method::GET.to_string());
        return Err(ApiError::MethodNotAllowed { method, allow });
    }
    let mut response = Response::new(DOCUMENT.as_bytes().to_vec());
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    Ok(response)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;
    use crate::routes::ROUTES;

    const OFFICIAL: &str = include_str!("../../../tests/data/openapi/twilio_taskrouter_v1.json");
    const MARK: &str = "x-cordboard-addition";

    /// Every operation of a document by its method and its path, in which a SID has no name: `GET /v1/Workspaces/{}`.
    fn operations(document: &Value) -> Vec<(String, &Value)> {
        let paths = document["paths"].as_object().unwrap().iter();
        paths
            .flat_map(|(path, item)| {
                ["get", "post", "delete"]
                    .into_iter()
                    .filter_map(move |method| Some((name(method, path), item.get(method)?)))
            })
            .collect()
    }

    fn name(method: &str, path: &str) -> String {
        let parts = path
            .split('/')
            .map(|part| if part.starts_with('{') { "{}" } else { part });
        format!(
            "{} {}",
            method.to_uppercase(),
            parts.collect::<Vec<_>>().join("/")
        )
    }

    fn parsed(document: &str) -> Value {
        serde_json::from_str(document).unwrap()
    }

    #[test]
    fn it_describes_the_operations_that_are_served_and_no_others() {
        let document = parsed(DOCUMENT);
        let described: BTreeSet<String> = operations(&document)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        let served: BTreeSet<String> = ROUTES
            .iter()
            .map(|route| name(route.method.as_str(), route.path))
            .collect();
        let difference: Vec<_> = described.symmetric_difference(&served).collect();
        assert!(
            difference.is_empty(),
            "described or served, but not both: {difference:#?}"
        );
        assert_eq!(served.len(), ROUTES.len(), "an operation has two rows");
    }

    #[test]
    fn an_operation_is_as_the_official_document_has_it_or_marked_as_an_addition() {
        let (document, official) = (parsed(DOCUMENT), parsed(OFFICIAL));
        let official = operations(&official);
        for (name, operation) in operations(&document) {
            match official.iter().find(|(other, _)| *other == name) {
                Some((_, theirs)) => assert_unchanged(&name, operation, theirs),
                None => assert_eq!(operation[MARK], true, "{name}"),
            }
        }
    }

    /// Everything theirs is there as it was; everything else is marked.
    fn assert_unchanged(name: &str, ours: &Value, theirs: &Value) {
        let parameters = |operation: &Value| {
            operation["parameters"]
                .as_array()
                .cloned()
                .unwrap_or_default()
        };
        let (kept, added): (Vec<Value>, Vec<Value>) = parameters(ours)
            .into_iter()
            .partition(|parameter| parameter.get(MARK).is_none());
        let bare = |parameters: Vec<Value>| -> Vec<Value> {
            parameters
                .iter()
                .map(|parameter| json!([parameter["name"], parameter["in"], parameter["schema"]]))
                .collect()
        };
        assert_eq!(bare(kept), bare(parameters(theirs)), "{name}");
        assert!(
            added.iter().all(|parameter| parameter[MARK] == true),
            "{name}"
        );
        let parts = ["/responses", "/requestBody/content"];
        for (part, inner) in parts
            .into_iter()
            .zip(["/content/application~1json/schema", "/schema"])
        {
            let none = json!({});
            let (ours, theirs) = (
                ours.pointer(part).unwrap_or(&none),
                theirs.pointer(part).unwrap_or(&none),
            );
            for (key, value) in ours.as_object().unwrap() {
                match theirs.get(key) {
                    Some(theirs) => {
                        assert_eq!(value.pointer(inner), theirs.pointer(inner), "{name} {key}")
                    }
                    None => assert_eq!(value[MARK], true, "{name} {key}"),
                }
            }
            assert!(
                theirs
                    .as_object()
                    .unwrap()
                    .keys()
                    .all(|key| ours.get(key).is_some()),
                "{name}{part}"
            );
        }
    }

    #[test]
    fn it_is_read_and_not_written() {
        let ask = |method| {
            answer(
                &Request::builder()
                    .method(method)
                    .uri(PATH)
                    .body(Vec::new())
                    .unwrap(),
            )
        };
        assert_eq!(
            ask("GET").unwrap().headers()[header::CONTENT_TYPE],
            "application/json"
        );
        assert!(matches!(
            ask("POST"),
            Err(ApiError::MethodNotAllowed { .. })
        ));
    }
}
