// Keeps "/" fresh while it is looked at, and says when this copy is old.
"use strict";
const $ = (query, page = document) => page.querySelector(query);
const made = $("#made"), pause = $("#pause"), old = $("#old"), news = $("#news");
const times = page => [...page.querySelectorAll(".made")];
const bare = page => {
  const main = $("main", page).cloneNode(true);
  times(main).forEach(node => node.remove());
  return main.innerHTML;
};
let shown = bare(document), at = +made.dataset.made, paused;

function tellAge(now, words) {
  const age = now - at, long = age > 7200;
  const time = Intl.NumberFormat($("html").lang, { style: "unit", unit: long ? "hour" : "minute", unitDisplay: "long" })
    .format(Math.floor(age / (long ? 3600 : 60)));
  old.textContent = age > 180 ? words.replace("{time}", time) : "";
}

async function look() {
  if (paused || document.hidden) return;
  try {
    const answer = await fetch("", { cache: "no-cache" });
    if (!answer.ok) throw 0;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html"), next = bare(page);
    const held = document.activeElement.getAttribute("href");
    at = +$("#made", page).dataset.made;
    if (next != shown) {
      shown = next;
      $("main").innerHTML = $("main", page).innerHTML;
      document.title = page.title;
      $("[rel=icon]").href = $("[rel=icon]", page).href;
      if (held) $(`main [href="${held}"]`)?.focus();
      news.textContent = news.dataset.news + " " + $("h1").textContent;
    }
    times(document).forEach((node, n) => node.innerHTML = times(page)[n].innerHTML);
    // by the server's clock
    tellAge(Date.parse(answer.headers.get("date")) / 1000, old.dataset.old);
  } catch { tellAge(Date.now() / 1000, old.dataset.lost); }
}

pause.hidden = false;
pause.onclick = () => {
  paused = !paused;
  [pause.textContent, pause.dataset.resume] = [pause.dataset.resume, pause.textContent];
};
document.onvisibilitychange = look;
setInterval(look, made.dataset.every * 1000);
if (Date.now() / 1000 - at > 180) look();
