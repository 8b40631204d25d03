/* The fault panel: script what goes wrong, take it back, switch the real limits on. */

import { $, made, send } from "./page.js";

const NEEDS = { retry_after: "等几秒 seconds", delay: "几秒 seconds", migrate_to_chat_id: "新群号 new chat" };

export class Panel {
  constructor(phones) {
    this.el = $("#panel");
    this.button = $("#showpanel");
    this.form = $("#faultform");
    this.phones = phones;
    this.listen();
    this.choose();
    this.refresh();
  }

  get fields() { return this.form.elements; }

  listen() {
    this.button.addEventListener("click", () => this.open(this.el.hidden));
    $(".close", this.el).addEventListener("click", () => { this.open(false); this.button.focus(); });
    this.el.addEventListener("keydown", (event) => { if (event.key === "Escape") this.open(false); });
    this.fields.mishap.addEventListener("change", () => this.choose());
    this.fields.always.addEventListener("change", () => { this.fields.times.disabled = this.fields.always.checked; });
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.add(); });
    $("#limits").addEventListener("change", (event) => this.tell("/control/limits", { on: event.target.checked }));
    $("#faults").addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (button?.dataset.remove) this.tell(`/control/faults/${button.dataset.remove}`, undefined, "DELETE");
      else if (button) this.tell("/control/faults", undefined, "DELETE");
    });
  }

  open(shown) {
    this.el.hidden = !shown;
    this.button.setAttribute("aria-expanded", String(shown));
    if (!shown) return;
    const seats = this.phones.map(({ role, seat }) => made("option", `${role} ${seat.name}`, { value: seat.key.split("/")[1] }));
    this.fields.chat_id.replaceChildren(made("option", "所有人", { value: "" }), ...seats);
    this.refresh();
    this.fields.mishap.focus();
  }

  choose() {
    const chosen = this.fields.mishap.selectedOptions[0];
    const [name, value] = JSON.parse(chosen.dataset.needs)[0] || [];
    $(".english", this.form).textContent = chosen.title;
    $(".need", this.form).hidden = !name;
    if (!name) return;
    $(".need span", this.form).textContent = NEEDS[name] || name;
    Object.assign(this.fields.need, { value });
  }

  async add() {
    const { mishap, method, chat_id: chat, times, after, always, need } = this.fields;
    const [name] = JSON.parse(mishap.selectedOptions[0].dataset.needs)[0] || [];
    const wanted = { mishap: mishap.value, method: method.value, after: Number(after.value) };
    wanted.times = always.checked ? -1 : Number(times.value);
    if (chat.value) wanted.chat_id = Number(chat.value);
    if (name) wanted[name] = Number(need.value);
    await this.tell("/control/faults", wanted);
  }

  async tell(path, body, method) {
    const problem = $(".problem", this.el);
    problem.hidden = true;
    try { await send(path, body, method); }
    catch (error) { Object.assign(problem, { textContent: error.message, hidden: false }); }
    await this.refresh();
  }

  async refresh() {
    const response = await fetch("/stage/line").catch(() => null);
    if (!response?.ok) return;
    const { html, limits, planned } = await response.json();
    $("#faults").innerHTML = html;
    $("#limits").checked = limits;
    $(".dot", this.button).hidden = !planned && !limits;
  }
}
