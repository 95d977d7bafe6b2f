//! Dial of a reservation's caller (voice-webhooks.md section 5.3, `reservationSid`).
//!
//! A carrier knows queues and calls, but only its TaskRouter knows which caller belongs to a
//! reservation. So the carrier requests a Dial from the TaskRouter, and runs it in place of the
//! verb.

use ids::{CallSid, ReservationSid};

use super::call::Phase;
use super::requests::{Params, http_failure, param, read_reply};
use super::turn::Turn;
use super::{Fetch, Fetched, Purpose, Target};
use crate::twiml::{Dial, DialTo, ErrorCode, Fault, Link, Verb};

/// Path of the request below the TaskRouter's URL.
const PATH: &str = "/dial-queue";
/// Status of the answer when the reservation is unknown, taken or over.
const NOT_FOUND: u16 = 404;

impl Turn<'_> {
    /// Requests the queue of the caller of `reservation` from the TaskRouter.
    pub fn dial_reservation(
        &mut self,
        sid: CallSid,
        dial: Dial,
        reservation: &str,
        post_work_activity: Option<&str>,
    ) {
        let sent = self
            .reservation_request(reservation)
            .and_then(|(reservation, target)| {
                let mut params = self.call_params(sid, None);
                params.push(param("ReservationSid", reservation));
                params.extend(
                    post_work_activity.map(|activity| param("PostWorkActivitySid", activity)),
                );
                let sent = self.send(sid, target, params, Purpose::Reservation);
                sent.ok_or_else(|| {
                    Fault::new(ErrorCode::HttpFailure, "too many requests are outstanding")
                })
            });
        match sent {
            Ok(fetch) => self.set_phase(sid, Phase::AskingTaskRouter { fetch, dial }),
            Err(fault) => self.reservation_refused(sid, &dial, &fault),
        }
    }

    fn reservation_request(&self, reservation: &str) -> Result<(ReservationSid, Target), Fault> {
        let reservation: ReservationSid = reservation.parse().map_err(|error| {
            Fault::new(
                ErrorCode::ReservationSid,
                format!("reservationSid of <Queue>: {error}"),
            )
        })?;
        let target = self.task_router(PATH).ok_or_else(|| {
            let text =
                format!("reservation {reservation}: this carrier is coupled with no TaskRouter");
            Fault::new(ErrorCode::Reservation, text)
        })?;
        Ok((reservation, target))
    }

    /// Handles the TaskRouter's answer: the caller's queue, or 404 for a reservation it does not
    /// know.
    pub fn task_router_answered(&mut self, fetch: &Fetch, fetched: Fetched) {
        let sid = fetch.call;
        let Some(Phase::AskingTaskRouter { dial, .. }) =
            self.call(sid).map(|call| call.phase.clone())
        else {
            return;
        };
        match self.reservation_queue(fetch, fetched) {
            Ok((name, to)) => self.dial_queue(sid, Dial { to, ..dial }, &name),
            Err(fault) => self.reservation_refused(sid, &dial, &fault),
        }
    }

    /// The queue in the answer, with absolute links. A fault if the caller does not wait there (any
    /// more).
    fn reservation_queue(
        &self,
        fetch: &Fetch,
        fetched: Fetched,
    ) -> Result<(String, DialTo), Fault> {
        let reply = match fetched {
            Fetched::Reply(reply) => reply,
            Fetched::Failed(fault) => return Err(fault),
            Fetched::Length(_) => return Err(http_failure(&fetch.target, 200)),
        };
        let taken = || {
            Fault::new(
                ErrorCode::Reservation,
                "the reservation is unknown, or taken, or over",
            )
        };
        if reply.status == NOT_FOUND {
            return Err(taken());
        }
        let document = read_reply(&fetch.target, &reply)?;
        let Some(Verb::Dial(Dial {
            to: DialTo::Queue {
                name, announcement, ..
            },
            action,
            ..
        })) = document.verbs.into_iter().next()
        else {
            let text = format!(
                "{} was expected to answer with the <Dial> of a <Queue>",
                fetch.target.shown()
            );
            return Err(Fault::new(ErrorCode::Schema, text));
        };
        let queue = self
            .dialed_queue(&name)
            .and_then(|queue| self.network.queues.get(&queue));
        if queue
            .and_then(|queue| self.dialed_member(queue, &name))
            .is_none()
        {
            return Err(taken());
        }
        let to = DialTo::Queue {
            name: name.clone(),
            announcement: absolute(&fetch.target, announcement)?,
            task_router_action: absolute(&fetch.target, action)?,
        };
        Ok((name, to))
    }

    fn reservation_refused(&mut self, sid: CallSid, dial: &Dial, fault: &Fault) {
        self.note_fault(sid, fault);
        self.dial_failed(sid, dial);
    }

    /// Notifies the TaskRouter, whose reservation led to this conversation, of the result, in
    /// addition to the Dial's own action.
    pub fn notify_task_router(&mut self, sid: CallSid, dial: &Dial, extra: &Params) {
        let DialTo::Queue {
            task_router_action: Some(link),
            ..
        } = &dial.to
        else {
            return;
        };
        let mut params = self.call_params(sid, None);
        params.extend(extra.iter().cloned());
        self.notify(
            sid,
            Target {
                url: link.url.clone(),
                method: link.method,
            },
            params,
        );
    }
}

/// Resolves a link of the answer against its URL.
fn absolute(document: &Target, link: Option<Link>) -> Result<Option<Link>, Fault> {
    let Some(link) = link else {
        return Ok(None);
    };
    let target = super::requests::resolve(Some(document), &link)?;
    Ok(Some(Link {
        url: target.url,
        method: target.method,
    }))
}
