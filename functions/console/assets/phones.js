// Makes the simulated telephones audible: voices by the browser's speech synthesis, audio files, ringing and key tones.
// Nothing sounds until the person turns the sound on. One phone of a window is heard at a time.
"use strict";
(() => {
  const SECOND = 1000;
  // Length of a key tone, and of the silence after it, in seconds.
  const TONE = 0.12;
  const GAP = 0.06;
  // North American ringing: 2 s in 6 s, for the called phone and for the caller who hears it ring.
  const RING_EVERY = 6 * SECOND;
  const RING_LENGTH = 2;
  const RING = [440, 480];
  const BEEP = [1000];
  const BEEP_LENGTH = 0.4;
  const LOUDNESS = 0.08;
  // Rows and columns of a keypad, in Hz.
  const ROWS = [697, 770, 852, 941];
  const COLUMNS = [1209, 1336, 1477, 1633];
  const KEYS = ["123A", "456B", "789C", "*0#D"];
  const QUIETING = ["pressed", "said", "bridged", "unbridged", "left-queue", "joined-conference", "hung-up", "ended"];

  let on = false;
  // The call that the person has chosen, and the one that is heard.
  let chosen = "";
  let heard = "";
  let context = null;
  let audio = null;
  let ringing = null;
  // Entries of transcripts that were handled, by id.
  const handled = new Set();

  const state = () => document.getElementById("sound-state");
  const say = (text) => {
    if (state() && state().textContent !== text) state().textContent = text;
  };

  const tone = (frequencies, seconds, at = context.currentTime) => {
    const gain = context.createGain();
    gain.gain.value = LOUDNESS;
    gain.connect(context.destination);
    for (const frequency of frequencies) {
      const oscillator = context.createOscillator();
      oscillator.frequency.value = frequency;
      oscillator.connect(gain);
      oscillator.start(at);
      oscillator.stop(at + seconds);
    }
  };

  const keyTones = (keys) => {
    let at = context.currentTime;
    for (const key of keys) {
      const row = KEYS.findIndex((line) => line.includes(key.toUpperCase()));
      if (row >= 0) tone([ROWS[row], COLUMNS[KEYS[row].indexOf(key.toUpperCase())]], TONE, at);
      at += TONE + GAP;
    }
  };

  const quiet = () => {
    window.speechSynthesis?.cancel();
    audio?.pause();
    audio = null;
  };

  // Whether the browser has a voice for the language. Some browsers load their voices late.
  const hasVoice = (language) => {
    const wanted = language.toLowerCase().split("-")[0];
    const voices = window.speechSynthesis?.getVoices() ?? [];
    return voices.some((voice) => voice.lang.toLowerCase().split(/[-_]/)[0] === wanted);
  };

  const speak = (text, language) => {
    audio?.pause();
    audio = null;
    if (!hasVoice(language)) {
      say(`This browser has no voice for ${language}: read the text in the transcript.`);
      return;
    }
    say("The sound is on.");
    const utterance = new SpeechSynthesisUtterance(text);
    utterance.lang = language;
    window.speechSynthesis.speak(utterance);
  };

  const play = (url, loops) => {
    quiet();
    const playing = new Audio(url);
    audio = playing;
    playing.loop = loops > 1;
    const failed = () => audio === playing && say(`This browser cannot play ${url}.`);
    playing.addEventListener("error", failed);
    playing.play().then(() => say("The sound is on."), failed);
  };

  const make = (entry) => {
    const { kind, language, audio: url, loops, text } = entry.dataset;
    if (language) speak(text, language);
    else if (url) play(url, Number(loops));
    else if (kind === "playing" && text.startsWith("tones ")) keyTones(text.slice("tones ".length));
    else if (kind === "recording" && text === "after the beep") tone(BEEP, BEEP_LENGTH);
    else if (QUIETING.includes(kind)) quiet();
  };

  const card = (call) => document.getElementById(`call-${call}`);
  const isLive = (element) => element && element.dataset.state !== "ended";
  const entriesOf = (element) => [...element.querySelectorAll("li[data-kind]")];

  // The phone that is heard: the chosen one while its call lasts, else the newest caller's.
  const heardCard = () => {
    if (isLive(card(chosen))) return card(chosen);
    return document.querySelector("#live article[data-side=callers]:not([data-state=ended])");
  };

  // Texts of the call are read as slowly as in reality from now on.
  const listen = (button) => {
    const csrf = document.querySelector("main input[name=csrf]")?.value ?? "";
    fetch(button.dataset.listen, { method: "POST", redirect: "manual", body: new URLSearchParams({ csrf }) }).catch(() => {});
  };

  // A phone begins to be heard: its latest sound is made, the earlier ones are over.
  const begin = (element) => {
    const entries = entriesOf(element);
    for (const entry of entries) handled.add(entry.id);
    handled.delete(entries.findLast((entry) => entry.dataset.language || entry.dataset.audio)?.id);
    const button = element.querySelector("button[data-listen]");
    if (button) listen(button);
  };

  const follow = () => {
    const element = on ? heardCard() : null;
    for (const button of document.querySelectorAll("#live button[data-hear]")) {
      button.setAttribute("aria-pressed", String(button.dataset.hear === element?.dataset.call));
    }
    if (heard !== (element?.dataset.call ?? "")) {
      quiet();
      heard = element?.dataset.call ?? "";
      if (element) begin(element);
    }
    document.dispatchEvent(new CustomEvent("phone-heard", { detail: heard }));
    for (const entry of element ? entriesOf(element) : []) {
      if (handled.has(entry.id)) continue;
      handled.add(entry.id);
      make(entry);
    }
  };

  const ring = () => {
    const rings = document.querySelector("#live article.ringing[data-side=workers]");
    const element = heardCard();
    const isRinging = element?.dataset.rings === "yes" || (rings && !element?.classList.contains("connected"));
    if (isRinging) tone(RING, RING_LENGTH);
  };

  const turn = (wanted) => {
    on = wanted;
    const button = document.getElementById("sound");
    button.setAttribute("aria-pressed", String(on));
    button.textContent = on ? "Turn the sound off" : "Turn the sound on";
    clearInterval(ringing);
    if (on) {
      context ??= new AudioContext();
      context.resume();
      ringing = setInterval(ring, RING_EVERY);
      ring();
    }
    say(on ? "The sound is on." : "The sound is off.");
    follow();
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.id === "sound") return turn(!on);
    if (button?.dataset.hear) {
      chosen = button.dataset.hear;
      return on ? follow() : turn(true);
    }
    if (on && button?.name === "digits") keyTones(button.value);
  });

  document.addEventListener("DOMContentLoaded", () => {
    document.getElementById("sound-controls")?.removeAttribute("hidden");
    // The voices are loaded when they are asked for the first time.
    window.speechSynthesis?.getVoices();
  });
  document.addEventListener("htmx:afterSwap", follow);
})();
