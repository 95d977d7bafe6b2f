//! The status callback of a conference (`/docs/voice/twiml/conference`, "statusCallbackEvent"), and
//! its recording.

use ids::ConferenceSid;
use ids::time::Timestamp;

use super::{Departure, Participant};
use crate::network::Target;
use crate::network::recording::{NewRecording, RecordingSource};
use crate::network::requests::{Params, param};
use crate::network::turn::Turn;
use crate::twiml::ConferenceEvent;

impl Turn<'_> {
    pub(super) fn report_start(&mut self, room: ConferenceSid) {
        self.report_conference(
            room,
            ConferenceEvent::Start,
            "conference-start",
            Params::new(),
        );
    }

    pub(super) fn report_end(&mut self, room: ConferenceSid) {
        let end = self
            .network
            .conferences
            .get(&room)
            .and_then(|conference| conference.end.clone());
        let Some(end) = end else { return };
        let mut extra = vec![
            param("ReasonConferenceEnded", end.reason.as_str()),
            param("Reason", end.reason.as_str().replace('-', " ")),
        ];
        extra.extend(end.by.map(|call| param("CallSidEndingConference", call)));
        extra.extend(
            end.by_label
                .map(|label| param("ParticipantLabelEndingConference", label)),
        );
        self.report_conference(room, ConferenceEvent::End, "conference-end", extra);
    }

    pub(super) fn report_join(&mut self, room: ConferenceSid, participant: &Participant) {
        self.report_participant(
            room,
            participant,
            ConferenceEvent::Join,
            "participant-join",
            Params::new(),
        );
    }

    pub(super) fn report_leave(
        &mut self,
        room: ConferenceSid,
        participant: &Participant,
        departure: Departure,
    ) {
        let status = self
            .call(participant.call)
            .map_or("completed", |call| call.status.as_str());
        let extra = vec![
            param("ReasonParticipantLeft", departure.as_str()),
            param("ParticipantCallStatus", status),
        ];
        self.report_participant(
            room,
            participant,
            ConferenceEvent::Leave,
            "participant-leave",
            extra,
        );
    }

    pub(super) fn report_participant(
        &mut self,
        room: ConferenceSid,
        participant: &Participant,
        event: ConferenceEvent,
        name: &str,
        extra: Params,
    ) {
        let mut params = vec![
            param("CallSid", participant.call),
            param("Muted", participant.muted),
            param("Hold", participant.hold),
            param("Coaching", participant.coaches.is_some()),
            param("EndConferenceOnExit", participant.end_on_exit),
            param("StartConferenceOnEnter", participant.start_on_enter),
        ];
        params.extend(
            participant
                .label
                .as_ref()
                .map(|label| param("ParticipantLabel", label)),
        );
        params.extend(extra);
        self.report_conference(room, event, name, params);
    }

    /// Sends an event to the conference's status callback, if it has subscribed to the event. The
    /// sequence numbers count the sent events, from 1.
    fn report_conference(
        &mut self,
        room: ConferenceSid,
        event: ConferenceEvent,
        name: &str,
        extra: Params,
    ) {
        let Some(conference) = self.network.conferences.get_mut(&room) else {
            return;
        };
        let maker = conference.maker;
        let friendly_name = conference.name.clone();
        let Some(status_callback) = conference
            .status_callback
            .as_mut()
            .filter(|status_callback| status_callback.events.contains(&event))
        else {
            return;
        };
        status_callback.sent += 1;
        let target = status_callback.target.clone();
        let number = status_callback.sent;
        let mut params = vec![
            param("ConferenceSid", room),
            param("FriendlyName", friendly_name),
            param("AccountSid", self.network.setup.account_sid),
            param("SequenceNumber", number),
            param("Timestamp", self.now.to_rfc2822()),
            param("StatusCallbackEvent", name),
        ];
        params.extend(extra);
        self.notify(maker, target, params);
    }

    /// Stores the recording of a conference that is over, and notifies its callback.
    pub(super) fn keep_conference_recording(&mut self, room: ConferenceSid) {
        let Some(conference) = self.network.conferences.get(&room) else {
            return;
        };
        let maker = conference.maker;
        let Some(recording) = conference.recording.clone() else {
            return;
        };
        let Some(since) = recording.since else { return };
        let length = self.now.since(since);
        let recording_params = self.store_recording(NewRecording {
            call: maker,
            source: RecordingSource::Conference,
            channels: 1,
            since,
            length,
            spoken: length,
        });
        if let Some(target) = recording.callback {
            self.announce_conference_recording(room, target, since, recording_params);
        }
    }

    fn announce_conference_recording(
        &mut self,
        room: ConferenceSid,
        target: Target,
        since: Timestamp,
        recording_params: Params,
    ) {
        let Some(maker) = self
            .network
            .conferences
            .get(&room)
            .map(|conference| conference.maker)
        else {
            return;
        };
        let mut params = vec![
            param("AccountSid", self.network.setup.account_sid),
            param("ConferenceSid", room),
            param("RecordingStatus", "completed"),
            param("RecordingChannels", 1),
            param("RecordingSource", RecordingSource::Conference.as_str()),
            param("RecordingStartTime", since.to_rfc2822()),
        ];
        params.extend(recording_params);
        self.notify(maker, target, params);
    }
}
