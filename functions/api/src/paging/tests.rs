use super::*;

const URL: &str = "https://cordboard.example/v1/Things";

/// An entry created at this moment, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Thing(i64);

impl Listed for Thing {
    fn sort_key(&self) -> SortKey {
        SortKey::new(Timestamp::from_millis(self.0), format!("TH{}", self.0))
    }
}

fn things(moments: &[i64]) -> Vec<Thing> {
    moments.iter().copied().map(Thing).collect()
}

fn paging(query: &str) -> Result<Paging, ApiError> {
    Paging::read(&Parameters::of_query(query).unwrap())
}

/// The page with this URL, of a list with entries created at these moments.
fn page(url: &str, moments: &[i64]) -> Value {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    paging(query)
        .unwrap()
        .answer("things", URL, things(moments), |thing| Ok(json!(thing.0)))
        .unwrap()
        .body
}

/// The entries of every page, following the property `link` of `meta` from `url`.
fn follow(url: &str, link: &str, moments: &[i64]) -> Vec<Vec<i64>> {
    let mut next = Some(url.to_owned());
    let mut pages = Vec::new();
    while let Some(url) = next {
        let page = page(&url, moments);
        pages.push(
            page["things"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(Value::as_i64)
                .collect(),
        );
        next = page["meta"][link].as_str().map(str::to_owned);
        assert!(
            pages.len() <= moments.len() + 1,
            "expected the pages to end"
        );
    }
    pages
}

/// The pages together are the list, oldest first, in either direction.
#[test]
fn pages_together_are_the_list() {
    let list = [5, 3, 1, 4, 2];
    assert_eq!(
        follow("?PageSize=2", "next_page_url", &list),
        [vec![1, 2], vec![3, 4], vec![5]]
    );
    assert_eq!(
        follow("?PageSize=5", "next_page_url", &list),
        [vec![1, 2, 3, 4, 5]]
    );
    assert_eq!(
        follow("?PageSize=2", "next_page_url", &[]),
        [Vec::<i64>::new()]
    );
    assert_eq!(
        follow("?PageSize=2&PageToken=PATH4-4", "previous_page_url", &list),
        [vec![5], vec![3, 4], vec![1, 2]]
    );
}

/// Entries that are created or deleted between two pages cause no other entry to be repeated or
/// skipped.
#[test]
fn cursor_survives_changes_of_the_list() {
    let first = page("?PageSize=2", &[1, 2, 3, 4]);
    let next = first["meta"]["next_page_url"].as_str().unwrap();
    assert_eq!(page(next, &[0, 1, 3, 4])["things"], json!([3, 4]));
}

#[test]
fn meta_urls_repeat_the_filters() {
    let list = [1, 2, 3];
    let first = page("?PageSize=1&FriendlyName=a%20%26%20b&Available=true", &list);
    let address =
        |rest: &str| format!("{URL}?FriendlyName=a+%26+b&Available=true&PageSize=1&{rest}");
    let meta = json!({
        "key": "things",
        "page": 0,
        "page_size": 1,
        "first_page_url": address("Page=0"),
        "url": address("Page=0"),
        "previous_page_url": null,
        "next_page_url": address("Page=1&PageToken=PATH1-1"),
    });
    assert_eq!(first, json!({ "things": [1], "meta": meta }));
    let second = page(first["meta"]["next_page_url"].as_str().unwrap(), &list);
    let meta = json!({
        "key": "things",
        "page": 1,
        "page_size": 1,
        "first_page_url": address("Page=0"),
        "url": address("Page=1&PageToken=PATH1-1"),
        "previous_page_url": address("Page=0&PageToken=PBTH2-2"),
        "next_page_url": address("Page=2&PageToken=PATH2-2"),
    });
    assert_eq!(second, json!({ "things": [2], "meta": meta }));
}

#[test]
fn page_has_fifty_entries_by_default() {
    let list: Vec<i64> = (1..=60).collect();
    assert_eq!(page("", &list)["things"].as_array().unwrap().len(), 50);
    assert_eq!(
        page("?PageSize=1000&Page=0", &list)["things"]
            .as_array()
            .unwrap()
            .len(),
        60
    );
}

#[test]
fn invalid_page_is_refused() {
    for (query, message) in [
        (
            "PageSize=0",
            "PageSize: expected a whole number from 1 to 1000, got 0",
        ),
        (
            "PageSize=-1",
            "PageSize: expected a whole number from 1 to 1000",
        ),
        (
            "PageSize=all",
            "PageSize: expected a whole number from 1 to 1000",
        ),
        (
            "PageSize=1001",
            "PageSize: expected a whole number from 1 to 1000, got a larger one",
        ),
        (
            "PageSize=99999999999999999999999",
            "PageSize: expected a whole number from 1 to 1000, got a larger one",
        ),
        ("Page=-1", "Page: expected a whole number from 0"),
        (
            "Page=1",
            "Page: expected 0 without a PageToken; follow next_page_url for later pages",
        ),
        (
            "PageToken=PA",
            "PageToken: expected the one in next_page_url or previous_page_url",
        ),
        (
            "PageToken=é-1",
            "PageToken: expected the one in next_page_url or previous_page_url",
        ),
        (
            "PageToken=XXWK1-1",
            "PageToken: expected the one in next_page_url or previous_page_url",
        ),
        (
            "PageToken=PAWK1-x",
            "PageToken: expected the one in next_page_url or previous_page_url",
        ),
    ] {
        assert_eq!(paging(query).unwrap_err().to_string(), message, "{query}");
    }
}

/// An entry without a date of creation.
struct Undated(&'static str);

impl Listed for Undated {
    fn sort_key(&self) -> SortKey {
        SortKey::by(Vec::new(), self.0)
    }
}

#[test]
fn undated_entries_are_paged_by_sid() {
    let list = |query: &str| {
        let things = ["TH2", "TH1", "TH3"].map(Undated).into_iter().collect();
        paging(query)
            .unwrap()
            .answer("things", URL, things, |thing| Ok(json!(thing.0)))
            .unwrap()
            .body
    };
    let first = list("PageSize=2");
    assert_eq!(first["things"], json!(["TH1", "TH2"]));
    let next = first["meta"]["next_page_url"]
        .as_str()
        .and_then(|url| url.split_once('?'))
        .unwrap()
        .1;
    assert_eq!(list(next)["things"], json!(["TH3"]));
}
