//! What pages refer to: scripts, the style sheet, the icon. All of it is in the binary; a name carries a hash of the content,
//! so a browser keeps it for good and never has an old one.

use std::sync::{LazyLock, OnceLock};

use flate2::Compression;
use http::{HeaderMap, StatusCode, header};
use sha2::{Digest, Sha256};

use crate::compress::{gzip, is_taken};
use crate::reply::Reply;

/// Where they are.
pub const PATH: &str = "/console/assets/";

/// Characters of the hash in a name: 40 bits tell any two versions apart.
const HASH_CHARS: usize = 10;

/// One file.
pub struct Asset {
    /// Its address, `/console/assets/htmx.0123456789.js`.
    pub address: String,
    content_type: &'static str,
    plain: &'static [u8],
    gzip: OnceLock<Vec<u8>>,
}

/// All of them.
pub struct Assets {
    /// htmx 2.0.11 (0BSD).
    pub htmx: Asset,
    /// htmx's extension for server-sent events 2.2.4 (0BSD).
    pub sse: Asset,
    /// uPlot 1.6.32 (MIT), for plots.
    pub uplot: Asset,
    /// Its style.
    pub uplot_style: Asset,
    /// Ours.
    pub script: Asset,
    /// Ours.
    pub style: Asset,
    /// Ours.
    pub icon: Asset,
}

/// Named when the first page is asked for; each is compressed once, when it is asked for itself.
pub static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    htmx: Asset::script("htmx", include_bytes!("../assets/htmx.min.js")),
    sse: Asset::script("sse", include_bytes!("../assets/sse.min.js")),
    uplot: Asset::script("uplot", include_bytes!("../assets/uPlot.iife.min.js")),
    uplot_style: Asset::style("uplot", include_bytes!("../assets/uPlot.min.css")),
    script: Asset::script("console", include_bytes!("../assets/console.js")),
    style: Asset::style("console", include_bytes!("../assets/console.css")),
    icon: Asset::new(
        "icon",
        "svg",
        "image/svg+xml",
        include_bytes!("../assets/icon.svg"),
    ),
});

impl Assets {
    fn all(&self) -> [&Asset; 7] {
        [
            &self.htmx,
            &self.sse,
            &self.uplot,
            &self.uplot_style,
            &self.script,
            &self.style,
            &self.icon,
        ]
    }
}

impl Asset {
    fn script(name: &str, plain: &'static [u8]) -> Self {
        Self::new(name, "js", "text/javascript; charset=utf-8", plain)
    }

    fn style(name: &str, plain: &'static [u8]) -> Self {
        Self::new(name, "css", "text/css; charset=utf-8", plain)
    }

    fn new(name: &str, extension: &str, content_type: &'static str, plain: &'static [u8]) -> Self {
        let hash: String = Sha256::digest(plain)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let hash: String = hash.chars().take(HASH_CHARS).collect();
        Self {
            address: format!("{PATH}{name}.{hash}.{extension}"),
            content_type,
            plain,
            gzip: OnceLock::new(),
        }
    }

    fn gzip(&self) -> &[u8] {
        self.gzip
            .get_or_init(|| gzip(self.plain, Compression::best()))
    }
}

/// The asset at this address, compressed for browsers that take it so.
pub fn serve(path: &str, headers: &HeaderMap) -> Option<Reply> {
    let asset = ASSETS
        .all()
        .into_iter()
        .find(|asset| asset.address == path)?;
    let reply = if is_taken(headers) && !asset.gzip().is_empty() {
        Reply::bytes(StatusCode::OK, asset.content_type, asset.gzip().to_vec())
            .with(header::CONTENT_ENCODING, "gzip")
    } else {
        Reply::bytes(StatusCode::OK, asset.content_type, asset.plain.to_vec())
    };
    Some(
        reply
            .with(header::CACHE_CONTROL, "public, max-age=31536000, immutable")
            .with(header::VARY, "Accept-Encoding"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compressed bytes all of them may have together: the weight of a page without its own text.
    const ALL_BYTES_MAX: usize = 100_000;

    #[test]
    fn everything_a_page_refers_to_is_light() {
        let bytes: usize = ASSETS
            .all()
            .into_iter()
            .map(|asset| asset.gzip().len())
            .sum();
        assert!(bytes <= ALL_BYTES_MAX, "{bytes}");
        assert!(
            ASSETS
                .all()
                .into_iter()
                .all(|asset| !asset.gzip().is_empty())
        );
    }

    #[test]
    fn a_browser_keeps_an_asset_for_good_and_gets_it_compressed_if_it_wants() {
        let address = &ASSETS.htmx.address;
        for (accepted, encoding) in [
            ("gzip, br", Some("gzip")),
            ("br;q=1, gzip;q=0.5", Some("gzip")),
            ("br", None),
        ] {
            let headers =
                HeaderMap::from_iter([(header::ACCEPT_ENCODING, accepted.parse().unwrap())]);
            let response = serve(address, &headers).unwrap().into_response();
            let text = |name| {
                response
                    .headers()
                    .get(name)
                    .map(|value| value.to_str().unwrap())
            };
            assert_eq!(text(header::CONTENT_ENCODING), encoding, "{accepted}");
            assert_eq!(
                text(header::CACHE_CONTROL),
                Some("public, max-age=31536000, immutable")
            );
            assert_eq!(
                text(header::CONTENT_TYPE),
                Some("text/javascript; charset=utf-8")
            );
        }
        assert!(serve("/console/assets/htmx.js", &HeaderMap::new()).is_none());
        assert!(serve("/console/assets/../lib.rs", &HeaderMap::new()).is_none());
    }
}
