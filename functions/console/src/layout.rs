//! What is around every page: head, navigation, and the region that is fetched anew when something changes.

use http::StatusCode;
use maud::{DOCTYPE, Markup, html};

use crate::assets::ASSETS;
use crate::changes::{self, Watch};
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::session::Role;

/// htmx as the content security policy wants it: no inline style, no `eval`, only this server. Errors are shown like pages.
const HTMX_CONFIG: &str = r#"{"includeIndicatorStyles":false,"allowEval":false,"selfRequestsOnly":true,"historyCacheSize":0,
"responseHandling":[{"code":"204","swap":false},{"code":"[2345]..","swap":true}]}"#;

/// Pages by the words people know them by.
const SECTIONS: [(&str, &str); 9] = [
    ("phones", "Phones"),
    ("desk", "Agent desktop"),
    ("wallboard", "Wallboard"),
    ("tasks", "Tasks"),
    ("workers", "Workers"),
    ("task-queues", "TaskQueues"),
    ("workflows", "Workflows"),
    ("activities", "Activities"),
    ("events", "Events"),
];

/// The section whose pages have plots.
const PLOTS: &str = "wallboard";

/// A page.
pub struct Page<'p> {
    /// What it is called.
    pub title: &'p str,
    /// The section it belongs to, as in its address.
    pub section: &'p str,
    /// What it has to be told of; `None`: it does not change by itself.
    pub watch: Option<Watch>,
    /// What stays while the rest is fetched anew: filters, forms.
    pub head: Markup,
    /// What is fetched anew.
    pub live: Markup,
}

/// The page with everything around it.
pub fn page(visit: &RequestContext<'_>, page: Page<'_>) -> Reply {
    page_with(visit, StatusCode::OK, page)
}

/// The same with another status.
pub fn page_with(visit: &RequestContext<'_>, status: StatusCode, page: Page<'_>) -> Reply {
    page_and(visit, status, page, html! {})
}

/// The same with something below what is fetched anew.
pub fn page_and(
    visit: &RequestContext<'_>,
    status: StatusCode,
    page: Page<'_>,
    tail: Markup,
) -> Reply {
    let connect = page.watch.map(|watch| changes::address(visit, watch));
    let headers = format!(r#"{{"x-csrf-token":"{}"}}"#, visit.csrf());
    let body = html! {
        body hx-headers=(headers) hx-ext=[connect.as_ref().map(|_| "sse")] sse-connect=[connect.as_ref()] {
            a .skip href="#main" { "Skip to the content" }
            header .top {
                a .brand href="/console" { "Cordboard" }
                (navigation(visit, page.section))
                (workspace(visit, page.section))
                form method="post" action="/console/sign-out" { (csrf(visit)) button .quiet type="submit" { "Sign out" } }
            }
            main #main {
                h1 { (page.title) }
                div #refusal {}
                (page.head)
                (live(visit, page.watch, page.live))
                (tail)
            }
            p #announcement .unseen role="status" {}
        }
    };
    Reply::page(status, document(page.title, page.section == PLOTS, body))
}

/// A page for somebody who has not signed in.
pub fn bare(status: StatusCode, title: &str, content: Markup) -> Reply {
    let body = html! { body { main #main .narrow { h1 { (title) } (content) } } };
    Reply::page(status, document(title, false, body))
}

/// The hidden field every form has.
pub fn csrf(visit: &RequestContext<'_>) -> Markup {
    html! { input type="hidden" name="csrf" value=(visit.csrf()); }
}

/// A button that does something at once, as a form of its own: it works without scripts, and with them the page stays.
pub fn button(
    visit: &RequestContext<'_>,
    address: &str,
    label: &str,
    values: &[(&str, &str)],
    class: &str,
) -> Markup {
    let id = format!(
        "do-{}-{}",
        address.replace('/', "-"),
        values.iter().map(|(_, value)| *value).collect::<String>()
    );
    html! {
        form .inline method="post" action=(address) hx-post=(address) hx-target="#live" hx-select="#live" hx-swap="outerHTML" {
            (csrf(visit))
            @for (name, value) in values { input type="hidden" name=(name) value=(value); }
            button id=(id) class=(class) type="submit" { (label) }
        }
    }
}

fn document(title: &str, has_plots: bool, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="htmx-config" content=(HTMX_CONFIG);
                title { (title) " · Cordboard" }
                link rel="icon" type="image/svg+xml" href=(ASSETS.icon.address);
                link rel="stylesheet" href=(ASSETS.style.address);
                script src=(ASSETS.htmx.address) defer {}
                script src=(ASSETS.sse.address) defer {}
                @if has_plots {
                    link rel="stylesheet" href=(ASSETS.uplot_style.address);
                    script src=(ASSETS.uplot.address) defer {}
                }
                script src=(ASSETS.script.address) defer {}
            }
            (body)
        }
    }
}

fn navigation(visit: &RequestContext<'_>, current: &str) -> Markup {
    let is_shown = |section: &str| match visit.session.role {
        Role::Agent(_) => section == "desk",
        Role::Administrator => section != "phones" || visit.console.phones.is_some(),
    };
    html! {
        nav aria-label="Pages" {
            ul {
                @for (section, name) in SECTIONS.into_iter().filter(|(section, _)| is_shown(section)) {
                    li { a href={ "/console/" (section) } aria-current=[(section == current).then_some("page")] { (name) } }
                }
            }
        }
    }
}

/// Which Workspace is shown, and the way to the others.
fn workspace(visit: &RequestContext<'_>, current: &str) -> Markup {
    html! {
        @if visit.session.role == Role::Administrator {
            a .workspace #workspace href="/console/workspaces" aria-current=[(current == "workspaces").then_some("page")] {
                span .unseen { "Workspace: " } (visit.workspace_name)
            }
        }
    }
}

/// The region that is fetched anew, from the very address the page has. What fetches it stands beside it and stays: were it part
/// of what is replaced, a change that comes while a page is being fetched would be forgotten with it.
fn live(visit: &RequestContext<'_>, watch: Option<Watch>, content: Markup) -> Markup {
    let query = visit.query.encode_all();
    let here = if query.is_empty() {
        visit.path.to_owned()
    } else {
        format!("{}?{query}", visit.path)
    };
    html! {
        @if let Some(watch) = watch {
            div #follow hidden hx-get=(here) hx-trigger=(watch.triggers()) hx-target="#live" hx-select="#live" hx-swap="outerHTML" {}
        }
        div #live { (content) }
    }
}
