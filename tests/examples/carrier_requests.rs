//! Sends every request that `carrier` can make, each in its shortest and its longest form, to the
//! API at an address: `carrier_requests http://127.0.0.1:4010`. Fails on the first refused request.
//! `clients/run` runs it against a mock made from the carrier's official description, which refuses
//! undescribed requests.

use std::error::Error;
use std::sync::Arc;

use carrier::{AuthTokens, Carrier, NewCall, Recording, SipUser, Tokens};
use http_client::NetworkClient;
use ids::{AccountSid, CallSid, QueueSid};
use vocabulary::{CallEvent, CallbackMethod, CallbackUrl, RecordingChannels};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args()
        .nth(1)
        .ok_or("usage: carrier_requests ADDRESS")?;
    let web = Arc::new(NetworkClient::new()?);
    let carrier = Carrier::new(
        web,
        &address,
        AccountSid::derive(&["account"]),
        AuthTokens::fixed(Tokens::one("token")),
    )?;
    let call = CallSid::derive(&["call"]);
    carrier.create_call(&shortest()).await?;
    carrier.create_call(&longest()).await?;
    carrier
        .redirect_call(call, "https://app.example/twiml")
        .await?;
    carrier.is_live(call).await?;
    carrier.end_call(call).await?;
    carrier.delete_queue(QueueSid::derive(&["queue"])).await?;
    Ok(())
}

fn shortest() -> NewCall {
    NewCall {
        to: "+17075550101".to_owned(),
        from: "+17075550183".to_owned(),
        url: "https://app.example/worker-call?TaskSid=WT1&ReservationSid=WR1".to_owned(),
        status_callback: None,
        status_callback_events: Vec::new(),
        ring_timeout_secs: 20,
        recording: None,
        sip_user: None,
    }
}

fn longest() -> NewCall {
    let callback = CallbackUrl {
        url: "https://app.example/recording".to_owned(),
        method: CallbackMethod::Get,
    };
    NewCall {
        to: "sip:ann@sip.example".to_owned(),
        status_callback: Some("https://app.example/status".to_owned()),
        status_callback_events: vec![
            CallEvent::Initiated,
            CallEvent::Ringing,
            CallEvent::Answered,
            CallEvent::Completed,
        ],
        recording: Some(Recording {
            channels: RecordingChannels::Dual,
            status_callback: Some(callback),
        }),
        sip_user: Some(SipUser {
            username: "ann".to_owned(),
            password: Some("secret".to_owned()),
        }),
        ..shortest()
    }
}
