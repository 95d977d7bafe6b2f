//! Running documents: verb after verb until something has to be waited for (voice-webhooks.md section 4).

use ids::CallSid;
use ids::time::Millis;

use super::call::{Call, Phase, Role, Transfer};
use super::conference::Departure;
use super::queue::QueueResult;
use super::requests::Params;
use super::turn::Turn;
use super::{CallStatus, Direction, Event, Target};
use crate::twiml::{ErrorCode, Fault, Link, RejectReason, Sound, StatusEvent, Verb};

/// The time one document must take before the next is asked for, once a call hurries; a wait document always takes it.
pub const ROUND_MIN: Millis = Millis::from_secs(1);
/// Documents in a row that may take less: a menu that leads on is no loop.
pub const HURRIED_ROUNDS_FREE: u32 = 3;
/// Documents in a row that take no time of their own before the call ends: it would never come to an end.
pub const HURRIED_ROUNDS_MAX: u32 = 30;

/// Whether the next verb follows at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// It does.
    GoOn,
    /// Something has to be waited for, or the document is not running any more.
    Wait,
}

impl Turn<'_> {
    /// Lets the document on top go on, once what is being done now is done. Calls run one after the other, never
    /// within each other.
    pub fn run(&mut self, sid: CallSid) {
        self.set_phase(sid, Phase::Running);
        self.ready.push_back(sid);
    }

    /// Runs every document that can go on.
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
                    name(&verb),
                    place(role)
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
        if !matches!(verb, Verb::Sound(Sound::Pause { .. })) {
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

    /// Only as the very first verb does Reject avoid answering (voice-webhooks.md section 6.4).
    fn is_unanswered_first_verb(&self, sid: CallSid) -> bool {
        let first = |call: &Call| {
            is_unanswered(call) && call.stack.last().is_some_and(|frame| frame.next == 1)
        };
        self.call(sid).is_some_and(first)
    }

    fn reject(&mut self, sid: CallSid, reason: RejectReason) {
        match reason {
            RejectReason::Rejected => {
                self.end(sid, CallStatus::NoAnswer, "the centre rejected the call")
            }
            RejectReason::Busy => self.end(sid, CallStatus::Busy, "the centre is busy"),
        }
    }

    /// The centre picks up an inbound call, unless it has.
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

    /// No verb is left.
    fn document_over(&mut self, sid: CallSid, role: Role) {
        match role {
            Role::Main => {
                self.pick_up(sid);
                self.end(sid, CallStatus::Completed, "the document was over");
            }
            Role::Wait => self.wait_again(sid),
            Role::Announcement { dialer } => self.bridge(dialer, sid),
            // A conference's music does not begin anew by itself: its document says so with a Redirect.
            Role::ConferenceWait | Role::ConferenceHold => self.set_phase(sid, Phase::Conferring),
        }
    }

    /// Goes on with another document, at a pace that a loop cannot run away with.
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

    /// What follows a verb with an action: that document, or the next verb.
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

    /// What a person does is no loop.
    pub fn forgive_hurry(&mut self, sid: CallSid) {
        if let Some(call) = self.call_mut(sid) {
            call.hurried_rounds = 0;
        }
    }

    /// A moment this call waited for has come.
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

    /// Ends a call, for whatever reason, and lets everybody concerned go on.
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
        let (serial, parent) = (call.serial, call.parent);
        self.network.live.remove(&sid);
        self.network.ended.insert((serial, sid));
        self.note(sid, Event::Ended, format!("{}: {how}", status.as_str()));
        if let Phase::Recording { record, since, .. } = &phase {
            self.record_ended_by_hang_up(sid, record, *since);
        }
        self.let_go(sid, phase);
        self.queue_abandoned(sid);
        self.conference_abandoned(sid, Departure::HungUp);
        if let Some(call) = self.call_mut(sid) {
            call.stack.clear();
        }
        let recorded = self.keep_call_recording(sid);
        self.report_with(sid, StatusEvent::Completed, recorded);
        if let Some(parent) = parent {
            self.leg_ended(parent, sid, status);
        }
        self.prune();
    }

    /// What a call leaves behind that is over or goes elsewhere: others go on without it, and its Dial's action is told.
    pub fn let_go(&mut self, sid: CallSid, phase: Phase) {
        match phase {
            Phase::DialingPhones { dial, legs } => self.dial_abandoned(sid, &dial, &legs),
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

fn is_unanswered(call: &Call) -> bool {
    call.direction == Direction::Inbound && call.status == CallStatus::Ringing
}

impl Role {
    /// Whether its documents may lead to each other for ever: music in a conference does, at the pace of [`ROUND_MIN`].
    const fn may_loop(self) -> bool {
        match self {
            Self::ConferenceWait | Self::ConferenceHold => true,
            Self::Main | Self::Wait | Self::Announcement { .. } => false,
        }
    }
}

/// What may stand in which document (voice-webhooks.md sections 5.1 and 5.3; `/docs/voice/twiml/conference`).
fn may_run(role: Role, verb: &Verb) -> bool {
    match (role, verb) {
        (_, Verb::Sound(_) | Verb::Redirect(_)) => true,
        (Role::Main, Verb::Leave) => false,
        (Role::Main, _) => true,
        (Role::Wait, Verb::Gather(_) | Verb::Leave | Verb::Hangup) => true,
        (Role::Wait, Verb::Enqueue(_) | Verb::Dial(_) | Verb::Record(_) | Verb::Reject(_)) => false,
        (Role::Announcement { .. } | Role::ConferenceWait | Role::ConferenceHold, _) => false,
    }
}

fn place(role: Role) -> &'static str {
    match role {
        Role::Main => "a document outside a queue",
        Role::Wait => "a wait document",
        Role::Announcement { .. } => "the document a caller hears before the connection",
        Role::ConferenceWait => "a document heard before a conference begins",
        Role::ConferenceHold => "a document heard on hold",
    }
}

fn name(verb: &Verb) -> &'static str {
    match verb {
        Verb::Sound(_) => "Say, Play or Pause",
        Verb::Gather(_) => "Gather",
        Verb::Enqueue(_) => "Enqueue",
        Verb::Leave => "Leave",
        Verb::Dial(_) => "Dial",
        Verb::Record(_) => "Record",
        Verb::Redirect(_) => "Redirect",
        Verb::Hangup => "Hangup",
        Verb::Reject(_) => "Reject",
    }
}
