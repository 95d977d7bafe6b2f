//! Lists, page by page (taskrouter.md section 1, "Pagination").
//!
//! A page begins after a place, not at a number: what comes or goes meanwhile neither repeats nor hides anything else.

use ids::time::Timestamp;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::error::ApiError;
use crate::parameters::Parameters;

/// Most entries of a page.
pub const PAGE_SIZE_MAX: usize = 1_000;

/// Entries of a page when nobody says how many.
const PAGE_SIZE_DEFAULT: usize = 50;

/// What a list can be ordered by at once: no resource has more to order by.
const PLACE_KEYS_MAX: usize = 8;

const PAGE_SIZE: &str = "PageSize";
const PAGE: &str = "Page";
const PAGE_TOKEN: &str = "PageToken";

/// What can stand in a list.
pub trait Listed {
    /// Where it stands: by age, then by SID.
    fn place(&self) -> Place;
}

/// A place in a list, whether or not something still stands there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    keys: Vec<i64>,
    sid: String,
}

/// Which page is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    size: usize,
    /// For the client alone: it comes back as it was sent.
    page: u32,
    token: Option<Token>,
    /// The request's other parameters: every address of the list repeats them.
    filters: Vec<(String, String)>,
}

/// Which way to go from which place. Opaque to clients: `PA` or `PB`, the SID, and what the list is ordered by, as whole
/// numbers with dots between: usually the moment in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// Forward, from behind this place.
    After(Place),
    /// Backward, from before this place.
    Before(Place),
}

/// The entries of a page, and the places its neighbours begin at.
#[derive(Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The entries, in order.
    pub items: Vec<T>,
    /// Where the page before begins.
    pub previous: Option<Token>,
    /// Where the page behind begins.
    pub next: Option<Token>,
}

impl Paging {
    /// Reads `PageSize`, `Page` and `PageToken`.
    ///
    /// # Errors
    /// 20001 or 20007 for a size, 20001 for a token that is none of ours, 40153 for a later page without a token.
    pub fn read(query: &Parameters) -> Result<Self, ApiError> {
        let size = query
            .text(PAGE_SIZE)
            .map_or(Ok(PAGE_SIZE_DEFAULT), page_size)?;
        let page = query.text(PAGE).map_or(Ok(0), page_number)?;
        let token = query.text(PAGE_TOKEN).map(page_token).transpose()?;
        if page > 0 && token.is_none() {
            return Err(ApiError::AbsolutePaging);
        }
        let is_filter = |name: &str| ![PAGE_SIZE, PAGE, PAGE_TOKEN].contains(&name);
        let filters = query.pairs().filter(|(name, _)| is_filter(name));
        let filters = filters
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Ok(Self {
            size,
            page,
            token,
            filters,
        })
    }

    /// Entries of a page.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Where the page begins; `None`: at the beginning of the list.
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// The page as an answer: its entries under `key`, and `meta`. `items` is the whole list, `url` its address.
    pub fn answer<T: Listed>(
        &self,
        key: &'static str,
        url: &str,
        items: Vec<T>,
        render: impl Fn(&T) -> serde_json::Result<Value>,
    ) -> Result<Answer, ApiError> {
        self.show(key, url, &self.cut(items, Listed::place), render)
    }

    /// A page that was read as such, as an answer.
    pub fn show<T>(
        &self,
        key: &'static str,
        url: &str,
        page: &Page<T>,
        render: impl Fn(&T) -> serde_json::Result<Value>,
    ) -> Result<Answer, ApiError> {
        let entries: Vec<Value> = page.items.iter().map(render).collect::<Result<_, _>>()?;
        Ok(self.page_of(
            key,
            url,
            entries,
            page.previous.as_ref(),
            page.next.as_ref(),
        ))
    }

    /// The page as an answer, of a list too long to be read whole: its entries, and where the next page begins.
    pub fn answer_part(
        &self,
        key: &'static str,
        url: &str,
        entries: Vec<Value>,
        next: Option<Place>,
    ) -> Answer {
        self.page_of(key, url, entries, None, next.map(Token::After).as_ref())
    }

