//! Pagination with cursors (taskrouter.md section 1, "Pagination").
//!
//! A page token is a cursor: the sort key of the entry after or before which the page begins, not
//! an offset. So entries that are created or deleted between two pages cause no other entry to be
//! repeated or skipped.

use ids::time::Timestamp;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::error::ApiError;
use crate::limits::PAGE_SIZE_MAX;
use crate::parameters::Parameters;

/// Entries of a page without `PageSize`.
const PAGE_SIZE_DEFAULT: usize = 50;

/// Sort fields of one page token. No resource has more fields to order by.
const SORT_FIELDS_MAX: usize = 8;

const PAGE_SIZE: &str = "PageSize";
const PAGE: &str = "Page";
const PAGE_TOKEN: &str = "PageToken";

/// An entry of a list.
pub trait Listed {
    /// The position of the entry in its list, usually by date of creation, then by SID.
    fn sort_key(&self) -> SortKey;
}

/// The position of an entry in a list. It stays valid after the entry is deleted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SortKey {
    fields: Vec<i64>,
    sid: String,
}

/// The requested page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    size: usize,
    /// Shown to the client and otherwise without effect: the token selects the page.
    page: u32,
    token: Option<Token>,
    /// The request's other parameters, which every URL of the list repeats.
    filters: Vec<(String, String)>,
}

/// A page token: a cursor and a direction. Its text is opaque to clients: `PA` or `PB`, the SID, a
/// hyphen, and the sort fields as whole numbers separated by dots. Usually there is one field, the
/// date of creation in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// The page begins after this key.
    After(SortKey),
    /// The page ends before this key.
    Before(SortKey),
}

/// The entries of a page, and the tokens of its neighbours.
#[derive(Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The entries, in order.
    pub items: Vec<T>,
    /// The token of the previous page; `None` on the first.
    pub previous: Option<Token>,
    /// The token of the next page; `None` on the last.
    pub next: Option<Token>,
}

impl Paging {
    /// Reads `PageSize`, `Page` and `PageToken`.
    ///
    /// # Errors
    /// 20001 or 20007 for an invalid size, 20001 for an invalid token, 40153 for a later page
    /// without a token.
    pub fn read(query: &Parameters) -> Result<Self, ApiError> {
        let size = query
            .text(PAGE_SIZE)
            .map_or(Ok(PAGE_SIZE_DEFAULT), page_size)?;
        let page = query.text(PAGE).map_or(Ok(0), page_number)?;
        let token = query.text(PAGE_TOKEN).map(page_token).transpose()?;
        if page > 0 && token.is_none() {
            return Err(ApiError::AbsolutePaging);
        }
        let filters = query
            .pairs()
            .filter(|(name, _)| ![PAGE_SIZE, PAGE, PAGE_TOKEN].contains(name))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Ok(Self {
            size,
            page,
            token,
            filters,
        })
    }

    /// The number of entries of a full page.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Where the page begins; `None` for the first page.
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// Cuts the page out of a whole list and answers with it: the entries under the property `key`,
    /// and `meta`. `items` is the whole list, `url` its URL.
    pub fn answer<T: Listed>(
        &self,
        key: &'static str,
        url: &str,
        items: Vec<T>,
        render: impl Fn(&T) -> serde_json::Result<Value>,
    ) -> Result<Answer, ApiError> {
        self.show(key, url, &self.cut(items, Listed::sort_key), render)
    }

    /// The answer for a page that is cut already.
    pub fn show<T>(
        &self,
        key: &'static str,
        url: &str,
        page: &Page<T>,
        render: impl Fn(&T) -> serde_json::Result<Value>,
    ) -> Result<Answer, ApiError> {
        let entries: Vec<Value> = page.items.iter().map(render).collect::<Result<_, _>>()?;
        let previous = page.previous.as_ref();
        Ok(self.page_of(key, url, entries, previous, page.next.as_ref()))
    }

    /// The answer for a page of a list that is read forward only: its entries, and the key after
    /// which the next page begins.
    pub fn answer_part(
        &self,
        key: &'static str,
        url: &str,
        entries: Vec<Value>,
        next: Option<SortKey>,
    ) -> Answer {
        self.page_of(key, url, entries, None, next.map(Token::After).as_ref())
    }

    /// The SID after which the page begins; `None` for the first page.
    ///
    /// # Errors
    /// [`ApiError::Parameter`] for a token with a SID of another kind, or one that leads backward.
    pub fn after<S: std::str::FromStr>(&self) -> Result<Option<S>, ApiError> {
        match &self.token {
            None => Ok(None),
            Some(Token::After(key)) => key.sid.parse().map(Some).map_err(|_| invalid_token()),
            Some(Token::Before(_)) => Err(invalid_token()),
        }
    }

