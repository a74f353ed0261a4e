// What pages do beside following links and sending forms. All of it can be done without: it only saves time.
"use strict";

// The reader's time zone, told to the server from the next page on.
if (document.body.hasAttribute("data-zone-unknown")) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) {
    document.cookie = `__Host-ostiary-zone=${encodeURIComponent(zone)}; Path=/; Secure; SameSite=Lax; Max-Age=31536000`;
  }
}

// A part that is refused has its reason on a page of its own; what keeps itself up to date says that it is not.
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.elt.matches("form")) window.location.assign(event.detail.pathInfo.finalRequestPath);
});
document.addEventListener("htmx:afterRequest", (event) => {
  const note = document.querySelector("[data-when-stale]");
  if (note) note.hidden = event.detail.successful;
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  if (source) navigator.clipboard.writeText(source.textContent).then(() => button.setAttribute("data-copied", ""));
});
