// Connects two windows whose phones talk with one another, by WebRTC. The windows find one another through messages that
// this server passes on; the sound itself goes from window to window. A window without a microphone sends silence.
"use strict";
(() => {
  const SECOND = 1000;
  // How long addresses of this machine are collected at most. There is no server to ask, so it takes milliseconds.
  const GATHERING_MAX = 2 * SECOND;

  // The phone that is heard here, and the one that it talks with; empty without a conversation.
  let call = "";
  let other = "";
  // The newest message that was handled.
  let seen = 0;
  let peer = null;
  // Tells the answers of earlier offers from the present one's.
  let offers = 0;
  let microphone = null;
  let silence = null;
  const player = new Audio();

  const card = () => document.getElementById(`call-${call}`);
  const isCaller = () => card()?.dataset.side === "callers";
  const say = (text) => {
    const state = document.getElementById("talk-state");
    if (state && state.textContent !== text) state.textContent = text;
  };

  const send = async (message) => {
    const csrf = document.querySelector("main input[name=csrf]")?.value ?? "";
    const body = new URLSearchParams({ csrf, message: JSON.stringify(message) });
    const answer = await fetch(`/console/phones/${call}/signal`, { method: "POST", body }).catch(() => null);
    if (!answer?.ok) say("The other window could not be reached.");
  };

  const silent = () => {
    silence ??= new AudioContext().createMediaStreamDestination().stream.getAudioTracks()[0];
    return silence;
  };

  const close = () => {
    peer?.close();
    peer = null;
    player.srcObject = null;
  };

  const told = () => {
    const own = microphone ? "it hears your microphone." : "your microphone is off.";
    const words = {
      connected: `Connected with the window that hears the other phone; ${own}`,
      disconnected: "The other window is gone.",
      failed: "The other window cannot be reached from this one.",
    };
    say(words[peer?.connectionState] ?? "Waiting for a window that hears the other phone.");
  };

  const open = () => {
    close();
    const opened = new RTCPeerConnection();
    peer = opened;
    opened.addTrack(microphone ?? silent());
    opened.addEventListener("connectionstatechange", () => peer === opened && told());
    opened.addEventListener("track", ({ track }) => {
      if (peer !== opened) return;
      player.srcObject = new MediaStream([track]);
      player.play().catch(() => say("This browser plays no sound before a click on this page."));
    });
    return opened;
  };

  const gathered = (opened) =>
    new Promise((resolve) => {
      if (opened.iceGatheringState === "complete") return resolve();
      const done = () => opened.iceGatheringState === "complete" && resolve();
      opened.addEventListener("icegatheringstatechange", done);
      setTimeout(resolve, GATHERING_MAX);
    });

  // Sends the description of this side, with the addresses of this machine.
  const describe = async (opened, number) => {
    await opened.setLocalDescription();
    await gathered(opened);
    if (peer === opened) await send({ ...opened.localDescription.toJSON(), number });
  };

  // The caller's window offers when the other window is ready, and the other window answers.
  const handle = async (message) => {
    const { type, number } = message;
    if (type === "ready" && isCaller()) return describe(open(), ++offers);
    if (type === "ready") return send({ type: "ready" });
    if (type === "offer" && !isCaller()) {
      const opened = open();
      await opened.setRemoteDescription({ type, sdp: message.sdp });
      return describe(opened, number);
    }
    if (type === "answer" && number === offers && peer?.signalingState === "have-local-offer") {
      return peer.setRemoteDescription({ type, sdp: message.sdp });
    }
  };

  // Messages are handled one after the other.
  let handling = Promise.resolve();
  const receive = async () => {
    const of = call;
    const answer = await fetch(`/console/phones/${of}/signals?after=${seen}`).catch(() => null);
    if (!answer?.ok) return;
    for (const { number, message } of await answer.json()) {
      if (of !== call || number <= seen) continue;
      seen = number;
      await handle(JSON.parse(message)).catch(() => say("This browser could not connect with the other window."));
    }
  };

  const follow = ({ detail }) => {
    const element = detail ? document.getElementById(`call-${detail}`) : null;
    const talkingWith = element?.dataset.talkingWith ?? "";
    const signals = Number(element?.dataset.signals ?? 0);
    if (call !== (talkingWith ? detail : "") || other !== talkingWith) {
      close();
      call = talkingWith ? detail : "";
      other = talkingWith;
      seen = signals;
      say(talkingWith ? "Waiting for a window that hears the other phone." : "");
      if (talkingWith) send({ type: "ready" });
    } else if (signals > seen) {
      handling = handling.then(receive);
    }
  };

  const turn = async (button) => {
    if (microphone) {
      microphone.stop();
      microphone = null;
    } else {
      const media = await navigator.mediaDevices?.getUserMedia({ audio: true }).catch(() => null);
      microphone = media?.getAudioTracks()[0] ?? null;
      if (!microphone) return say("This browser has no microphone for this page: what you type under Say is heard.");
    }
    button.setAttribute("aria-pressed", String(microphone !== null));
    await peer?.getSenders()[0]?.replaceTrack(microphone ?? silent());
    if (call) told();
  };

  document.addEventListener("phone-heard", follow);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#microphone");
    if (button) turn(button);
  });
})();
