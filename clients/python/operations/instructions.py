"""Every instruction to a Reservation, with every parameter it takes (taskrouter.md section 11)."""

from collections.abc import Callable

from world import World

FROM = "+17075550183"
TO = "+17075550101"
URL = "https://app.example/call"


def instruct(world: World, path: Callable) -> None:
    """Gives each instruction to a Reservation, which `path` finds under its Task or its Worker."""
    offline = world.activities["Offline"]
    caller = "CA" + "0" * 31 + "1"
    attributes = f'{{"call_sid":"{caller}"}}'
    for parameters in (
        {"instruction": "accept"},
        {"instruction": "reject", "worker_activity_sid": offline},
        {
            "instruction": "dequeue",
            "dequeue_post_work_activity_sid": offline,
            "dequeue_from": FROM,
            "dequeue_record": "record-from-answer",
            "dequeue_timeout": 10,
            "dequeue_to": TO,
            "dequeue_status_callback_url": URL,
            "dequeue_status_callback_event": ["initiated", "completed"],
        },
        {
            "instruction": "call",
            "call_from": FROM,
            "call_record": "record-from-answer",
            "call_timeout": 10,
            "call_to": TO,
            "call_url": URL,
            "call_status_callback_url": URL,
            "call_accept": True,
        },
        {"instruction": "redirect", "redirect_call_sid": caller, "redirect_accept": True, "redirect_url": URL},
        {
            "instruction": "conference",
            "to": TO,
            "from_": FROM,
            "status_callback": URL,
            "status_callback_method": "POST",
            "status_callback_event": ["initiated", "answered"],
            "timeout": 10,
            "record": True,
            "muted": False,
            "beep": "onEnter",
            "start_conference_on_enter": True,
            "end_conference_on_exit": False,
            "wait_url": URL,
            "wait_method": "GET",
            "early_media": True,
            "max_participants": 3,
            "conference_status_callback": URL,
            "conference_status_callback_method": "POST",
            "conference_status_callback_event": ["start", "end"],
            "conference_record": "record-from-start",
            "conference_trim": "trim-silence",
            "recording_channels": "dual",
            "recording_status_callback": URL,
            "recording_status_callback_method": "POST",
            "conference_recording_status_callback": URL,
            "conference_recording_status_callback_method": "POST",
            "region": "us1",
            "sip_auth_username": "ann",
            "sip_auth_password": "secret",
            "post_work_activity_sid": offline,
            "end_conference_on_customer_exit": True,
            "beep_on_customer_entrance": False,
            "jitter_buffer_size": "medium",
        },
    ):
        offer = world.offered(attributes=attributes, task_channel="voice")
        updated = path(offer).update(**parameters)
        assert updated.sid == offer.sid, parameters
