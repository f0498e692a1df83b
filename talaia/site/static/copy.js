// A tap on "#" or on the time of an entry copies that address; the link itself works as ever.
"use strict";
let quiet;

document.addEventListener("click", async event => {
  const link = event.target.closest(".here, .timeline h3 a"), told = document.querySelector("#copied");
  if (!link || !navigator.clipboard) return;
  try {
    await navigator.clipboard.writeText(link.href);
    told.textContent = told.dataset.copied;
    clearTimeout(quiet);
    quiet = setTimeout(() => told.textContent = "", 2500);
  } catch { /* not allowed: the address stands in the address bar */ }
});
