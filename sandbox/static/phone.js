/* One phone: its chat as the server renders it, and the hands on it. */

import { $, $$, closePopovers, made, narrow, newest, said, seen, send, unread } from "./page.js";
import { Picked } from "./picked.js";

export class Phone {
  /* `marks` is called when something was read */
  constructor(element, { role, seats }, marks) {
    this.el = element;
    this.marks = marks;
    this.role = role;
    this.seats = seats;
    this.log = $(".log", element);
    this.input = $("textarea", element);
    this.picked = new Picked(this);
    const kept = sessionStorage.getItem("seat:" + role);
    this.sit(seats.find((seat) => seat.key === kept) || seats[0]);
    this.listen();
  }

  get onView() { return !narrow.matches || this.el.classList.contains("active"); }

  sit(seat) {
    this.seat = seat;
    this.rev = 0;
    this.picked.clear();
    this.about(null);
    this.stuck = true;
    this.log.replaceChildren();
    this.log.dataset.empty = seat.start ? "还没有对话。\n点“开始”，就像扫了邀请码。" : "还没有对话。";
    $(".name", this.el).textContent = seat.name;
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
    this.closed = !chat.started || chat.blocked;
    $(".composer", this.el).hidden = this.closed;
    $(".more", this.el).hidden = this.closed;
    this.commands = chat.commands;
    this.keyboard(this.closed ? [] : chat.keyboard);
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
    this.marks();
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
    try { return await send("/control/act", { bot, user: Number(user), ...what }); }
    catch (error) { this.toast(`没有发出去：${said(error)}`); return null; }
  }

  async say(text) {
    const { doing, message } = this.aim;
    if (!text.trim()) return;
    this.about(null);
    if (doing === "edit") await this.act({ do: "edit", message, text });
    else await this.act({ do: "say", text, reply_to: message });
  }

  /* A key says its words, whatever is being written. */
  tapped(label) {
    if (this.aim.doing === "edit") this.about(null);
    this.say(label);
  }

  /* What is written next is about a message: an answer to it, or its new words. */
  about(doing, message = null) {
    const row = doing && $(`.message[data-id="${message}"]`, this.log);
    const words = row && $(".text", row)?.textContent || "";
    if (doing === "edit" || this.aim?.doing === "edit") this.input.value = doing === "edit" ? words : "";
    this.aim = { doing, message };
    $(".about", this.el).hidden = !doing;
    if (!doing) return;
    $(".about span", this.el).textContent = `${doing === "edit" ? "编辑" : "回复"}:${words}`;
    this.grow();
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
    if (dataset.say) this.tapped(dataset.say);
    else if (dataset.row) this.press(target);
    else if (dataset.reply) this.about("reply", Number(dataset.reply));
    else if (dataset.edit) this.about("edit", Number(dataset.edit));
    else if (dataset.act) this.act(JSON.parse(dataset.act));
    else if (dataset.seat) this.choose(dataset.seat);
    else if (classList.contains("spoiler")) classList.add("seen");
    else if (classList.contains("start")) this.act({ do: "start", payload: this.seat.start });
    else if (classList.contains("unblock")) this.act({ do: "unblock" });
    else if (classList.contains("tobottom")) this.toBottom();
    else if (classList.contains("menu")) this.open(target, ".commands", () => this.menu());
    else if (classList.contains("switch")) this.open(target, ".people", () => this.people(true));
    else if (classList.contains("attach")) this.open(target, ".attachments");
    else if (classList.contains("more")) this.open(target, ".others");
    else if (target.closest(".picked")) this.picked.clear();
    else if (target.closest(".about")) this.about(null);
    else if (target.closest(".alert")) { $(".alert", this.el).hidden = true; this.input.focus(); }
  }

  async send() {
    const text = this.input.value;
    if (!this.picked.any) {
      if (this.aim.doing !== "edit") this.input.value = "";
      await this.say(text);
      this.grow();
    } else if (await this.picked.send(text)) {
      this.input.value = "";
      this.grow();
    }
  }

  grow() {
    this.input.style.height = "38px";
    this.input.style.height = `${Math.min(this.input.scrollHeight + 2, 120)}px`;
  }

  open(button, selector, fill = () => $(`${selector} :is(button, input)`, this.el).focus()) {
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
    $(".commands", this.el).replaceChildren(...(rows.length ? rows : [made("p", "助手没有列出命令。")]));
    $(".commands button", this.el)?.focus();
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
