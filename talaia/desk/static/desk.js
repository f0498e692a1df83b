// The desk's only script, and every page is complete without it. It keeps what is being written (on this device at
// once, at the desk when it can be reached) and shows beside the form what everybody would read.
"use strict";

(() => {
  const MARK = "talaia draft";
  const [SHOW_AFTER, KEEP_AFTER, TRY_AGAIN] = [700, 2500, 15000]; // milliseconds

  const store = {
    read(name) { try { return JSON.parse(localStorage.getItem(name)); } catch { return null; } },
    write(name, value) { try { localStorage.setItem(name, JSON.stringify(value)); return true; } catch { return false; } },
    forget(name) { try { localStorage.removeItem(name); } catch { /* nothing is kept here */ } },
    names() { try { return Object.keys(localStorage).filter((name) => name.startsWith(MARK)); } catch { return []; } },
  };

  // What is out, or was thrown away, needs no draft any more.
  for (const told of document.querySelectorAll("[data-out]")) {
    const subject = told.dataset.out;
    if (subject) store.names().filter((name) => name.endsWith(` ${subject}`)).forEach(store.forget);
  }

  const form = document.querySelector("form.entry[data-subject]");
  if (!form) return;
  const name = `${MARK} ${form.dataset.person} ${form.dataset.subject}`;
  const line = form.querySelector(".kept");
  const aloud = form.querySelector(".aloud");
  const live = form.querySelector(".live");
  const offer = document.getElementById("on-this-phone");
  let keeping, showing, leaving = false, sent = "", shown = "";

  const fields = () => {
    const given = Object.fromEntries(new FormData(form));
    delete given.csrfmiddlewaretoken;
    return given;
  };
  const words = (given) => Object.entries(given)
    .filter(([field]) => /^(title|text|cause)/.test(field)).map(([, value]) => value).filter(Boolean).join(" · ");
  const say = (text) => { if (line.textContent !== text) line.textContent = text; };

  async function ask(button, more = {}) {
    const body = new FormData(form);
    body.append(button, "1");
    return fetch(form.action, { method: "POST", body, headers: { "X-Desk": "script" }, ...more });
  }

  function write() {
    if (store.write(name, { at: Date.now(), fields: fields() })) say(line.dataset.here);
  }

  async function keep(more) {
    clearTimeout(keeping);
    const now = JSON.stringify(fields());
    if (leaving || now === sent || !words(fields())) return;
    try {
      const answer = await ask("keep", more);
      if (!(answer.headers.get("Content-Type") || "").startsWith("application/json")) {
        say(line.dataset.loggedOut);
        return;
      }
      const told = await answer.json();
      sent = now;
      if (told.out) store.forget(name);
      if (!leaving && now === JSON.stringify(fields())) say(told.kept);
    } catch {
      if (leaving) return;
      say(line.dataset.outOfReach);
      keeping = setTimeout(keep, TRY_AGAIN);
    }
  }

  async function show() {
    if (!form.elements.text.value.trim()) { live.replaceChildren(); return; }
    try {
      const answer = await ask("preview");
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const preview = page.getElementById("preview");
      if (!answer.ok || answer.redirected || !preview || leaving) return;
      if (preview.innerHTML === shown) return;
      shown = preview.innerHTML;
      live.replaceChildren(preview);
      aloud.textContent = line.dataset.shown;
      setTimeout(() => { aloud.textContent = ""; }, 4000);
    } catch { /* out of reach: the line below says so */ }
  }

  function changed() {
    write();
    clearTimeout(keeping);
    clearTimeout(showing);
    keeping = setTimeout(keep, KEEP_AFTER);
    showing = setTimeout(show, SHOW_AFTER);
  }

  function putBack(given) {
    for (const [field, value] of Object.entries(given)) {
      const found = form.elements[field];
      if (!found || field === "csrfmiddlewaretoken") continue;
      if (found.type === "checkbox") found.checked = true;
      else found.value = value;
    }
    for (const fold of form.querySelectorAll("details")) {
      if ([...fold.querySelectorAll("input[type=text], textarea")].some((field) => field.value)) fold.open = true;
    }
    changed();
  }

  const before = store.read(name);
  if (before && words(before.fields) && words(before.fields) !== words(fields())) {
    const theirs = document.querySelector("[data-kept]");
    if (!theirs || Date.parse(theirs.dataset.kept) <= before.at) {
      theirs?.remove();
      const text = words(before.fields);
      offer.querySelector("span").textContent = text.length > 90 ? `${text.slice(0, 89).trimEnd()}…` : text;
      offer.hidden = false;
      offer.addEventListener("click", (event) => {
        const wish = event.target.value;
        if (wish !== "put-back" && wish !== "forget") return;
        offer.hidden = true;
        if (wish === "put-back") putBack(before.fields); else store.forget(name);
        form.elements[form.elements.title ? "title" : "text"].focus();
      });
    }
  }

  form.addEventListener("input", changed);
  form.addEventListener("submit", () => { leaving = true; clearTimeout(keeping); clearTimeout(showing); });
  addEventListener("online", () => keep());
  addEventListener("pageshow", () => { leaving = false; });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" && sent !== JSON.stringify(fields()) && store.read(name)) keep({ keepalive: true });
  });
})();