    /// The SID after which the page begins, if it is not the first one.
    ///
    /// # Errors
    /// [`ApiError::Parameter`] for a token that names another kind of thing, or the way back.
    pub fn after<S: std::str::FromStr>(&self) -> Result<Option<S>, ApiError> {
        match &self.token {
            None => Ok(None),
            Some(Token::After(place)) => place.sid.parse().map(Some).map_err(|_| wrong_token()),
            Some(Token::Before(_)) => Err(wrong_token()),
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
        let neighbour =
            |token: Option<&Token>, page| token.map(|token| self.address(url, page, Some(token)));
        let meta = json!({
            "key": key,
            "page": self.page,
            "page_size": self.size,
            "first_page_url": self.address(url, 0, None),
            "url": self.address(url, self.page, self.token.as_ref()),
            "previous_page_url": neighbour(previous, self.page.saturating_sub(1)),
            "next_page_url": neighbour(next, self.page.saturating_add(1)),
        });
        Answer::ok(json!({ key: entries, "meta": meta }))
    }

    /// The page of a whole list.
    pub fn cut<T>(&self, mut items: Vec<T>, position_of: impl Fn(&T) -> Place) -> Page<T> {
        items.sort_by_cached_key(&position_of);
        let (start, end) = match &self.token {
            None => (0, self.size),
            Some(Token::After(place)) => {
                let start = items.partition_point(|item| position_of(item) <= *place);
                (start, start.saturating_add(self.size))
            }
            Some(Token::Before(place)) => {
                let end = items.partition_point(|item| position_of(item) < *place);
                (end.saturating_sub(self.size), end)
            }
        };
        let is_last = end >= items.len();
        let items: Vec<T> = items
            .into_iter()
            .skip(start)
            .take(end.saturating_sub(start))
            .collect();
        let previous = items
            .first()
            .filter(|_| start > 0)
            .map(|item| Token::Before(position_of(item)));
        let next = items
            .last()
            .filter(|_| !is_last)
            .map(|item| Token::After(position_of(item)));
        Page {
            items,
            previous,
            next,
        }
    }

    fn address(&self, url: &str, page: u32, token: Option<&Token>) -> String {
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

impl Place {
    /// The place of something made at `created`.
    pub fn new(created: Timestamp, sid: impl ToString) -> Self {
        Self::by(vec![created.as_millis()], sid)
    }

    /// The place of something by what its list is ordered by: the smaller comes first, and of equal ones the SID decides.
    pub fn by(keys: Vec<i64>, sid: impl ToString) -> Self {
        Self {
            keys,
            sid: sid.to_string(),
        }
    }

    /// The first of what the list is ordered by, and the SID.
    pub fn first_key(&self) -> (i64, &str) {
        (self.keys.first().copied().unwrap_or_default(), &self.sid)
    }
}

impl Token {
    fn to_text(&self) -> String {
        let (way, place) = match self {
            Self::After(place) => ("PA", place),
            Self::Before(place) => ("PB", place),
        };
        let keys: Vec<String> = place.keys.iter().map(i64::to_string).collect();
        format!("{way}{}-{}", place.sid, keys.join("."))
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
        // A number too long for any integer is too large as well.
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
    let token = || {
        let (way, rest) = text.split_at_checked(2)?;
        let (sid, keys) = rest.split_once('-')?;
        let keys = keys
            .split('.')
            .filter(|key| !key.is_empty())
            .take(PLACE_KEYS_MAX + 1)
            .map(|key| key.parse().ok());
        let place = Place::by(
            keys.collect::<Option<Vec<i64>>>()
                .filter(|keys| keys.len() <= PLACE_KEYS_MAX)?,
            sid,
        );
        match way {
            "PA" => Some(Token::After(place)),
            "PB" => Some(Token::Before(place)),
            _ => None,
        }
    };
    token().ok_or_else(wrong_token)
}

fn wrong_token() -> ApiError {
    ApiError::parameter(
        PAGE_TOKEN,
        "expected the one in next_page_url or previous_page_url",
    )
}

#[cfg(test)]
mod tests;