    fn page_of(
        &self,
        key: &'static str,
        url: &str,
        entries: Vec<Value>,
        previous: Option<&Token>,
        next: Option<&Token>,
    ) -> Answer {
        let previous =
            previous.map(|token| self.url(url, self.page.saturating_sub(1), Some(token)));
        let next = next.map(|token| self.url(url, self.page.saturating_add(1), Some(token)));
        let meta = json!({
            "key": key,
            "page": self.page,
            "page_size": self.size,
            "first_page_url": self.url(url, 0, None),
            "url": self.url(url, self.page, self.token.as_ref()),
            "previous_page_url": previous,
            "next_page_url": next,
        });
        Answer::ok(json!({ key: entries, "meta": meta }))
    }

    /// Sorts a whole list and cuts the requested page out of it.
    pub fn cut<T>(&self, mut items: Vec<T>, key_of: impl Fn(&T) -> SortKey) -> Page<T> {
        items.sort_by_cached_key(&key_of);
        let (start, end) = match &self.token {
            None => (0, self.size),
            Some(Token::After(key)) => {
                let start = items.partition_point(|item| key_of(item) <= *key);
                (start, start.saturating_add(self.size))
            }
            Some(Token::Before(key)) => {
                let end = items.partition_point(|item| key_of(item) < *key);
                (end.saturating_sub(self.size), end)
            }
        };
        let is_first = start == 0;
        let is_last = end >= items.len();
        let items: Vec<T> = items
            .into_iter()
            .skip(start)
            .take(end.saturating_sub(start))
            .collect();
        let mut previous = None;
        if !is_first {
            previous = items.first().map(|item| Token::Before(key_of(item)));
        }
        let mut next = None;
        if !is_last {
            next = items.last().map(|item| Token::After(key_of(item)));
        }
        Page {
            items,
            previous,
            next,
        }
    }

    /// The URL of a page, with the request's filters.
    fn url(&self, url: &str, page: u32, token: Option<&Token>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.filters);
        query
            .append_pair(PAGE_SIZE, &self.size.to_string())
            .append_pair(PAGE, &page.to_string());
        if let Some(token) = token {
            query.append_pair(PAGE_TOKEN, &token.to_text());
        }
        format!("{url}?{}", query.finish())
    }
}

impl SortKey {
    /// The key of an entry in a list that is ordered by date of creation.
    pub fn new(created: Timestamp, sid: impl ToString) -> Self {
        Self::by(vec![created.as_millis()], sid)
    }

    /// The key of an entry in a list that is ordered by `fields`, ascending. The SID breaks ties.
    pub fn by(fields: Vec<i64>, sid: impl ToString) -> Self {
        Self {
            fields,
            sid: sid.to_string(),
        }
    }

    /// The first sort field, and the SID.
    pub fn first_field(&self) -> (i64, &str) {
        (self.fields.first().copied().unwrap_or_default(), &self.sid)
    }
}

impl Token {
    fn to_text(&self) -> String {
        let (direction, key) = match self {
            Self::After(key) => ("PA", key),
            Self::Before(key) => ("PB", key),
        };
        let fields: Vec<String> = key.fields.iter().map(i64::to_string).collect();
        format!("{direction}{}-{}", key.sid, fields.join("."))
    }
}

fn page_size(text: &str) -> Result<usize, ApiError> {
    let is_number = text.chars().all(|digit| digit.is_ascii_digit());
    match text.parse() {
        Ok(size @ 1..=PAGE_SIZE_MAX) => Ok(size),
        Ok(0) => Err(ApiError::parameter(
            PAGE_SIZE,
            format!("expected a whole number from 1 to {PAGE_SIZE_MAX}, got 0"),
        )),
        // A number that does not fit into an integer is too large as well.
        Ok(_) | Err(_) if is_number => Err(ApiError::PageSizeTooLarge),
        Ok(_) | Err(_) => Err(ApiError::parameter(
            PAGE_SIZE,
            format!("expected a whole number from 1 to {PAGE_SIZE_MAX}"),
        )),
    }
}

fn page_number(text: &str) -> Result<u32, ApiError> {
    text.parse()
        .map_err(|_| ApiError::parameter(PAGE, "expected a whole number from 0"))
}

fn page_token(text: &str) -> Result<Token, ApiError> {
    parse_token(text).ok_or_else(invalid_token)
}

fn parse_token(text: &str) -> Option<Token> {
    let (direction, rest) = text.split_at_checked(2)?;
    let (sid, fields) = rest.split_once('-')?;
    let fields: Vec<i64> = fields
        .split('.')
        .filter(|field| !field.is_empty())
        .take(SORT_FIELDS_MAX + 1)
        .map(|field| field.parse().ok())
        .collect::<Option<_>>()?;
    if fields.len() > SORT_FIELDS_MAX {
        return None;
    }
    let key = SortKey::by(fields, sid);
    match direction {
        "PA" => Some(Token::After(key)),
        "PB" => Some(Token::Before(key)),
        _ => None,
    }
}

fn invalid_token() -> ApiError {
    ApiError::parameter(
        PAGE_TOKEN,
        "expected the one in next_page_url or previous_page_url",
    )
}

#[cfg(test)]
mod tests;
