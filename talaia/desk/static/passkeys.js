// Passkeys. A form with data-passkey="get" or "create" asks the device and sends what it answers in the field
// "credential". What to ask is in data-question, or comes from the address in data-from when it is wanted.
"use strict";
(() => {
  if (!window.PublicKeyCredential) return;
  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const ask = async (form) => {
    const told = form.dataset.question
      ? JSON.parse(form.dataset.question)
      : await (await fetch(form.dataset.from, { headers: { Accept: "application/json" } })).json();
    const question = { ...told.publicKey, challenge: bytes(told.publicKey.challenge) };
    if (form.dataset.passkey === "create") {
      question.user = { ...question.user, id: bytes(question.user.id) };
      question.excludeCredentials = named(question.excludeCredentials);
      return navigator.credentials.create({ publicKey: question });
    }
    question.allowCredentials = named(question.allowCredentials);
    return navigator.credentials.get({ publicKey: question });
  };

  const written = (made) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"])
      if (made.response[name]) response[name] = text(made.response[name]);
    if (made.response.getTransports) response.transports = made.response.getTransports();
    const extensions = made.getClientExtensionResults();
    return JSON.stringify({
      id: made.id, rawId: text(made.rawId), type: made.type, response, clientExtensionResults: extensions,
      authenticatorAttachment: made.authenticatorAttachment,
    });
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const fault = form.querySelector("[data-fault]");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      fault.hidden = true;
      try {
        form.elements.credential.value = written(await ask(form));
      } catch {
        fault.hidden = false;
        return;
      }
      form.submit();
    });
  }
  for (const part of document.querySelectorAll("[data-without-passkeys]")) part.hidden = true;
})();
