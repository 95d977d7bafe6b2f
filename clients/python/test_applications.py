"""The applications of `examples/application` hand a call to a flow of Cordboard and get it back."""

import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests
from application import client
from test_programs import CALLER, phones
from world import World

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "examples" / "application"
CLIENTS = pathlib.Path(__file__).resolve().parents[1]
FIRST_PORT = 39_300


def flask(port: int) -> list[str]:
    return [sys.executable, "-m", "flask", "--app", str(FOLDER / "flask_app"), "run", "--port", str(port)]


def express(_port: int) -> list[str]:
    # Node finds the packages of a module in the folders above it.
    copy = CLIENTS / "node_modules" / ".applications"
    copy.mkdir(exist_ok=True)
    return ["node", shutil.copy(FOLDER / "express_app.mjs", copy)]


def twilio_function(_port: int) -> list[str]:
    return ["node", str(CLIENTS / "node" / "twilio_function.mjs"), str(FOLDER / "voice.protected.js")]


@pytest.fixture(params=[flask, express, twilio_function], ids=lambda program: program.__name__)
def application(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of the application, while it runs."""
    port = FIRST_PORT + [flask, express, twilio_function].index(request.param)
    environment = os.environ | {"CENTRE": os.environ["CORDBOARD_URL"], "PORT": str(port)}
    process = subprocess.Popen(request.param(port), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    address = f"http://127.0.0.1:{port}"
    try:
        World.until(lambda: process.poll() is None and answers(address), "the application's answer")
        yield address
    finally:
        process.terminate()
        process.wait(10)


def answers(address: str) -> bool:
    try:
        return requests.post(f"{address}/voice", timeout=5).status_code == 403
    except requests.ConnectionError:
        return False


def heard(call: str) -> list[str]:
    transcript = phones("GET", f"/{call}")["transcript"]
    return [entry["text"] for entry in transcript if entry["event"] == "heard"]


def test_call_goes_to_a_flow_and_back(application: str) -> None:
    number = client().incoming_phone_numbers.list()[0]
    number.update(voice_url=f"{application}/voice", voice_method="POST")
    call = phones("POST", "", {"from": CALLER, "to": number.phone_number})["call_sid"]
    World.until(lambda: any("press 2" in text for text in heard(call)), "the menu of the flow")
    assert heard(call)[:2] == ["Hello from our own application.", "We have found your contract 4711."]
    phones("POST", f"/{call}/digits", {"digits": "2"})
    World.until(lambda: phones("GET", f"/{call}")["status"] == "completed", "the end of the call")
    assert heard(call)[-1] == "Back in our application. Your wish is email."
