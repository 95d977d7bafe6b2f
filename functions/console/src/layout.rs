//! The frame of every page: head, navigation, and the live region that htmx fetches again when
//! something changes.

use http::StatusCode;
use maud::{DOCTYPE, Markup, html};

use crate::assets::ASSETS;
use crate::changes::{self, Follow, Watch};
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::section::Section;
use crate::session::Role;

/// htmx configuration that the content security policy allows: no inline style, no `eval`, only
/// this server. Answers with an error status are swapped in like pages. Without a settle delay: in
/// those milliseconds a form would be sent without htmx, and the page would lose its focus.
const HTMX_CONFIG: &str = r#"{"includeIndicatorStyles":false,"allowEval":false,"selfRequestsOnly":true,"historyCacheSize":0,"defaultSettleDelay":0,
"responseHandling":[{"code":"204","swap":false},{"code":"[2345]..","swap":true}]}"#;

/// A page.
pub struct Page<'p> {
    /// The title and main heading.
    pub title: &'p str,
    /// The current section of the navigation; `None` on an error page.
    pub section: Option<Section>,
    /// The changes that refresh the live region; `None`: it is not refreshed.
    pub watch: Option<Watch>,
    /// Content above the live region, which a refresh keeps: filters, forms.
    pub head: Markup,
    /// The live region.
    pub live: Markup,
}

/// A page with its frame and status 200.
pub fn page(context: &RequestContext<'_>, page: Page<'_>) -> Reply {
    page_with(context, StatusCode::OK, page)
}

/// A page with its frame and another status.
pub fn page_with(context: &RequestContext<'_>, status: StatusCode, page: Page<'_>) -> Reply {
    page_and(context, status, page, html! {})
}

/// A page with its frame, another status and content below the live region.
pub fn page_and(
    context: &RequestContext<'_>,
    status: StatusCode,
    page: Page<'_>,
    tail: Markup,
) -> Reply {
    let headers = format!(r#"{{"x-csrf-token":"{}"}}"#, context.csrf());
    let body = html! {
        body hx-headers=(headers) {
            a .skip href="#main" { "Skip to the content" }
            header .top {
                a .brand href="/console" { "Cordboard" }
                (navigation(context, page.section))
                (workspace(context, page.section))
                form method="post" action="/console/sign-out" { (csrf(context)) button .quiet type="submit" { "Sign out" } }
            }
            main #main {
                h1 { (page.title) }
                div #refusal {}
                (page.head)
                (live(context, page.watch, page.live))
                (tail)
            }
            p #announcement .unseen role="status" {}
        }
    };
    Reply::page(status, document(page.title, page.section, body))
}

/// A page without navigation, for a browser without a session.
pub fn bare(status: StatusCode, title: &str, content: Markup) -> Reply {
    let body = html! { body { main #main .narrow { h1 { (title) } (content) } } };
    Reply::page(status, document(title, None, body))
}

/// The hidden field with the form token, which every form has.
pub fn csrf(context: &RequestContext<'_>) -> Markup {
    html! { input type="hidden" name="csrf" value=(context.csrf()); }
}

/// A button that is a form of its own. It works without scripts; with htmx the page stays open.
pub fn button(
    context: &RequestContext<'_>,
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
            (csrf(context))
            @for (name, value) in values { input type="hidden" name=(name) value=(value); }
            button id=(id) class=(class) type="submit" { (label) }
        }
    }
}

fn document(title: &str, section: Option<Section>, body: Markup) -> Markup {
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
                @if section == Some(Section::Wallboard) {
                    link rel="stylesheet" href=(ASSETS.uplot_style.address);
                    script src=(ASSETS.uplot.address) defer {}
                }
                @if section == Some(Section::Phones) {
                    script src=(ASSETS.phones.address) defer {}
                    script src=(ASSETS.talk.address) defer {}
                }
                script src=(ASSETS.script.address) defer {}
            }
            (body)
        }
    }
}

fn navigation(context: &RequestContext<'_>, current: Option<Section>) -> Markup {
    let is_shown = |section: &Section| match context.session.role() {
        Role::Agent(_) => *section == Section::Desk,
        Role::Administrator => *section != Section::Phones || context.console.phones.is_some(),
    };
    html! {
        nav aria-label="Pages" {
            ul {
                @for section in Section::NAVIGATION.into_iter().filter(is_shown) {
                    li {
                        a href={ "/console/" (section.path()) } aria-current=[(Some(section) == current).then_some("page")] {
                            (section.title())
                        }
                    }
                }
            }
        }
    }
}

/// The Workspace that the page shows, as a link to the list of Workspaces. Agents have no choice.
fn workspace(context: &RequestContext<'_>, current: Option<Section>) -> Markup {
    html! {
        @if context.session.role() == Role::Administrator {
            a .workspace #workspace href="/console/workspaces" aria-current=[(current == Some(Section::Workspaces)).then_some("page")] {
                span .unseen { "Workspace: " } (context.workspace_name)
            }
        }
    }
}

/// The live region, refreshed from the address of the page itself. The element that fetches it is
/// placed beside it and is not replaced: inside the region, a change that arrives during a refresh
/// would be lost with the element.
fn live(context: &RequestContext<'_>, watch: Option<Watch>, content: Markup) -> Markup {
    let query = context.query.encode_all();
    let address = if query.is_empty() {
        context.path.to_owned()
    } else {
        format!("{}?{query}", context.path)
    };
    html! {
        @if let Some(watch) = watch {
            @let follow = Follow::new(context, watch);
            div #follow hidden data-changes=(changes::PATH) data-since=(follow.since) data-worker=[follow.worker]
                data-phones=[follow.phones.then_some("yes")] data-kinds=(watch.triggers()) hx-get=(address) hx-trigger=(watch.triggers()) hx-target="#live" hx-select="#live" hx-swap="outerHTML" {}
        }
        div #live { (content) }
    }
}
