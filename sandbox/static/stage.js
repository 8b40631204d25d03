"use strict";

const data = JSON.parse(document.getElementById("stage-data").textContent);
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const narrow = matchMedia("(max-width: 699px)");
const newest = { ...data.unread };
const seen = { ...data.unread };

const post = async (path, body) => {
  const response = await fetch(path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
};

const made = (tag, text, attributes = {}) => {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

/* one phone */

class Phone {
  constructor(element, { role, seats }) {
    this.el = element;
    this.role = role;
    this.seats = seats;
    this.log = $(".log", element);
    this.input = $("textarea", element);
    const kept = sessionStorage.getItem("seat:" + role);
    this.sit(seats.find((seat) => seat.key === kept) || seats[0]);
    this.listen();
  }

  get onView() { return !narrow.matches || this.el.classList.contains("active"); }

  sit(seat) {
    this.seat = seat;
    this.rev = 0;
    this.replyTo = null;
    this.stuck = true;
    this.log.replaceChildren();
    this.log.dataset.empty = seat.start ? "还没有对话。\n点“开始”，就像扫了邀请码。" : "还没有对话。";
    $(".name", this.el).textContent = seat.name;
    $(".replying", this.el).hidden = true;
    $(".toast", this.el).hidden = true;
    sessionStorage.setItem("seat:" + this.role, seat.key);
    this.refresh();
  }

  async refresh() {
    if (this.loading) { this.again = true; return; }
    this.loading = true;
    const { seat, rev } = this;
    try {
      const response = await fetch(`/stage/chats/${seat.key}?after=${rev}`);
      if (response.ok && seat === this.seat) this.show(await response.json(), rev);
    } catch { this.later(); }
    this.loading = false;
    if (this.again || seat !== this.seat) { this.again = false; this.refresh(); }
  }

  later() { setTimeout(() => this.refresh(), 1500); }

  show(chat, after) {
    if (after !== this.rev) return;
    this.rev = chat.rev;
    this.patch(chat, after === 0);
    this.foot(chat);
    if (after > 0) chat.answers.forEach((answer) => this.answered(answer));
    this.read();
  }

  patch({ ids, changed }, first) {
    const atBottom = this.stuck;
    const wanted = new Set(ids.map(String));
    $$(".message", this.log).forEach((row) => wanted.has(row.dataset.id) || row.remove());
    const added = changed.filter((row) => this.place(row, first));
    if (first || atBottom || added.some(({ html }) => html.includes("message mine"))) this.toBottom();
    else if (added.length) $(".tobottom", this.el).hidden = false;
  }

  place({ id, html }, first) {
    const shell = document.createElement("template");
    shell.innerHTML = html.trim();
    const fresh = shell.content.firstElementChild;
    const old = $(`.message[data-id="${id}"]`, this.log);
    if (!old) {
      if (!first) fresh.classList.add("fresh");
      this.log.append(fresh);
      return true;
    }
    const focused = old.contains(document.activeElement);
    old.replaceWith(fresh);
    if (focused) ($(".key", fresh) || this.log).focus({ preventScroll: true });
    return false;
  }

  toBottom() {
    this.log.scrollTop = this.log.scrollHeight;
    this.stuck = true;
    $(".tobottom", this.el).hidden = true;
  }

  foot(chat) {
    $(".typing", this.el).hidden = !chat.typing;
    if (chat.typing) { clearTimeout(this.typed); this.typed = setTimeout(() => { $(".typing", this.el).hidden = true; }, 5000); }
    $(".start", this.el).hidden = chat.started;
    $(".unblock", this.el).hidden = !chat.blocked;
    $(".composer", this.el).hidden = !chat.started || chat.blocked;
    this.commands = chat.commands;
    this.keyboard(chat.blocked || !chat.started ? [] : chat.keyboard);
  }

  keyboard(rows) {
    const shown = JSON.stringify(rows);
    if (shown === this.keys) return;
    this.keys = shown;
    $(".keyboard", this.el).replaceChildren(...rows.map((labels) => {
      const row = made("div", "", { class: "keyrow" });
      row.append(...labels.map((label) => made("button", label, { type: "button", "data-say": label })));
      return row;
    }));
  }

  read() {
    if (this.onView) seen[this.seat.key] = newest[this.seat.key] || 0;
    marks();
  }

  answered({ text, alert }) {
    $$('.key[aria-busy="true"]', this.el).forEach((key) => key.removeAttribute("aria-busy"));
    if (text && alert) this.alert(text);
    else if (text) this.toast(text);
  }

  toast(text) {
    const toast = $(".toast", this.el);
    toast.textContent = text;
    toast.hidden = false;
    clearTimeout(this.toasted);
    this.toasted = setTimeout(() => { toast.hidden = true; }, 3200);
  }

  alert(text) {
    const box = $(".alert", this.el);
    $("p", box).textContent = text;
    box.hidden = false;
    $("button", box).focus();
  }

  async act(what) {
    const [bot, user] = this.seat.key.split("/");
    try { return await post("/control/act", { bot, user: Number(user), ...what }); }
    catch (error) { this.toast(`没有发出去：${said(error)}`); return null; }
  }

  async say(text) {
    if (!text.trim()) return;
    const reply = this.replyTo;
    this.reply(null);
    await this.act({ do: "say", text, reply_to: reply });
  }

  reply(id) {
    this.replyTo = id;
    $(".replying", this.el).hidden = !id;
    if (!id) return;
    $(".replying span", this.el).textContent = $(`.message[data-id="${id}"] .text`, this.log)?.textContent || "";
    this.input.focus();
  }

  async press(key) {
    key.setAttribute("aria-busy", "true");
    setTimeout(() => key.removeAttribute("aria-busy"), 6000);
    const message = Number(key.closest(".message").dataset.id);
    await this.act({ do: "press", message, row: Number(key.dataset.row), column: Number(key.dataset.column) });
  }

  listen() {
    this.el.addEventListener("click", (event) => this.clicked(event.target.closest("button, .spoiler")));
    $(".composer", this.el).addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.send(); }
    });
    this.input.addEventListener("input", () => this.grow());
    $(".people input", this.el)?.addEventListener("input", () => this.people());
    this.log.addEventListener("scroll", () => {
      if (this.log.clientHeight !== this.height) return;
      this.stuck = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 60;
      if (this.stuck) $(".tobottom", this.el).hidden = true;
    }, { passive: true });
    new ResizeObserver(() => {
      this.height = this.log.clientHeight;
      if (this.stuck) this.toBottom();
    }).observe(this.log);
  }

  clicked(target) {
    if (!target) return;
    const { dataset, classList } = target;
    if (dataset.say) this.say(dataset.say);
    else if (dataset.row) this.press(target);
    else if (dataset.reply) this.reply(Number(dataset.reply));
    else if (dataset.act) this.act(JSON.parse(dataset.act));
    else if (dataset.seat) this.choose(dataset.seat);
    else if (classList.contains("spoiler")) classList.add("seen");
    else if (classList.contains("start")) this.act({ do: "start", payload: this.seat.start });
    else if (classList.contains("unblock")) this.act({ do: "unblock" });
    else if (classList.contains("tobottom")) this.toBottom();
    else if (classList.contains("menu")) this.open(target, ".commands", () => this.menu());
    else if (classList.contains("switch")) this.open(target, ".people", () => this.people(true));
    else if (target.closest(".replying")) this.reply(null);
    else if (target.closest(".alert")) { $(".alert", this.el).hidden = true; this.input.focus(); }
  }

  send() {
    const text = this.input.value;
    this.input.value = "";
    this.grow();
    this.say(text);
  }

  grow() {
    this.input.style.height = "38px";
    this.input.style.height = `${Math.min(this.input.scrollHeight + 2, 120)}px`;
  }

  open(button, selector, fill) {
    const popover = $(selector, this.el);
    const wasOpen = !popover.hidden;
    closePopovers();
    if (wasOpen) return;
    popover.hidden = false;
    button.setAttribute("aria-expanded", "true");
    fill();
  }

  menu() {
    const rows = this.commands.map(({ command, description }) => {
      const button = made("button", "", { type: "button", "data-say": "/" + command });
      button.append(made("b", "/" + command), description);
      return button;
    });
    const more = [["发贴纸 👍", { do: "sticker" }], ["发语音 3″", { do: "voice" }], ["发照片", { do: "photo", name: "操场" }], ["停用这个助手", { do: "block" }]];
    const others = more.map(([label, what]) => made("button", label, { type: "button", "data-act": JSON.stringify(what) }));
    $(".commands", this.el).replaceChildren(...rows, ...(rows.length ? [made("hr", "")] : []), ...others);
    $(".commands button", this.el).focus();
  }

  people(opened = false) {
    const search = $(".people input", this.el);
    if (opened) { search.value = ""; search.focus(); }
    const wanted = search.value.trim().toLowerCase();
    const found = this.seats.filter((seat) => seat.name.toLowerCase().includes(wanted));
    $(".people ul", this.el).replaceChildren(...found.slice(0, 200).map((seat) => this.person(seat)));
    if (!found.length) $(".people ul", this.el).append(made("li", "没有找到"));
  }

  person(seat) {
    const row = made("li", "");
    const button = made("button", seat.name, { type: "button", "data-seat": seat.key });
    if (seat === this.seat) button.setAttribute("aria-current", "true");
    if (unread(seat.key)) button.append(made("i", "", { class: "dot" }));
    row.append(button);
    return row;
  }

  choose(key) {
    closePopovers();
    this.sit(this.seats.find((seat) => seat.key === key));
    $(".switch", this.el).focus();
  }
}

