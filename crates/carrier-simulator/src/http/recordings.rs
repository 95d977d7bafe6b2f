//! Recordings as WAV files. A file contains silence, and is as long as the recording.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use ids::time::Millis;
use ids::{AccountSid, RecordingSid};

use super::rest_error::RestError;
use crate::Carrier;

/// Bytes a second, which equals samples a second: 8 kHz, one channel, µ-law.
const BYTES_PER_SEC: u32 = 8_000;
/// Longest file that is served: a minute of silence is enough to hear that it is silent.
const LENGTH_MAX: Millis = Millis::from_secs(60);
/// Bytes before the sound: the RIFF header, the `fmt ` chunk, and the header of the `data` chunk.
const WAV_HEADER_BYTES: u32 = 44;
/// Bytes of a chunk's header (name and size), which the size does not count. The whole file is one
/// RIFF chunk.
const CHUNK_HEADER_BYTES: u32 = 8;
/// One sample of silence in µ-law.
const SILENCE: u8 = 0xff;

/// The route of a RecordingUrl. It needs no credentials, as the carrier's by default: the id is the
/// secret.
pub(super) fn routes() -> Router<Arc<Carrier>> {
    Router::new().route(
        "/2010-04-01/Accounts/{account}/Recordings/{recording}",
        get(serve),
    )
}

async fn serve(
    State(carrier): State<Arc<Carrier>>,
    Path((account, recording)): Path<(String, String)>,
) -> Result<Response, RestError> {
    let not_found = || RestError::not_found(&format!("/Recordings/{recording}"));
    let account = account.parse::<AccountSid>().map_err(|_| not_found())?;
    if account != carrier.account_sid() {
        return Err(not_found());
    }
    let sid: RecordingSid = recording
        .trim_end_matches(".wav")
        .parse()
        .map_err(|_| not_found())?;
    let length = carrier.read(|network| network.recording(sid).map(|recording| recording.length));
    let length = length.ok_or_else(not_found)?;
    Ok(([(CONTENT_TYPE, "audio/x-wav")], silent_wav(length)).into_response())
}

fn silent_wav(length: Millis) -> Vec<u8> {
    let millis = u32::try_from(length.min(LENGTH_MAX).as_millis()).unwrap_or(u32::MAX);
    let data_bytes = millis * (BYTES_PER_SEC / 1_000);
    let file_bytes = WAV_HEADER_BYTES + data_bytes;
    let mut wav = Vec::with_capacity(file_bytes as usize);
    wav.extend(b"RIFF");
    wav.extend((file_bytes - CHUNK_HEADER_BYTES).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0");
    // Format 7 is µ-law, with one channel.
    wav.extend(b"\x07\0\x01\0");
    wav.extend(BYTES_PER_SEC.to_le_bytes());
    wav.extend(BYTES_PER_SEC.to_le_bytes());
    wav.extend(b"\x01\0\x08\0data");
    wav.extend(data_bytes.to_le_bytes());
    wav.resize(file_bytes as usize, SILENCE);
    wav
}
