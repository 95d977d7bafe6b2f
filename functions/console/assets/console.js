// What the pages need beyond htmx: ticking clocks, and open sections and typed text that survive a refresh of #live.
"use strict";
(() => {
  const SECOND = 1000;
  // State of the region that is being replaced: ids of its open sections, and values of its changed fields.
  let open = new Set();
  let typed = new Map();
  let sent = false;
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

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.getResponseHeader("HX-Retarget") === "#refusal") refusedAction = event.detail.requestConfig.verb === "post";
    else if (!refusedAction) document.getElementById("refusal")?.replaceChildren();
    open = new Set([...document.querySelectorAll("#live details[open][id]")].map((element) => element.id));
    const fields = document.querySelectorAll("#live :is(textarea, input:not([type=hidden]), select)[id]");
    typed = new Map(sent ? [] : [...fields].filter((field) => field.value !== field.defaultValue).map((field) => [field.id, field.value]));
  });

  document.addEventListener("htmx:afterSwap", () => {
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    for (const [id, value] of typed) {
      const field = document.getElementById(id);
      if (field) field.value = value;
    }
    tick();
    announce();
    draw();
  });

  // The values of a form that was sent are not restored.
  document.addEventListener("htmx:configRequest", (event) => {
    sent = event.detail.verb === "post";
    if (sent) document.getElementById("refusal")?.replaceChildren();
  });

  document.addEventListener("DOMContentLoaded", () => {
    tick();
    announce();
    // The first field with an error gets the focus. A form with data-send is submitted by the script.
    document.querySelector("main [aria-invalid=true]")?.focus();
    document.querySelector("form[data-send]")?.requestSubmit();
  });
  setInterval(tick, SECOND);
})();
