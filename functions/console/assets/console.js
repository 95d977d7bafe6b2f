// What the pages need beyond htmx: ticking clocks, changes that refresh #live, and open sections, typed text and focus
// that survive a refresh.
"use strict";
(() => {
  const SECOND = 1000;
  // The pause after a poll that failed, doubled with each failure up to the maximum.
  const RETRY = 2 * SECOND;
  const RETRY_MAX = 60 * SECOND;
  // A tab that is shown polls by itself when the leader has been silent for this many intervals.
  const SILENCE = 3;
  // State of the region that is being replaced: ids of its open sections, and values of its changed fields.
  let open = new Set();
  let typed = new Map();
  // The focused element of that region and the elements around it, by id, from the inside out.
  let focused = [];
  // The Tasks whose notes are being typed. The page keeps their cards when they end.
  const notes = new Set();
  // Whether the message in #refusal is about an action; otherwise it is about a failed refresh.
  let refusedAction = false;
  const startedAt = new WeakMap();

  const words = (seconds) => {
    const s = Math.max(0, Math.floor(seconds));
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
    if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
    return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
  };

  const tick = () => {
    for (const element of document.querySelectorAll("[data-age],[data-left]")) {
      if (!startedAt.has(element)) startedAt.set(element, performance.now());
      const passed = (performance.now() - startedAt.get(element)) / SECOND;
      const { age, left } = element.dataset;
      element.textContent = age === undefined ? words(Math.ceil(Number(left) - passed)) : words(Number(age) + passed);
    }
  };

  const announce = () => {
    const status = document.getElementById("announcement");
    const text = [...document.querySelectorAll("#live [data-announce]")].map((element) => element.textContent.trim()).join(" ");
    if (status && status.textContent !== text) status.textContent = text;
  };

  // Draws the plots in the colours of the page, as wide as their containers.
  const draw = () => {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    for (const element of document.querySelectorAll("[data-plot]:empty")) {
      const { labels, data } = JSON.parse(element.dataset.plot);
      const axis = { stroke: colour("--ink"), grid: { stroke: colour("--line") }, ticks: { stroke: colour("--line") } };
      const series = labels.map((label, at) => ({ label, stroke: colour(at ? "--danger" : "--accent"), width: 2 }));
      new uPlot({ width: element.clientWidth, height: 220, axes: [axis, axis], series: [{}, ...series] }, data, element);
    }
  };

  // The ids of an element and of the elements around it within #live.
  const path = (element) => {
    const ids = [];
    for (let at = element; at && at.id !== "live"; at = at.parentElement) if (at.id) ids.push(at.id);
    return element?.closest("#live") ? ids : [];
  };

  // The focused element was removed, for example the button that was pressed: the nearest element around it gets the focus.
  const refocus = () => {
    if (focused.length === 0 || document.activeElement !== document.body) return;
    const next = focused.map((id) => document.getElementById(id)).find((element) => element) ?? document.getElementById("main");
    if (next.tabIndex < 0) next.setAttribute("tabindex", "-1");
    next.focus({ preventScroll: true });
  };

  const sentForm = (config) => (config.verb === "post" ? config.elt.closest("form") : null);
  const noteOf = (form) => form?.querySelector("[data-note]")?.dataset.note;

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig } = event.detail;
    if (xhr.getResponseHeader("HX-Retarget") === "#refusal") refusedAction = requestConfig.verb === "post";
    else if (!refusedAction) document.getElementById("refusal")?.replaceChildren();
    open = new Set([...document.querySelectorAll("#live details[open][id]")].map((element) => element.id));
    // The values of the form that was sent are not restored.
    const form = sentForm(requestConfig);
    const fields = [...document.querySelectorAll("#live :is(textarea, input:not([type=hidden]), select)[id]")];
    const isTyped = (field) => field.value !== field.defaultValue && !form?.contains(field);
    typed = new Map(fields.filter(isTyped).map((field) => [field.id, field.value]));
    focused = path(document.activeElement);
  });

  document.addEventListener("htmx:afterSwap", () => {
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    for (const [id, value] of typed) {
      const field = document.getElementById(id);
      if (!field || field.value === value) continue;
      field.value = value;
      // A note that was not saved yet is saved by the new field.
      if (field.dataset.note) field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    tick();
    announce();
    draw();
  });

  document.addEventListener("htmx:afterSettle", refocus);

  document.addEventListener("htmx:configRequest", (event) => {
    const { verb, elt, headers } = event.detail;
    if (verb === "post") document.getElementById("refusal")?.replaceChildren();
    if (elt.matches("form")) notes.delete(noteOf(sentForm({ verb, elt })));
    if (notes.size > 0) headers["X-Notes"] = [...notes].join(",");
  });

  // A note that was refused is still being typed.
  document.addEventListener("htmx:afterRequest", (event) => {
    const { successful, requestConfig } = event.detail;
    const note = successful ? undefined : noteOf(sentForm(requestConfig));
    if (note) notes.add(note);
  });

  document.addEventListener("input", (event) => {
    if (event.target.dataset?.note) notes.add(event.target.dataset.note);
  });

  // A random pause after a failure: two browsers that were refused together do not return together.
  const backoff = (failures, answer) => {
    const longest = Math.min(RETRY_MAX, RETRY * 2 ** failures);
    const asked = Number(answer?.headers.get("Retry-After")) * SECOND || 0;
    return Math.max(asked, longest * (0.5 + Math.random() / 2));
  };

  // Follows the changes that refresh #live. A browser opens six connections to a host, so one tab, the leader, polls and
  // passes the answers on to the other tabs of the same session and Workspace. Without a secure context there is no lock,
  // and each tab polls for itself.
  const follow = (element) => {
    const { changes, worker, kinds } = element.dataset;
    const name = `cordboard changes ${document.body.getAttribute("hx-headers")}`;
    const channel = new BroadcastChannel(name);
    let cursor = element.dataset.since;
    let phones = element.dataset.phones === "yes";
    let leads = false;
    let polling = null;
    let paced = "";
    let failures = 0;
    // The interval of polls whose answers are not held; 0 if they are.
    let interval = 0;
    let heard = performance.now();
    // Ends the pause between two polls.
    let wake = () => {};
    const moment = (text) => Number.parseInt(text, 10);
    const pause = (millis) => new Promise((resolve) => setTimeout((wake = resolve), millis));

    const receive = (answer) => {
      heard = performance.now();
      interval = answer.wait_ms;
      if (moment(answer.cursor) >= moment(cursor)) cursor = answer.cursor;
      if (worker && answer.workers && !answer.workers.includes(worker)) return;
      for (const kind of answer.kinds) {
        if (kinds.includes(`changes:${kind}`)) element.dispatchEvent(new CustomEvent(`changes:${kind}`));
      }
    };

    const poll = async () => {
      polling = new AbortController();
      let answer;
      try {
        const query = `since=${cursor}${phones ? "&phones=yes" : ""}${paced}`;
        answer = await fetch(`${changes}?${query}`, { signal: polling.signal });
        if (answer.status === 401) return location.reload();
        if (!answer.ok) throw new Error(answer.statusText);
        const changed = await answer.json();
        paced = "&paced=yes";
        failures = 0;
        cursor = changed.cursor;
        channel.postMessage(changed);
        receive(changed);
      } catch {
        paced = "";
        if (!polling.signal.aborted) await new Promise((resolve) => setTimeout(resolve, backoff(failures++, answer)));
      }
      polling = null;
    };

    const lead = async () => {
      leads = true;
      channel.postMessage({ leads });
      for (;;) {
        await poll();
        if (interval && !failures) await pause(interval);
      }
    };

    // The timers of a hidden tab are slow. The leader polls as soon as it is shown; another tab that is shown does not wait
    // for a leader that is hidden.
    document.addEventListener("visibilitychange", () => document.hidden || wake());
    setInterval(() => {
      const isSilent = interval && performance.now() - heard > SILENCE * interval;
      if (isSilent && !leads && !polling && !document.hidden) poll();
    }, SECOND);

    // A tab that joins may have been rendered before the leader's cursor: the leader polls from there.
    channel.onmessage = ({ data }) => {
      if (data.kinds) receive(data);
      else if (data.leads) channel.postMessage({ since: cursor, phones });
      else if (leads && (moment(data.since) < moment(cursor) || (data.phones && !phones))) {
        if (moment(data.since) < moment(cursor)) cursor = data.since;
        phones ||= data.phones;
        polling?.abort();
      }
    };
    channel.postMessage({ since: cursor, phones });
    if (navigator.locks) navigator.locks.request(name, lead);
    else lead();
  };

  document.addEventListener("DOMContentLoaded", () => {
    tick();
    announce();
    const follower = document.getElementById("follow");
    if (follower) follow(follower);
    // The first field with an error gets the focus. A form with data-send is submitted by the script.
    document.querySelector("main [aria-invalid=true]")?.focus();
    document.querySelector("form[data-send]")?.requestSubmit();
  });
  setInterval(tick, SECOND);
})();
