//! Assets of the pages: scripts, the style sheet, the icon. They are part of the binary. A name
//! contains a hash of the content, so browsers cache an asset for a year and never use an old
//! version.

use std::sync::{LazyLock, OnceLock};

use flate2::Compression;
use http::{HeaderMap, StatusCode, header};
use sha2::{Digest, Sha256};

use crate::compress::{gzip, is_accepted};
use crate::reply::Reply;

/// The common prefix of the addresses of all assets.
pub const PATH: &str = "/console/assets/";

/// Hexadecimal digits of the hash in a name: 40 bits distinguish any two versions.
const HASH_CHARS: usize = 10;

/// One file.
pub struct Asset {
    /// The address, such as `/console/assets/htmx.0123456789.js`.
    pub address: String,
    content_type: &'static str,
    plain: &'static [u8],
    gzip: OnceLock<Vec<u8>>,
}

/// All assets.
pub struct Assets {
    /// htmx 2.0.11 (0BSD).
    pub htmx: Asset,
    /// uPlot 1.6.32 (MIT), for plots.
    pub uplot: Asset,
    /// The style sheet of uPlot.
    pub uplot_style: Asset,
    /// The console's own script.
    pub script: Asset,
    /// The script that makes telephones audible.
    pub phones: Asset,
    /// The script that connects two windows.
    pub talk: Asset,
    /// The console's own style sheet.
    pub style: Asset,
    /// The console's own icon.
    pub icon: Asset,
}

/// The names are computed for the first page. Each asset is compressed once, at its first request.
pub static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    htmx: Asset::script("htmx", include_bytes!("../assets/htmx.min.js")),
    uplot: Asset::script("uplot", include_bytes!("../assets/uPlot.iife.min.js")),
    uplot_style: Asset::style("uplot", include_bytes!("../assets/uPlot.min.css")),
    script: Asset::script("console", include_bytes!("../assets/console.js")),
    phones: Asset::script("phones", include_bytes!("../assets/phones.js")),
    talk: Asset::script("talk", include_bytes!("../assets/talk.js")),
    style: Asset::style("console", include_bytes!("../assets/console.css")),
    icon: Asset::new(
        "icon",
        "svg",
        "image/svg+xml",
        include_bytes!("../assets/icon.svg"),
    ),
});

impl Assets {
    fn all(&self) -> [&Asset; 8] {
        [
            &self.htmx,
            &self.uplot,
            &self.uplot_style,
            &self.script,
            &self.phones,
            &self.talk,
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

/// The asset at this address, compressed if the browser accepts gzip.
pub fn serve(path: &str, headers: &HeaderMap) -> Option<Reply> {
    let asset = ASSETS
        .all()
        .into_iter()
        .find(|asset| asset.address == path)?;
    let reply = if is_accepted(headers) && !asset.gzip().is_empty() {
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

    /// Maximum compressed size of all assets in bytes: the weight of a page without its own text.
    const ALL_BYTES_MAX: usize = 100_000;

    #[test]
    fn assets_together_stay_light() {
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
    fn asset_is_cached_and_compressed() {
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
