"""An application with Flask: it answers a number, hands the call to the flow `support`, and gets it back.

AUTH_TOKEN is the account's auth token, CENTRE the address of the contact centre. Start it with

    flask --app flask_app run --port 3000
"""

import json
import os
from urllib.parse import urlencode

from flask import Flask, Response, abort, request, url_for
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import VoiceResponse

app = Flask(__name__)
validator = RequestValidator(os.environ["AUTH_TOKEN"])


@app.before_request
def only_the_carrier() -> None:
    """Without this check, the values of a call could be invented by anyone. `request.url` would be decoded in part, and the
    carrier signs the URL as it is sent."""
    query = request.query_string.decode()
    url = f"{request.base_url}?{query}" if query else request.base_url
    if not validator.validate(url, request.form, request.headers.get("X-Twilio-Signature", "")):
        abort(403)


@app.post("/voice")
def voice() -> Response:
    answer = VoiceResponse()
    answer.say("Hello from our own application.")
    parameters = {"values": json.dumps({"account": "4711"}), "return": url_for("after", _external=True)}
    answer.redirect(f"{os.environ['CENTRE']}/flows/support?{urlencode(parameters)}")
    return Response(str(answer), mimetype="text/xml")


@app.post("/after")
def after() -> Response:
    values = json.loads(request.args["values"])
    answer = VoiceResponse()
    answer.say(f"Back in our application. Your wish is {values['wish']}.")
    answer.hangup()
    return Response(str(answer), mimetype="text/xml")
