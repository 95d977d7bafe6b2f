//! Runs documents: verb after verb, until the call has to wait for something (voice-webhooks.md
//! section 4).

use ids::CallSid;
use ids::time::Millis;

use super::call::{Call, Phase, Role, Transfer};
use super::conference::Departure;
use super::queue::QueueResult;
use super::requests::Params;
use super::turn::Turn;
use super::{CallStatus, Direction, Event, Target};
use crate::twiml::{DialTo, ErrorCode, Fault, Link, RejectReason, Sound, StatusEvent, Verb};

/// Shortest time between two documents of a call in a hurry, so that a loop cannot run away. A wait
/// document always takes it.
pub const ROUND_MIN: Millis = Millis::from_secs(1);
/// Consecutive documents that may take less: a short chain of menus is no loop.
pub const HURRIED_ROUNDS_FREE: u32 = 3;
/// Consecutive documents shorter than [`ROUND_MIN`] before the call ends: such a loop would never
/// end.
pub const HURRIED_ROUNDS_MAX: u32 = 30;

/// Whether the next verb runs at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// The next verb runs at once.
    GoOn,
    /// The call waits for something, or the document is no longer running.
    Wait,
}

impl Turn<'_> {
    /// Schedules the top document to continue after the current step. Documents run one after the
    /// other, never nested.
    pub fn run(&mut self, sid: CallSid) {
        self.set_phase(sid, Phase::Running);
        self.ready.push_back(sid);
    }

    /// Runs every scheduled document.
    pub fn run_ready(&mut self) {
        while let Some(sid) = self.ready.pop_front() {
            if self
                .call(sid)
                .is_some_and(|call| call.phase == Phase::Running)
            {
                self.run_until_it_waits(sid);
            }
        }
    }

    fn run_until_it_waits(&mut self, sid: CallSid) {
        loop {
            let Some(call) = self.call_mut(sid) else {
                return;
            };
            let Some(frame) = call.stack.last_mut() else {
                return;
            };
            let role = frame.role;
            let Some(verb) = frame.verbs.get(frame.next).cloned() else {
                return self.document_over(sid, role);
            };
            frame.next += 1;
            if !may_run(role, &verb) {
                let text = format!(
                    "<{}> cannot be used in {}; ignored",
                    verb_name(&verb),
                    document_name(role)
                );
                self.warn(sid, &text);
                continue;
            }
            if self.start_verb(sid, role, verb) == Flow::Wait {
                return;
            }
        }
    }

    fn start_verb(&mut self, sid: CallSid, role: Role, verb: Verb) -> Flow {
        if let (Verb::Reject(reason), true) = (&verb, self.is_unanswered_first_verb(sid)) {
            self.reject(sid, *reason);
            return Flow::Wait;
        }
        if answers_the_call(&verb) {
            self.pick_up(sid);
        }
        match verb {
            Verb::Sound(sound) => self.start_sound(sid, sound),
            Verb::Gather(gather) => self.start_gather(sid, gather),
            Verb::Enqueue(enqueue) => self.start_enqueue(sid, enqueue),
            Verb::Leave => {
                self.leave_queue(sid, QueueResult::Leave);
                Flow::Wait
            }
            Verb::Dial(dial) => self.start_dial(sid, dial),
            Verb::Record(record) => self.start_record(sid, record),
            Verb::StartRecording(recording) => self.start_recording(sid, &recording),
            Verb::Redirect(link) => {
                self.redirect(sid, role, &link);
                Flow::Wait
            }
            Verb::Hangup | Verb::Reject(_) => {
                self.end(sid, CallStatus::Completed, "the centre hung up");
                Flow::Wait
            }
        }
    }

    fn redirect(&mut self, sid: CallSid, role: Role, link: &Link) {
        match self.resolve(sid, link) {
            Ok(target) => self.transfer(
                sid,
                Transfer {
                    role,
                    target,
                    extra: Params::new(),
                },
            ),
            Err(fault) => self.fault(sid, &fault),
        }
    }

    /// Reject leaves a call unanswered only as the very first verb (voice-webhooks.md section 6.4).
    fn is_unanswered_first_verb(&self, sid: CallSid) -> bool {
        self.call(sid).is_some_and(|call| {
            is_unanswered(call) && call.stack.last().is_some_and(|frame| frame.next == 1)
        })
    }

    fn reject(&mut self, sid: CallSid, reason: RejectReason) {
        match reason {
            RejectReason::Rejected => {
                self.end(sid, CallStatus::NoAnswer, "the centre rejected the call")
            }
            RejectReason::Busy => self.end(sid, CallStatus::Busy, "the centre is busy"),
        }
    }

    /// The contact centre picks up an inbound call that is still ringing.
    pub fn pick_up(&mut self, sid: CallSid) {
        let now = self.now;
        let Some(call) = self.call_mut(sid).filter(|call| is_unanswered(call)) else {
            return;
        };
        call.status = CallStatus::InProgress;
        call.answered = Some(now);
        call.updated = now;
        self.note(sid, Event::Answered, "the centre picked up");
        self.report(sid, StatusEvent::Answered);
    }

    /// The document has no verb left.
    fn document_over(&mut self, sid: CallSid, role: Role) {
        match role {
            Role::Main => {
                self.pick_up(sid);
                self.end(sid, CallStatus::Completed, "the document was over");
            }
            Role::Wait => self.wait_again(sid),
            Role::Announcement { dialer } => self.bridge(dialer, sid),
            Role::Screening { dialer } => self.leg_accepts(dialer, sid),
            // The music of a conference does not repeat by itself: its document has a Redirect for
            // that.
            Role::ConferenceWait | Role::ConferenceHold => self.set_phase(sid, Phase::Conferring),
        }
    }

    /// Continues with another document, not faster than a loop may run.
    pub fn transfer(&mut self, sid: CallSid, next: Transfer) {
        let now = self.now;
        let Some(call) = self.call_mut(sid) else {
            return;
        };
        let Some(began) = call.stack.last().map(|frame| frame.began) else {
            return self.request(sid, next);
        };
        if now.since(began) >= ROUND_MIN {
            call.hurried_rounds = 0;
            return self.request(sid, next);
        }
        call.hurried_rounds += 1;
        let rounds = call.hurried_rounds;
        if rounds > HURRIED_ROUNDS_MAX && !next.role.may_loop() {
            call.hurried_rounds = 0;
            let text =
                format!("{rounds} documents in a row took no time; this loop would never end");
            return self.fault(sid, &Fault::new(ErrorCode::TooManyRedirects, text));
        }
        if rounds > HURRIED_ROUNDS_FREE {
            return self.set_phase(
                sid,
                Phase::Resting {
                    until: began + ROUND_MIN,
                    next,
                },
            );
        }
        self.request(sid, next);
    }

    /// Continues after a verb: with its action, or with the next verb.
    pub fn after_verb(
        &mut self,
        sid: CallSid,
        action: Option<Result<Target, Fault>>,
        extra: Params,
    ) {
        match action {
            None => self.run(sid),
            Some(Ok(target)) => self.transfer(
                sid,
                Transfer {
                    role: Role::Main,
                    target,
                    extra,
                },
            ),
            Some(Err(fault)) => self.fault(sid, &fault),
        }
    }

    /// Resets the count of hurried rounds: a person did something, so it is no loop.
    pub fn reset_hurried_rounds(&mut self, sid: CallSid) {
        if let Some(call) = self.call_mut(sid) {
            call.hurried_rounds = 0;
        }
    }

    /// A timer of this call is due.
    pub fn deadline(&mut self, sid: CallSid) {
        let Some(call) = self.call(sid) else { return };
        let limit = call
            .time_limit
            .zip(call.answered)
            .map(|(limit, answered)| answered + limit);
        if limit.is_some_and(|limit| limit <= self.now) {
            return self.end(sid, CallStatus::Completed, "the time limit was reached");
        }
        if call
            .conferring
            .as_ref()
            .is_some_and(|conferring| conferring.until <= self.now)
        {
            return self.leave_conference(sid, Departure::HungUp);
        }
        if call.leaves_queue_at().is_some_and(|at| at <= self.now) {
            return self.leave_queue(sid, QueueResult::Leave);
        }
        match call.phase.clone() {
            Phase::Queued => self.ring(sid),
            Phase::Ringing { .. } => self.end(sid, CallStatus::NoAnswer, "nobody picked up"),
            Phase::Sounding { .. } => self.run(sid),
            Phase::Gathering(_) => self.gather_deadline(sid),
            Phase::Recording { .. } => self.record_over(sid, None),
            Phase::Resting { next, .. } => self.request(sid, next),
            Phase::DialingQueue { dial, .. } => self.dial_unanswered(sid, &dial),
            Phase::Bridged { .. } => {
                self.conversation_over(sid, "the time limit of the conversation was reached")
            }
            Phase::Fetching { .. }
            | Phase::Measuring { .. }
            | Phase::Holding
            | Phase::Running
            | Phase::AskingTaskRouter { .. }
            | Phase::Conferring
            | Phase::DialingPhones { .. }
            | Phase::Ended => {}
        }
    }

    /// Ends a call with a status, and lets the calls connected with it continue.
    pub fn end(&mut self, sid: CallSid, status: CallStatus, how: &str) {
        let now = self.now;
        self.abandon_document(sid);
        let Some(call) = self.call_mut(sid).filter(|call| !call.status.is_over()) else {
            return;
        };
        call.status = status;
        call.ended = Some(now);
        call.updated = now;
        let phase = std::mem::replace(&mut call.phase, Phase::Ended);
        let serial = call.serial;
        let parent = call.parent;
        self.network.live.remove(&sid);
        self.network.ended.insert((serial, sid));
        self.note(sid, Event::Ended, format!("{}: {how}", status.as_str()));
        if let Phase::Recording {
            record,
            since,
            speech,
            ..
        } = &phase
        {
            self.record_ended_by_hang_up(sid, record, *since, speech.as_ref());
        }
        self.release_phase(sid, phase);
        self.queue_abandoned(sid);
        self.conference_abandoned(sid, Departure::HungUp);
        if let Some(call) = self.call_mut(sid) {
            call.stack.clear();
        }
        self.keep_started_recording(sid);
        let recorded = self.keep_call_recording(sid);
        self.report_with(sid, StatusEvent::Completed, recorded);
        if let Some(parent) = parent {
            self.leg_ended(parent, sid, status);
        }
        self.prune();
    }

    /// Releases what the phase of an ended or transferred call held: the other calls continue
    /// without it, and its Dial's action is notified.
    pub fn release_phase(&mut self, sid: CallSid, phase: Phase) {
        match phase {
            Phase::DialingPhones { dial, legs, .. } => self.dial_abandoned(sid, &dial, &legs),
            Phase::DialingQueue {
                dial, connecting, ..
            } => self.queue_dial_abandoned(sid, &dial, connecting),
            Phase::AskingTaskRouter { dial, .. } => self.queue_dial_abandoned(sid, &dial, None),
            Phase::Bridged {
                with, since, side, ..
            } => self.conversation_left(sid, with, since, side),
            Phase::Queued
            | Phase::Ringing { .. }
            | Phase::Fetching { .. }
            | Phase::Measuring { .. }
            | Phase::Sounding { .. }
            | Phase::Gathering(_)
            | Phase::Recording { .. }
            | Phase::Resting { .. }
            | Phase::Holding
            | Phase::Conferring
            | Phase::Running
            | Phase::Ended => {}
        }
    }
}

