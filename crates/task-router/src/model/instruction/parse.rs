//! Parses an instruction from JSON or from a form.

use serde_json::Value;

use super::fields::{Fields, Given};
use super::parameters::{self, Parameter, call, conference, dequeue, redirect, reject, supervise};
use super::{
    Call, Conference, ConferenceCallback, Dequeue, Instruction, InstructionError, InstructionName,
    MaxParticipants, Redirect, RingTimeout, StatusCallback, Supervise, Supervisor,
};
use vocabulary::CallbackUrl;
use vocabulary::{CallEvent, CallbackMethod, ConferenceEvent};

/// The events of a call's status callback that names none.
const CALL_EVENTS_DEFAULT: [CallEvent; 1] = [CallEvent::Completed];

/// The events of a conference's status callback that names none. TaskRouter's pages give no
/// default; these are the two ends.
const CONFERENCE_EVENTS_DEFAULT: [ConferenceEvent; 2] =
    [ConferenceEvent::Start, ConferenceEvent::End];

type Read<T> = Result<T, InstructionError>;

impl Instruction {
    /// Parses the answer of an assignment callback with status 200 (taskrouter.md section 11.2).
    /// `None`: the answer is empty, and the application will answer through the API.
    ///
    /// # Errors
    /// [`InstructionError`], naming the debugger code and the parameter.
    pub fn from_json(content_type: &str, body: &[u8]) -> Result<Option<Self>, InstructionError> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/json") {
            return Err(InstructionError::ContentType(media_type.to_owned()));
        }
        let value: Value = serde_json::from_slice(body)
            .map_err(|error| InstructionError::NotJson(error.to_string()))?;
        let object = value.as_object().ok_or(InstructionError::NoInstruction)?;
        if object.is_empty() {
            return Ok(None);
        }
        read(Given::Json(object))?.map_or(Err(InstructionError::NoInstruction), |instruction| {
            Ok(Some(instruction))
        })
    }

    /// Parses the form of a REST request (taskrouter.md section 11.4). `None`: the form has no
    /// instruction.
    ///
    /// # Errors
    /// [`InstructionError`], naming the debugger code and the parameter.
    pub fn from_form(pairs: &[(String, String)]) -> Result<Option<Self>, InstructionError> {
        read(Given::Form(pairs))
    }
}

fn read(given: Given<'_>) -> Read<Option<Instruction>> {
    let Some(word) = given.plain(&parameters::INSTRUCTION) else {
        return Ok(None);
    };
    let Some(instruction) = InstructionName::parse(word) else {
        return Err(InstructionError::Unknown(word.chars().take(32).collect()));
    };
    let fields = Fields { instruction, given };
    let instruction = match instruction {
        InstructionName::Accept => Instruction::Accept,
        InstructionName::Reject => Instruction::Reject {
            activity_sid: fields.sid(&reject::ACTIVITY_SID, "WA")?,
        },
        InstructionName::Dequeue => Instruction::Dequeue(read_dequeue(&fields)?),
        InstructionName::Call => Instruction::Call(read_call(&fields)?),
        InstructionName::Redirect => Instruction::Redirect(read_redirect(&fields)?),
        InstructionName::Conference => Instruction::Conference(Box::new(read_conference(&fields)?)),
        InstructionName::Supervise => Instruction::Supervise(read_supervise(&fields)?),
    };
    Ok(Some(instruction))
}

fn read_dequeue(fields: &Fields<'_>) -> Read<Dequeue> {
    let to = fields.address(&dequeue::TO)?;
    let events = fields
        .words(&dequeue::STATUS_CALLBACK_EVENTS)?
        .unwrap_or(CALL_EVENTS_DEFAULT.into());
    let url = fields.url(&dequeue::STATUS_CALLBACK)?;
    Ok(Dequeue {
        timeout: ring_timeout(fields, &dequeue::TIMEOUT, to.as_deref())?,
        to,
        from: fields.address(&dequeue::FROM)?,
        post_work_activity_sid: fields.sid(&dequeue::POST_WORK_ACTIVITY_SID, "WA")?,
        record: fields.word(&dequeue::RECORD)?.unwrap_or_default(),
        // The only callback that TaskRouter sends with GET (voice-webhooks.md section 9).
        status_callback: url.map(|url| StatusCallback {
            url,
            method: CallbackMethod::Get,
            events,
        }),
    })
}

fn read_call(fields: &Fields<'_>) -> Read<Call> {
    let to = fields.address(&call::TO)?;
    let url = fields.url(&call::STATUS_CALLBACK)?;
    let events = CALL_EVENTS_DEFAULT.into();
    Ok(Call {
        timeout: ring_timeout(fields, &call::TIMEOUT, to.as_deref())?,
        to,
        from: fields.required(
            &call::FROM,
            fields.address(&call::FROM)?,
            "the number to show",
        )?,
        url: fields.required(
            &call::URL,
            fields.url(&call::URL)?,
            "the URL of the TwiML for the Worker",
        )?,
        accept: fields.flag(&call::ACCEPT)?.unwrap_or(false),
        record: fields.word(&call::RECORD)?.unwrap_or_default(),
        status_callback: url.map(|url| StatusCallback {
            url,
            method: CallbackMethod::Post,
            events,
        }),
    })
}

fn read_redirect(fields: &Fields<'_>) -> Read<Redirect> {
    let call_sid = fields.sid(&redirect::CALL_SID, "CA")?;
    Ok(Redirect {
        call_sid: fields.required(
            &redirect::CALL_SID,
            call_sid,
            "CA and 32 hexadecimal digits",
        )?,
        url: fields.required(
            &redirect::URL,
            fields.url(&redirect::URL)?,
            "the URL of the TwiML for the call",
        )?,
        accept: fields.flag(&redirect::ACCEPT)?.unwrap_or(false),
    })
}

