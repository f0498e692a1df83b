// Keeps the front fresh: fetches the page anew and puts its <main> in place of ours. The page is complete without this.
(() => {
  "use strict";
  const age = document.getElementById("age");
  const button = document.getElementById("pause");
  if (!age || !button || !window.fetch) return;
  const every = Math.max(Number(document.getElementById("main").dataset.refresh) || 60, 15) * 1000;
  let paused = false;
  let timer = 0;

  const label = () => { button.textContent = paused ? button.dataset.resume : button.dataset.pause; };
  const say = (words) => { if (age.textContent !== words) age.textContent = words; };

  const tellAge = () => {
    const minutes = Math.floor((Date.now() - new Date(document.getElementById("main").dataset.made)) / 60000);
    say(minutes >= 3 ? button.dataset.old.replace("MINUTES", minutes) : "");
  };

  const refresh = async () => {
    try {
      const answer = await fetch(location.pathname, { cache: "no-cache", credentials: "omit" });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("main");
      const shown = document.getElementById("main");
      if (!fresh) throw new Error("no page");
      const changed = fresh.innerHTML !== shown.innerHTML;
      if (changed) {
        shown.replaceWith(document.adoptNode(fresh));
        document.title = page.title;
      } else {
        shown.dataset.made = fresh.dataset.made;
      }
      const made = page.querySelector(".made time");
      const ours = document.querySelector(".made time");
      if (made && ours) ours.replaceWith(document.adoptNode(made));
      tellAge();
      if (changed) say(button.dataset.new);
    } catch {
      tellAge();
    }
  };

  const tick = () => { if (!paused && !document.hidden) refresh(); };
  const start = () => { clearInterval(timer); timer = setInterval(tick, every); };

  button.addEventListener("click", () => { paused = !paused; label(); if (!paused) refresh(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && !paused) { refresh(); start(); } });
  label();
  button.hidden = false;
  tellAge();
  start();
})();