const WORDS = { "stands there no more": "这个按钮已经不在了", "has blocked the bot": "这位已停用助手" };
const said = (error) => Object.entries(WORDS).find(([part]) => error.message.includes(part))?.[1] || error.message;
const unread = (key) => (newest[key] || 0) > (seen[key] || 0);

const phones = $$(".phone").map((element, index) => new Phone(element, data.phones[index]));

function marks() {
  phones?.forEach((phone, index) => {
    $(`.tabs [data-tab="${index}"] .dot`).hidden = phone.onView || !unread(phone.seat.key);
    const others = $(".switch .dot", phone.el);
    if (others) others.hidden = !phone.seats.some((seat) => seat !== phone.seat && unread(seat.key));
  });
}

function closePopovers() {
  $$(".popover").forEach((popover) => { popover.hidden = true; });
  $$("[aria-expanded]").forEach((button) => button.setAttribute("aria-expanded", "false"));
  $(".clock")?.classList.remove("open");
}

document.addEventListener("click", (event) => {
  if (!event.target.closest(".popover input, .menu, .switch, .clock")) closePopovers();
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape") closePopovers(); });

/* tabs */

function tab(index) {
  $$(".tabs button").forEach((button, i) => button.setAttribute("aria-pressed", String(i === index)));
  phones.forEach((phone, i) => phone.el.classList.toggle("active", i === index));
  phones[index].toBottom();
  phones[index].read();
}
$$(".tabs button").forEach((button, index) => button.addEventListener("click", () => tab(index)));
narrow.addEventListener("change", () => phones.forEach((phone) => phone.read()));

/* clock */

const face = { ms: 0, at: 0, speed: 1 };

function setClock({ local_ms, speed }) {
  Object.assign(face, { ms: local_ms, at: performance.now(), speed });
  $$("[data-speed]").forEach((b) => b.setAttribute("aria-pressed", String(Number(b.dataset.speed) === speed)));
  if (!$("#moment").value) $("#moment").value = new Date(local_ms).toISOString().slice(0, 16);
  $("#pace").textContent = speed === 0 ? "停" : speed === 1 ? "" : `×${speed}`;
  drawClock();
}

function drawClock() {
  const now = new Date(face.ms + (performance.now() - face.at) * face.speed);
  const two = (n) => String(n).padStart(2, "0");
  const hours = `${two(now.getUTCHours())}:${two(now.getUTCMinutes())}`;
  const text = `${now.getUTCMonth() + 1}月${now.getUTCDate()}日 星期${"日一二三四五六"[now.getUTCDay()]} `
    + (face.speed > 60 || narrow.matches ? hours : `${hours}:${two(now.getUTCSeconds())}`);
  if ($("#clock").textContent !== text) $("#clock").textContent = text;
}

async function drive(wanted) {
  try { setClock(await post("/control/clock", wanted)); }
  catch (error) { phones[0]?.toast(error.message); }
}

if ($(".clock")) {
  setInterval(drawClock, 250);
  $$("[data-speed]").forEach((b) => b.addEventListener("click", () => drive({ speed: Number(b.dataset.speed) })));
  $$("[data-jump]").forEach((b) => b.addEventListener("click", () => drive({ jump: b.dataset.jump })));
  $(".jumpform").addEventListener("submit", (event) => { event.preventDefault(); drive({ jump: $("#moment").value }); });
  $(".clockface").addEventListener("click", () => {
    const open = !$(".clock").classList.contains("open");
    closePopovers();
    $(".clock").classList.toggle("open", open);
    $(".clockface").setAttribute("aria-expanded", String(open));
    if (open) $("#moment").value = new Date(face.ms).toISOString().slice(0, 16);
  });
}

/* story */

let step = Number(sessionStorage.getItem("story") || 0) % (data.story.length || 1);

function tell(wanted) {
  step = Math.max(0, Math.min(wanted, data.story.length - 1));
  sessionStorage.setItem("story", step);
  const { title, text, seat } = data.story[step];
  $("#story .count").textContent = `${step + 1}/${data.story.length}`;
  $("#story .storytitle").textContent = title;
  $("#story p").textContent = text;
  $('[data-story="-1"]').disabled = step === 0;
  $('[data-story="1"]').disabled = step === data.story.length - 1;
  point(seat);
}

function point(role) {
  phones.forEach((phone) => phone.el.classList.toggle("told", phone.role === role));
  const index = phones.findIndex((phone) => phone.role === role);
  if (index < 0) return;
  if (narrow.matches) tab(index);
  else phones[index].el.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function showStory(shown) {
  $("#story").hidden = !shown;
  $("#showstory").hidden = shown;
  sessionStorage.setItem("story:closed", shown ? "" : "1");
  if (shown) tell(step);
  else point("");
}

if (data.story.length) {
  $$("[data-story]").forEach((b) => b.addEventListener("click", () => {
    if (b.dataset.story === "0") showStory(false);
    else tell(step + Number(b.dataset.story));
  }));
  $("#showstory").addEventListener("click", () => showStory(true));
  showStory(!sessionStorage.getItem("story:closed"));
}

/* what changes elsewhere */

const events = new EventSource("/stage/events");
events.addEventListener("clock", (event) => setClock(JSON.parse(event.data)));
events.addEventListener("changed", (event) => {
  const changed = JSON.parse(event.data);
  Object.assign(newest, changed);
  phones.forEach((phone) => { if (phone.seat.key in changed) phone.refresh(); });
  marks();
});
events.addEventListener("open", () => phones.forEach((phone) => phone.refresh()));
marks();
document.body.dataset.ready = "1";
