//! Lists of the 2010 API: `Page`, `PageSize`, `PageToken`, and links to the neighbouring pages
//! (voice-webhooks.md section 8).

use serde_json::{Value, json};

use super::form::Form;
use super::rest_error::RestError;

/// Items of a page if the request does not say.
const PAGE_SIZE_DEFAULT: usize = 50;
/// Items of the largest page.
const PAGE_SIZE_MAX: usize = 1_000;
/// The prefix of every page token. The id of the last item before the page follows: the token is a
/// cursor.
const TOKEN_PREFIX: &str = "PA";

/// One page of `items` as JSON. Each item comes with its id; the key `name` holds the items.
///
/// # Errors
/// 400/20007 for an invalid page size, 400/20001 for an invalid page or token.
pub(super) fn page(
    path: &str,
    name: &str,
    query: &Form,
    items: Vec<(String, Value)>,
) -> Result<Value, RestError> {
    let size = number(
        query,
        "PageSize",
        PAGE_SIZE_DEFAULT,
        1..=PAGE_SIZE_MAX,
        20007,
    )?;
    let page = number(query, "Page", 0, 0..=usize::from(u16::MAX), 20001)?;
    let start = match query.text("PageToken") {
        None => page * size,
        Some(token) => index_after(token, &items)?,
    };
    let shown: Vec<&(String, Value)> = items.iter().skip(start).take(size).collect();
    let has_more = items.len() > start + shown.len();
    let last = if has_more {
        shown.last().map(|(id, _)| id.as_str())
    } else {
        None
    };
    let filters = query.encode_without(&["Page", "PageSize", "PageToken"]);
    let link = |page: usize, token: Option<&str>| {
        let mut link = format!("{path}?PageSize={size}&Page={page}");
        if let Some(token) = token {
            link.push_str(&format!("&PageToken={TOKEN_PREFIX}{token}"));
        }
        if !filters.is_empty() {
            link.push_str(&format!("&{filters}"));
        }
        link
    };
    let previous = page.checked_sub(1).map(|previous| link(previous, None));
    Ok(json!({
        name: shown.iter().map(|(_, item)| item).collect::<Vec<_>>(),
        "page": page,
        "page_size": size,
        "start": start,
        "end": (start + shown.len()).saturating_sub(1).max(start),
        "uri": link(page, query.text("PageToken").and_then(|token| token.strip_prefix(TOKEN_PREFIX))),
        "first_page_uri": link(0, None),
        "next_page_uri": last.map(|last| link(page + 1, Some(last))),
        "previous_page_uri": previous,
    }))
}

fn index_after(token: &str, items: &[(String, Value)]) -> Result<usize, RestError> {
    let known = token
        .strip_prefix(TOKEN_PREFIX)
        .and_then(|last| items.iter().position(|(id, _)| id == last));
    known
        .map(|index| index + 1)
        .ok_or_else(|| RestError::bad_request(20001, "PageToken: expected one from next_page_uri"))
}

fn number(
    query: &Form,
    name: &str,
    default: usize,
    range: std::ops::RangeInclusive<usize>,
    code: u32,
) -> Result<usize, RestError> {
    let Some(text) = query.text(name) else {
        return Ok(default);
    };
    match text.parse::<usize>() {
        Ok(number) if range.contains(&number) => Ok(number),
        Ok(_) | Err(_) => {
            let message = format!(
                "{name}: expected a whole number from {} to {}",
                range.start(),
                range.end()
            );
            Err(RestError::bad_request(code, message))
        }
    }
}