fn read_conference(fields: &Fields<'_>) -> Read<Conference> {
    use conference as of;
    let defaults = Conference::default();
    let to = fields.address(&of::TO)?;
    let flag =
        |parameter: &Parameter, default: bool| Ok(fields.flag(parameter)?.unwrap_or(default));
    let count = format!("from {} to {}", MaxParticipants::MIN, MaxParticipants::MAX);
    Ok(Conference {
        timeout: ring_timeout(fields, &of::TIMEOUT, to.as_deref())?,
        to,
        from: fields.address(&of::FROM)?,
        status_callback: status_callback(fields)?,
        record: flag(&of::RECORD, defaults.record)?,
        muted: flag(&of::MUTED, defaults.muted)?,
        beep: fields.word(&of::BEEP)?.unwrap_or_default(),
        start_conference_on_enter: flag(
            &of::START_CONFERENCE_ON_ENTER,
            defaults.start_conference_on_enter,
        )?,
        end_conference_on_exit: flag(&of::END_CONFERENCE_ON_EXIT, defaults.end_conference_on_exit)?,
        end_conference_on_customer_exit: flag(&of::END_CONFERENCE_ON_CUSTOMER_EXIT, false)?,
        beep_on_customer_entrance: flag(&of::BEEP_ON_CUSTOMER_ENTRANCE, false)?,
        wait: callback(fields, &of::WAIT_URL, &of::WAIT_METHOD)?,
        early_media: flag(&of::EARLY_MEDIA, defaults.early_media)?,
        max_participants: fields
            .number(&of::MAX_PARTICIPANTS, &count, MaxParticipants::new)?
            .unwrap_or_default(),
        conference_status_callback: conference_callback(fields)?,
        conference_record: fields.word(&of::CONFERENCE_RECORD)?.unwrap_or_default(),
        conference_trim: fields.word(&of::CONFERENCE_TRIM)?.unwrap_or_default(),
        recording_channels: fields.word(&of::RECORDING_CHANNELS)?.unwrap_or_default(),
        recording_status_callback: callback(
            fields,
            &of::RECORDING_STATUS_CALLBACK,
            &of::RECORDING_STATUS_CALLBACK_METHOD,
        )?,
        conference_recording_status_callback: callback(
            fields,
            &of::CONFERENCE_RECORDING_STATUS_CALLBACK,
            &of::CONFERENCE_RECORDING_STATUS_CALLBACK_METHOD,
        )?,
        region: fields.word(&of::REGION)?,
        sip_auth_username: fields.address(&of::SIP_AUTH_USERNAME)?,
        sip_auth_password: fields.address(&of::SIP_AUTH_PASSWORD)?,
        jitter_buffer_size: fields.word(&of::JITTER_BUFFER_SIZE)?,
        post_work_activity_sid: fields.sid(&of::POST_WORK_ACTIVITY_SID, "WA")?,
    })
}

fn read_supervise(fields: &Fields<'_>) -> Read<Supervise> {
    let address = fields.address(&supervise::SUPERVISOR)?;
    let supervisor = fields.required(
        &supervise::SUPERVISOR,
        address,
        "a Worker's id or an address",
    )?;
    let worker = supervisor.parse().map(Supervisor::Worker);
    Ok(Supervise {
        supervisor: worker.unwrap_or(Supervisor::Uri(supervisor)),
        mode: fields
            .word(&supervise::SUPERVISOR_MODE)?
            .unwrap_or_default(),
        from: fields.address(&supervise::FROM)?,
    })
}

/// The ring timeout; a SIP address has a lower maximum.
fn ring_timeout(fields: &Fields<'_>, parameter: &Parameter, to: Option<&str>) -> Read<RingTimeout> {
    let is_sip = to.is_some_and(|to| {
        to.get(..4)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("sip:"))
    });
    let secs_max = if is_sip {
        RingTimeout::SIP_MAX_SECS
    } else {
        RingTimeout::MAX_SECS
    };
    let range = format!("of seconds from 1 to {secs_max}");
    let timeout = fields.number(parameter, &range, |secs| {
        RingTimeout::from_secs(secs).filter(|timeout| timeout.as_secs() <= secs_max)
    })?;
    Ok(timeout.unwrap_or_default())
}

fn status_callback(fields: &Fields<'_>) -> Read<Option<StatusCallback>> {
    let method = fields.method(&conference::STATUS_CALLBACK_METHOD)?;
    let events = fields
        .words(&conference::STATUS_CALLBACK_EVENT)?
        .unwrap_or(CALL_EVENTS_DEFAULT.into());
    Ok(fields
        .url(&conference::STATUS_CALLBACK)?
        .map(|url| StatusCallback {
            url,
            method,
            events,
        }))
}

fn conference_callback(fields: &Fields<'_>) -> Read<Option<ConferenceCallback>> {
    let method = fields.method(&conference::CONFERENCE_STATUS_CALLBACK_METHOD)?;
    let events = fields.words(&conference::CONFERENCE_STATUS_CALLBACK_EVENT)?;
    let events = events.unwrap_or(CONFERENCE_EVENTS_DEFAULT.into());
    Ok(fields
        .url(&conference::CONFERENCE_STATUS_CALLBACK)?
        .map(|url| ConferenceCallback {
            url,
            method,
            events,
        }))
}

fn callback(fields: &Fields<'_>, url: &Parameter, method: &Parameter) -> Read<Option<CallbackUrl>> {
    let method = fields.method(method)?;
    Ok(fields.url(url)?.map(|url| CallbackUrl { url, method }))
}