/// Whether an inbound call that still rings is picked up for this verb: not for a Pause, and not
/// for a Dial that picks up when the two sides are connected.
fn answers_the_call(verb: &Verb) -> bool {
    match verb {
        Verb::Sound(Sound::Pause { .. }) => false,
        Verb::Dial(dial) => {
            let bridges = matches!(dial.to, DialTo::Phones(_) | DialTo::Queue { .. });
            !(dial.answer_on_bridge && bridges)
        }
        Verb::Sound(_)
        | Verb::Gather(_)
        | Verb::Enqueue(_)
        | Verb::Leave
        | Verb::Record(_)
        | Verb::StartRecording(_)
        | Verb::Redirect(_)
        | Verb::Hangup
        | Verb::Reject(_) => true,
    }
}

fn is_unanswered(call: &Call) -> bool {
    call.direction == Direction::Inbound && call.status == CallStatus::Ringing
}

impl Role {
    /// Whether its documents may follow each other without end, at the pace of [`ROUND_MIN`]:
    /// conference music does.
    const fn may_loop(self) -> bool {
        match self {
            Self::ConferenceWait | Self::ConferenceHold => true,
            Self::Main | Self::Wait | Self::Announcement { .. } | Self::Screening { .. } => false,
        }
    }
}

/// Whether a verb is allowed in a document of this role (voice-webhooks.md sections 5.1 and 5.3;
/// `/docs/voice/twiml/conference`).
fn may_run(role: Role, verb: &Verb) -> bool {
    match (role, verb) {
        (_, Verb::Sound(_) | Verb::Redirect(_)) => true,
        (Role::Main, Verb::Leave) => false,
        (Role::Main, _) => true,
        (Role::Wait, Verb::Gather(_) | Verb::Leave | Verb::Hangup) => true,
        (
            Role::Wait,
            Verb::Enqueue(_)
            | Verb::Dial(_)
            | Verb::Record(_)
            | Verb::StartRecording(_)
            | Verb::Reject(_),
        ) => false,
        (Role::Screening { .. }, Verb::Gather(_) | Verb::Hangup) => true,
        (
            Role::Announcement { .. }
            | Role::Screening { .. }
            | Role::ConferenceWait
            | Role::ConferenceHold,
            _,
        ) => false,
    }
}

fn document_name(role: Role) -> &'static str {
    match role {
        Role::Main => "a document outside a queue",
        Role::Wait => "a wait document",
        Role::Announcement { .. } => "the document a caller hears before the connection",
        Role::Screening { .. } => "the document a called person hears before the connection",
        Role::ConferenceWait => "a document heard before a conference begins",
        Role::ConferenceHold => "a document heard on hold",
    }
}

fn verb_name(verb: &Verb) -> &'static str {
    match verb {
        Verb::Sound(_) => "Say, Play or Pause",
        Verb::Gather(_) => "Gather",
        Verb::Enqueue(_) => "Enqueue",
        Verb::Leave => "Leave",
        Verb::Dial(_) => "Dial",
        Verb::Record(_) => "Record",
        Verb::StartRecording(_) => "Start",
        Verb::Redirect(_) => "Redirect",
        Verb::Hangup => "Hangup",
        Verb::Reject(_) => "Reject",
    }
}
