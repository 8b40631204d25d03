/* The guided story above the phones. */

import { $, $$, data } from "./page.js";

let step = Number(sessionStorage.getItem("story") || 0) % (data.story.length || 1);

function tell(wanted, point) {
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

/* `point` marks the phone of a role, or none. */
export function startStory(point) {
  if (!data.story.length) return;
  const show = (shown) => {
    $("#story").hidden = !shown;
    $("#showstory").hidden = shown;
    sessionStorage.setItem("story:closed", shown ? "" : "1");
    if (shown) tell(step, point);
    else point("");
  };
  $$("[data-story]").forEach((b) => b.addEventListener("click", () => {
    if (b.dataset.story === "0") show(false);
    else tell(step + Number(b.dataset.story), point);
  }));
  $("#showstory").addEventListener("click", () => show(true));
  show(!sessionStorage.getItem("story:closed"));
}
