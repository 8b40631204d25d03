/* The files chosen on one phone, until they are sent: one alone, or an album. */

import { $, made, said, upload } from "./page.js";

const MOST = 10;

export class Picked {
  constructor(phone) {
    this.phone = phone;
    this.el = $(".picked", phone.el);
    this.clear();
    phone.el.querySelectorAll("input[type=file]").forEach((input) => input.addEventListener("change", () => {
      this.take([...input.files], input.dataset.as);
      input.value = "";
    }));
    phone.el.addEventListener("paste", (event) => this.dropped(event, event.clipboardData));
    phone.el.addEventListener("dragover", (event) => event.preventDefault());
    phone.el.addEventListener("drop", (event) => this.dropped(event, event.dataTransfer));
  }

  get any() { return this.files.length > 0; }

  clear() {
    this.files?.forEach(({ url }) => URL.revokeObjectURL(url));
    this.files = [];
    this.show();
  }

  dropped(event, source) {
    const files = [...source.files];
    if (!files.length) return;
    event.preventDefault();
    this.take(files, files.every(({ type }) => type.startsWith("image/")) ? "photo" : "document");
  }

  take(files, kind) {
    if (!files.length || this.phone.closed) return;
    if (this.kind !== kind) this.clear();
    this.kind = kind;
    const room = MOST - this.files.length;
    if (files.length > room) this.phone.toast(`一次最多${MOST}个,多的没有选上`);
    this.files.push(...files.slice(0, room).map((file) => ({ file, url: URL.createObjectURL(file) })));
    this.show();
    this.phone.input.focus();
  }

  show() {
    this.el.hidden = !this.any;
    const shown = this.files.map(({ file, url }) => {
      const item = made("li", this.kind === "photo" ? "" : file.name);
      if (this.kind === "photo") item.append(made("img", "", { src: url, alt: file.name }));
      return item;
    });
    $("ul", this.el).replaceChildren(...shown);
    const count = this.files.length;
    $("span", this.el).textContent = this.kind === "photo" ? `${count}张照片` : `${count}个文件`;
    this.phone.input.placeholder = this.any ? "加一句说明" : "发消息";
  }

  async send(caption) {
    const [bot, user] = this.phone.seat.key.split("/");
    const form = new FormData();
    for (const [name, value] of Object.entries({ bot, user, caption, as: this.kind })) form.append(name, value);
    this.files.forEach(({ file }) => form.append("file", file));
    try {
      await upload("/control/files", form);
      this.clear();
      return true;
    } catch (error) {
      this.phone.toast(`没有发出去：${said(error)}`);
      return false;
    }
  }
}
