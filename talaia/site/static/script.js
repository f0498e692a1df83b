// Keeps a page that speaks of now fresh while it is looked at, and says when this copy is old.
"use strict";
{  // apart: other scripts may stand beside it on a page
const $ = (query, page = document) => page.querySelector(query);
const made = $("#made"), { every, stale, status, lives, was, zone } = made.dataset;
const pause = $("#pause"), old = $("#old"), news = $("#news"), lang = $("html").lang.replace(/^en$/, "en-GB");
const times = page => [...page.querySelectorAll(".made")];
const bare = page => {
  const main = $("main", page).cloneNode(true);
  times(main).forEach(node => node.remove());
  return main.innerHTML;
};
let shown = bare(document), at = +made.dataset.made, paused, struck;

function tellAge(now, words) {
  const age = now - at, [unit, long] = age > 172800 ? ["day", 86400] : age > 7200 ? ["hour", 3600] : ["minute", 60];
  const time = Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay: "long" }).format(Math.floor(age / long));
  old.textContent = age > 3 * every ? words.replace("{time}", time) : "";
  if (age > stale && lives != null && !struck) strike(age);
}

// What was so is not so any more: nobody takes an old copy for news.
function strike(age) {
  const day = age > 43200 ? { day: "numeric", month: "long" } : {};
  const time = Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone, ...day })
    .format(at * 1000);
  const [before, after] = was.replace("{time}", time).split("{state}");
  struck = true;
  $("main").classList.add("stale");
  const now = ".word, .now .state, .uncovered .state, .headline h1 span, .touched .state, .facts dd > strong, .next";
  for (const node of $("main").querySelectorAll(now)) {
    const s = document.createElement("s");
    s.append(node.lastChild.cloneNode());
    node.lastChild.replaceWith(before, s, after);
  }
}

function show(page, next) {
  const held = document.activeElement.getAttribute("href");
  shown = next;
  struck = false;
  $("main").className = "";
  $("main").innerHTML = $("main", page).innerHTML;
  document.title = page.title;
  $("[rel=icon]").href = $("[rel=icon]", page).href;
  if (held) $(`main [href="${held}"]`)?.focus();
}

async function look() {
  if (paused || document.hidden) return;
  try {
    // Of the whole site the front page is renewed first, and status.json with it.
    const [page, state] = await Promise.all([lives && "", status].map(of => of == null ? of : fetch(of, { cache: "no-cache" })));
    if ([page, state].some(one => one && !one.ok)) throw 0;
    if (page) {
      const fresh = new DOMParser().parseFromString(await page.text(), "text/html"), next = bare(fresh);
      if (!status) at = +$("#made", fresh).dataset.made;
      if (next != shown || struck) {
        const same = next == shown;
        show(fresh, next);
        if (!same) news.textContent = news.dataset.news + " " + $("h1").textContent;
      }
      times(document).forEach((node, n) => node.innerHTML = times(fresh)[n].innerHTML);
    }
    if (state) at = Date.parse((await state.json()).made_at) / 1000;
    // by the server's clock
    tellAge((Date.parse((page || state).headers.get("date")) || Date.now()) / 1000, old.dataset.old);
  } catch { tellAge(Date.now() / 1000, old.dataset.lost); }
}

if (lives != null) pause.hidden = false;
pause.onclick = () => {
  paused = !paused;
  [pause.textContent, pause.dataset.resume] = [pause.dataset.resume, pause.textContent];
};
document.onvisibilitychange = look;
setInterval(look, every * 1000);
if (status || Date.now() / 1000 - at > 3 * every) look();
}
