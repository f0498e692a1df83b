// Searches the history in the browser: fetches small files, the latest first, and no more of them than are needed.
"use strict";
const box = document.querySelector("#search"), words = box.dataset, lang = document.documentElement.lang;
const ENOUGH = 20, AT_ONCE = 12;
const make = (tag, given = {}, ...inside) => {
  const node = Object.assign(document.createElement(tag), given);
  node.append(...inside);
  return node;
};
// Without accents, case and what is not seen: "Col·lapse" is found by "collapse" and "col.lapse", "Barça" by "barca".
const plain = text => text.normalize("NFKD").replace(/[\p{M}\p{Cf}·‧•∙⋅]/gu, "").replace(/(?<=l)\.(?=l)/gi, "")
  .replace(/[’‘ʼʹ'`]/g, " ").replace(/[‐‑‒–—―−]/g, "-").toLowerCase().replace(/ß/g, "ss").replace(/ı/g, "i").replace(/ς/g, "σ");

const input = make("input", { type: "search", id: "sought", name: "q", autocomplete: "off", enterKeyHint: "search" });
const form = make("form", { role: "search" }, make("label", { htmlFor: "sought", textContent: words.label }), input,
  make("button", { type: "submit", textContent: words.button }));
const told = make("p", { className: "about", role: "status" }), found = make("ul", { className: "events" });
const more = make("button", { type: "button", textContent: words.more, hidden: true });
box.append(form, told, found, more);
box.hidden = false;

let files, asked = 0;
const loaded = new Map();
const fetched = async address => {
  const answer = await fetch(address);
  if (!answer.ok) throw Error(answer.status);
  return answer.json();
};
const events = async name => {
  if (!loaded.has(name)) loaded.set(name, (await fetched(`/search/${lang}/${name}.json`))
    .map(event => ({ ...event, all: plain([event.t, ...event.s, ...event.x.map(part => part[1])].join(" ")) })));
  return loaded.get(name);
};

function line(event, terms) {
  const score = part => terms.filter(term => plain(part[1]).includes(term)).length;
  const part = event.x.reduce((best, one) => score(one) > score(best) ? one : best, ["", ""]);
  const to = event.p + (part[0] ? "#" + part[0] : "");
  const at = Math.max(0, plain(part[1]).indexOf(terms.find(term => plain(part[1]).includes(term))) - 60);
  const sign = document.querySelector(`#${event.k || "none"}`);
  const shape = make("span");
  if (sign) shape.innerHTML = `<svg class="shape ${event.k}" aria-hidden="true"><use href="#${event.k}"/></svg>`;
  const says = part[1] && score(part) ? (at ? "…" : "") + part[1].slice(at, at + 160) : "";
  return make("li", {}, ...shape.childNodes, make("p", {}, make("a", { href: to, textContent: event.t })),
    make("p", { className: "about", textContent: [event.d, words[event.k], event.s.join(", ")].filter(Boolean).join(" · ") }),
    ...(says ? [make("p", { className: "says", textContent: says })] : []));
}

async function search(from = 0) {
  const mine = ++asked, terms = plain(input.value).split(/\s+/).filter(Boolean);
  if (!from) found.replaceChildren();
  more.hidden = true;
  told.textContent = "";
  if (!terms.length) return;
  try {
    files ??= await fetched("/search/files.json");
    let at = from, hits = 0;
    for (; at < files.length && at < from + AT_ONCE && hits < ENOUGH; at++) {
      const some = await events(files[at]);
      if (mine != asked) return;
      for (const event of some) if (terms.every(term => event.all.includes(term))) {
        found.append(line(event, terms));
        hits++;
      }
    }
    more.hidden = at >= files.length;
    more.onclick = () => search(at);
    told.textContent = (found.children.length ? words.some : words.none).replace("{count}", found.children.length)
      .replace("{since}", files[Math.max(at - 1, 0)] ?? "");
  } catch { told.textContent = words.lost; }
}

form.onsubmit = event => {
  event.preventDefault();
  history.replaceState(null, "", input.value ? "?q=" + encodeURIComponent(input.value) : location.pathname);
  search();
};
input.value = new URLSearchParams(location.search).get("q") ?? "";
if (input.value) search();
