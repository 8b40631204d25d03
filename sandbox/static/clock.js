/* The clock in the top bar: shown between the server's ticks, stopped, hurried, moved on. */

import { $, $$, closePopovers, narrow, send } from "./page.js";

const face = { ms: 0, at: 0, speed: 1 };

export function setClock({ local_ms, speed }) {
  Object.assign(face, { ms: local_ms, at: performance.now(), speed });
  $$("[data-speed]").forEach((b) => b.setAttribute("aria-pressed", String(Number(b.dataset.speed) === speed)));
  if (!$("#moment").value) $("#moment").value = new Date(local_ms).toISOString().slice(0, 16);
  $("#pace").textContent = speed === 0 ? "停" : speed === 1 ? "" : `×${speed}`;
  draw();
}

function draw() {
  const now = new Date(face.ms + (performance.now() - face.at) * face.speed);
  const two = (n) => String(n).padStart(2, "0");
  const hours = `${two(now.getUTCHours())}:${two(now.getUTCMinutes())}`;
  const text = `${now.getUTCMonth() + 1}月${now.getUTCDate()}日 星期${"日一二三四五六"[now.getUTCDay()]} `
    + (face.speed > 60 || narrow.matches ? hours : `${hours}:${two(now.getUTCSeconds())}`);
  if ($("#clock").textContent !== text) $("#clock").textContent = text;
}

export function startClock(complain) {
  if (!$(".clock")) return;
  const drive = async (wanted) => {
    try { setClock(await send("/control/clock", wanted)); }
    catch (error) { complain(error.message); }
  };
  setInterval(draw, 250);
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
