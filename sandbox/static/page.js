/* What every part of the page needs. */

export const data = JSON.parse(document.getElementById("stage-data").textContent);
export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
export const narrow = matchMedia("(max-width: 699px)");

/* the newest message of the bot in each chat, and the newest that was looked at */
export const newest = { ...data.unread };
export const seen = { ...data.unread };
export const unread = (key) => (newest[key] || 0) > (seen[key] || 0);

const answerOf = async (response) => {
  const answer = await response.json().catch(() => ({ error: `${response.status} ${response.statusText}` }));
  if (!response.ok) throw new Error(answer.error);
  return answer;
};

export const send = async (path, body, method = "POST") => answerOf(await fetch(path, {
  method, headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body),
}));

export const upload = async (path, form) => answerOf(await fetch(path, { method: "POST", body: form }));

export const made = (tag, text, attributes = {}) => {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

const WORDS = {
  "stands there no more": "这个按钮已经不在了",
  "has blocked the bot": "这位已停用助手",
  "2 to 10": "一次最多10张照片,或10个文件",
  "no picture": "这个文件不是图片,请作为文件发",
  "long and narrow": "这张图太长太窄,请作为文件发",
  "is empty": "文件是空的",
  "nothing left": "改完要留下文字",
  413: "文件太大,最多50MB",
};
export const said = (error) => Object.entries(WORDS).find(([part]) => error.message.includes(part))?.[1] || error.message;

export function closePopovers() {
  $$(".popover").forEach((popover) => { popover.hidden = true; });
  $$("[aria-expanded]:not(.showpanel)").forEach((button) => button.setAttribute("aria-expanded", "false"));
  $(".clock")?.classList.remove("open");
}
