// Keeps a page up to date. The numbers per second come from /v1/live. For everything else the page
// is fetched again, and its elements with data-refresh replace the old ones.
"use strict";
(() => {
  const second = 1000;
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  const state = one("#state");
  const say = (kind, text) => {
    if (state.dataset.kind === kind) return;
    state.dataset.kind = kind;
    state.textContent = text;
  };

  // Fetches the page again.

  const focusable = "a, button, input, summary, [tabindex]";

  // Keeps what a person changed in the old element: open details, scroll positions, focus.
  function replace(old, next) {
    if (!document.getSelection().isCollapsed && old.contains(document.getSelection().anchorNode)) return;
    for (const details of all("details[id]", next)) {
      const before = document.getElementById(details.id);
      if (before && before.open) details.open = true;
    }
    if (old.innerHTML === next.innerHTML) return;
    const focus = all(focusable, old).indexOf(document.activeElement);
    const scrolled = all(".scroll", old).map((element) => [element.scrollLeft, element.scrollTop]);
    const fresh = document.adoptNode(next);
    old.replaceWith(fresh);
    all(".scroll", fresh).forEach((element, index) => {
      if (scrolled[index]) [element.scrollLeft, element.scrollTop] = scrolled[index];
    });
    if (focus >= 0) all(focusable, fresh)[focus]?.focus({ preventScroll: true });
  }

  async function refresh(parts) {
    const page = new URL(location);
    page.hash = "";
    if (parts) page.searchParams.set("parts", parts);
    const reply = await fetch(page, { cache: "no-store", signal: AbortSignal.timeout(10 * second) });
    if (!reply.ok) throw new Error(`status ${reply.status}`);
    const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
    for (const old of all("[data-refresh]")) {
      const next = fresh.getElementById(old.id);
      if (next) replace(old, next);
    }
  }

  // Repeats the work while the page is visible, one run after the other.
  function repeat(work, pause) {
    const turn = async () => {
      if (!document.hidden) {
        try { await work(); } catch { say("away", "Stint does not answer, retrying"); }
      }
      setTimeout(turn, pause);
    };
    setTimeout(turn, pause);
  }

  // The live feed.

  const kept = 60;
  const past = [];
  const lines = all("[data-line]");
  const scale = one("[data-scale]");
  const table = one("#pace-table");
  const count = new Intl.NumberFormat("en");
  const latency = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

  function roundUp(most) {
    const power = 10 ** Math.floor(Math.log10(Math.max(most, 5)));
    return [1, 2, 5, 10].map((step) => step * power).find((value) => value >= most);
  }

  function draw() {
    const top = roundUp(Math.max(...past.map((event) => Math.max(event.admitted, event.denied))));
    scale.textContent = `scale to ${count.format(top)}/s`;
    for (const line of lines) {
      line.setAttribute("points", past.map((event, index) => {
        const x = 10 * (kept - past.length + index);
        return `${x},${(119 - 118 * event[line.dataset.line] / top).toFixed(1)}`;
      }).join(" "));
    }
  }

  function list() {
    if (!table.open) return;
    one("tbody", table).replaceChildren(...past.toReversed().map((event) => {
      const row = document.createElement("tr");
      const time = document.createElement("th");
      time.scope = "row";
      time.textContent = new Date(event.at).toISOString().slice(11, 19);
      row.append(time, ...[event.admitted, event.denied, event.unavailable].map((value) => {
        const cell = document.createElement("td");
        cell.className = "number";
        cell.textContent = count.format(value);
        return cell;
      }));
      return row;
    }));
  }

  function show(event) {
    for (const element of all("[data-live]")) {
      const value = event[element.dataset.live];
      const format = element.dataset.live.endsWith("Ms") ? latency : count;
      element.textContent = value === undefined ? "–" : format.format(value);
    }
    past.push(event);
    if (past.length > kept) past.shift();
    draw();
    list();
  }

  function listen() {
    let feed;
    const open = () => {
      if (feed && feed.readyState !== EventSource.CLOSED) return;
      feed = new EventSource("/v1/live");
      feed.addEventListener("live", (event) => {
        say("live", "Live");
        show(JSON.parse(event.data));
      });
      feed.addEventListener("error", () => say("away", "Stint does not answer, retrying"));
    };
    // A hidden page needs no feed.
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) { feed.close(); past.length = 0; } else { open(); }
    });
    table.addEventListener("toggle", list);
    if (!document.hidden) open();
    setInterval(() => { if (!document.hidden) open(); }, 5 * second);
  }

  if (lines.length > 0) {
    listen();
    repeat(() => refresh(), 2 * second);
  } else if (one("[data-refresh]")) {
    repeat(async () => { await refresh("now"); say("live", "Live"); }, 2 * second);
    repeat(() => refresh(), 20 * second);
  }
})();
