/* The stage: all phones, live, and what stands around them. */

import { setClock, startClock } from "./clock.js";
import { $, $$, closePopovers, data, narrow, newest, unread } from "./page.js";
import { Panel } from "./panel.js";
import { Phone } from "./phone.js";
import { startStory } from "./story.js";

const phones = [];

function marks() {
  phones.forEach((phone, index) => {
    $(`.tabs [data-tab="${index}"] .dot`).hidden = phone.onView || !unread(phone.seat.key);
    const others = $(".switch .dot", phone.el);
    if (others) others.hidden = !phone.seats.some((seat) => seat !== phone.seat && unread(seat.key));
  });
}

$$(".phone").forEach((element, index) => phones.push(new Phone(element, data.phones[index], marks)));
const panel = new Panel(phones);

document.addEventListener("click", (event) => {
  if (!event.target.closest(".popover input, .popover label, .menu, .attach, .more, .switch, .clock")) closePopovers();
});
document.addEventListener("change", (event) => { if (event.target.type === "file") closePopovers(); });
document.addEventListener("keydown", (event) => { if (event.key === "Escape") closePopovers(); });

/* one phone at a time where there is no room for more */

function tab(index) {
  $$(".tabs button").forEach((button, i) => button.setAttribute("aria-pressed", String(i === index)));
  $$(".tabs button")[index].scrollIntoView({ block: "nearest", inline: "nearest" });
  phones.forEach((phone, i) => phone.el.classList.toggle("active", i === index));
  phones[index].toBottom();
  phones[index].read();
}
$$(".tabs button").forEach((button, index) => button.addEventListener("click", () => tab(index)));
narrow.addEventListener("change", () => phones.forEach((phone) => phone.read()));

startStory((role) => {
  phones.forEach((phone) => phone.el.classList.toggle("told", phone.role === role));
  const index = phones.findIndex((phone) => phone.role === role);
  if (index < 0) return;
  if (narrow.matches) tab(index);
  else phones[index].el.scrollIntoView({ block: "nearest", inline: "nearest" });
});
startClock((words) => phones[0]?.toast(words));

/* what changes elsewhere */

const events = new EventSource("/stage/events");
events.addEventListener("clock", (event) => setClock(JSON.parse(event.data)));
events.addEventListener("line", () => panel.refresh());
events.addEventListener("changed", (event) => {
  const changed = JSON.parse(event.data);
  Object.assign(newest, changed);
  phones.forEach((phone) => { if (phone.seat.key in changed) phone.refresh(); });
  marks();
});
events.addEventListener("open", () => phones.forEach((phone) => phone.refresh()));
marks();
document.body.dataset.ready = "1";
