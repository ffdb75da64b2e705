"use strict";
// What comes from a study is put into the page as text alone: no markup of it is ever made.

const REASONS = ["not in a language that I read", "no words: a link, a picture, a mark", "cannot be understood without what is missing", "I know who wrote it"];
const NAMES = { training: "Training", sample: "Sample", topics: "Topics" };
const el = (id) => document.getElementById(id);
const study = { classes: [], rounds: {} };
let coder = "", round = "", items = [], at = 0, busy = false, beside = "", chosen = [];

function make(tag, text, more = {}) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  for (const [name, value] of Object.entries(more)) name in made ? (made[name] = value) : made.setAttribute(name, value);
  return made;
}

async function ask(what, given) {
  const keep = given && given.post;
  const url = keep ? what : `${what}?${new URLSearchParams(given || {})}`;
  let answer;
  try {
    answer = await fetch(url, keep ? { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(given.post) } : {});
  } catch {
    throw new Error("The command behind this page has ended. What was kept is kept; start threadline code again, and open the address that it says.");
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.error || `It was not kept (${answer.status}).`);
  return body;
}

async function attempt(work) {
  try {
    await work();
    el("trouble").hidden = true;
  } catch (error) {
    el("trouble").textContent = error.message;
    el("trouble").hidden = false;
  }
}

// What is kept is kept one after the other: a second key while the first is kept is not taken for the next comment.
async function once(work) {
  if (busy) return;
  busy = true;
  await attempt(work);
  busy = false;
}

function only(section) {
  for (const one of ["start", "choice", "coding", "end"]) el(one).hidden = one !== section;
  el("how-far").hidden = section === "start" || section === "choice";
}

function shown(value) { return value === null ? "" : value.toFixed(2).replace("-", "−"); }

function tell(progress) {
  study.rounds[round] = progress;
  el("round").textContent = NAMES[round];
  el("progress").max = progress.n;
  el("progress").value = progress.coded + progress.skipped;
  el("counts").textContent = `${progress.coded} of ${progress.n} coded` + (progress.skipped ? `, ${progress.skipped} skipped` : "");
  const said = progress.alphas.filter((one) => one.alpha !== null).map((one) => {
    const ends = one.low === null ? "" : ` (${shown(one.low)} to ${shown(one.high)})`;
    return `${one.of} alpha ${shown(one.alpha)}${ends}, `.trimStart();
  });
  el("alpha").textContent = progress.both ? `${said.join("")}${said.length ? "of " : ""}${progress.both} coded by two` : "";
}

// ------------------------------------------------------------------------------------------------- who, and what

async function begin(name) {
  const given = await ask("begin", { coder: name });
  Object.assign(study, given);
  coder = given.coder;
  document.title = el("title").textContent = `Coding: ${given.title}`;
  if (!coder) return start();
  history.replaceState(null, "", `#${coder}`); // a page within another site's, as JupyterLab's of localhost, has no storage
  el("who").textContent = `${coder} codes ${given.measure}`;
  choose();
}

function start() {
  el("coders").replaceChildren(...study.coders.map((name) => {
    const row = make("li");
    row.append(make("button", name, { type: "button", onclick: () => once(() => begin(name)) }));
    return row;
  }));
  el("known").hidden = !study.coders.length;
  only("start");
  el("name").focus();
}

function way(text, about, go) {
  const row = make("li"), button = make("button", text, { type: "button", onclick: go });
  row.append(button, make("div", about, { className: "soft" }));
  return row;
}

function choose() {
  const { training, sample, topics } = study.rounds, done = (of) => of.coded + of.skipped;
  const left = (of) => `${done(of)} of ${of.n} done.`;
  const ways = [];
  if (training.n) ways.push(way(done(training) ? "Go on with the training" : "Train first", `${left(training)} These comments count nowhere. At the end you see where coders differ, and may make the codebook clearer.`, () => once(() => open("training"))));
  ways.push(way(done(sample) ? "Go on with the sample" : "Code the sample", `${left(sample)} Everybody codes the same comments, alone.`, () => once(() => open("sample"))));
  if (training.n && done(training) >= training.n) ways.reverse();
  if (topics) ways.push(way("Find the odd word of each topic", `${left(topics)} Of six words one is of another topic. Who finds it sees what the topic is.`, () => once(() => open("topics"))));
  el("rounds").replaceChildren(...ways);
  only("choice");
  el("rounds").querySelector("button").focus();
}

async function open(which) {
  items = await ask("comments", { round: which, coder });
  round = which;
  tell(study.rounds[round]);
  next(0);
}

// ------------------------------------------------------------------------------------------------------ one comment

const isDone = (item) => item.code !== "" || item.skipped !== "";
const several = () => study.several && round !== "topics";
const keys = (item) => item.choices ? item.choices.map((name, i) => ({ name, cell: String(i + 1) })) : study.classes;
const nameOf = (item) => keys(item).filter((one) => item.code.split("|").includes(one.cell)).map((one) => one.name).join(", ") || "none of them";

function next(from) {
  const order = [...items.keys()], ahead = order.slice(from).concat(order.slice(0, from)).find((i) => !isDone(items[i]));
  if (ahead === undefined) return end();
  return look(ahead);
}

function look(i) {
  at = i;
  const item = items[i];
  chosen = item.code && item.code !== "none" ? item.code.split("|") : [];
  el("place").textContent = `Comment ${i + 1} of ${items.length}`;
  el("text").textContent = item.text || "(no words)";
  el("state").textContent = item.code ? `Coded ${nameOf(item)}.` : item.skipped ? `Skipped: ${item.skipped}` : "";
  const ways = keys(item).map((one, n) => [one.name, String(n + 1), one.cell]);
  if (several()) ways.push(["Keep, and on", "Enter", ""]);
  el("classes").replaceChildren(...ways.map(([name, key, cell]) => {
    const button = make("button", name, { type: "button", onclick: () => press(key) });
    if (cell) button.setAttribute("aria-pressed", String(chosen.includes(cell)));
    button.append(make("kbd", key));
    return button;
  }));
  for (const key of ["t", "a"]) document.querySelector(`.tools [data-key=${key}]`).hidden = Boolean(item.choices);
  only("coding");
  el("comment").focus({ preventScroll: true });
  window.scrollTo(0, 0);
  if (item.choices && beside) { beside = ""; unfold(); }
  if (beside && beside !== "c") attempt(() => show(beside));
}

// Of several labels a key chooses one, or takes it back; Enter keeps them.
function toggle(cell) {
  chosen = chosen.includes(cell) ? chosen.filter((one) => one !== cell) : [...chosen, cell];
  study.classes.forEach((one, n) => el("classes").children[n].setAttribute("aria-pressed", String(chosen.includes(one.cell))));
  el("comment").focus({ preventScroll: true });
  el("state").textContent = chosen.length ? `${chosen.join(", ")}: Enter keeps it.` : "None of them: Enter keeps it.";
}

async function say(code, skipped) {
  const item = items[at];
  tell(await ask("say", { post: { round, coder, comment: item.id, code, skipped } }));
  Object.assign(item, { code, skipped });
  next(at + 1);
}

async function undo() {
  const given = await ask("undo", { post: { round, coder } });
  tell(given);
  const i = items.findIndex((item) => item.id === given.undone);
  if (i < 0) return;
  Object.assign(items[i], { code: "", skipped: "" });
  look(i);
}

function skip() {
  el("reasons").replaceChildren(...REASONS.map((reason) => {
    const row = make("li");
    row.append(make("button", reason, { type: "button", onclick: () => leave(reason) }));
    return row;
  }));
  el("reason").value = "";
  el("skip").showModal();
}

function leave(reason) {
  el("skip").close();
  if (reason.trim()) once(() => say("", reason.trim()));
}

// ------------------------------------------------------------------------------------------------- beside the comment

async function show(what) {
  beside = what;
  const panel = el("beside"), comment = items[at].id;
  const found = what === "c" ? await ask("codebook") : await ask("around", { comment });
  if (beside !== what || items[at].id !== comment) return;
  if (what === "c") panel.replaceChildren(...codebook(found));
  else {
    const title = make("h2", what === "t" ? "The thread" : found.title || "The article");
    if (what === "a") panel.replaceChildren(title, make("div", found.text || "Nothing of the article is known.", { className: "words", dir: "auto" }));
    else panel.replaceChildren(title, make("p", `${found.thread.length} of ${found.n} comments`, { className: "what" }), ...found.thread.map((one) => {
      const block = make("div", "", { className: one.here ? "of here" : "of", dir: "auto" });
      if (one.here || one.answered) block.append(make("div", one.here ? "this one" : "which it answers", { className: "what" }));
      block.append(make("div", one.text || "(no words)"));
      return block;
    }));
  }
  panel.hidden = false;
  panel.scrollTop = 0;
  const here = panel.querySelector(".here");
  if (here) panel.scrollTop = here.offsetTop - panel.offsetTop - 40;
  unfold();
}

function unfold() {
  el("beside").hidden = !beside;
  document.querySelector(".desk").classList.toggle("wide", Boolean(beside));
  for (const button of document.querySelectorAll(".tools [aria-expanded]")) button.setAttribute("aria-expanded", String(button.dataset.key === beside));
}

// Headings, lists and paragraphs of the codebook; all else of Markdown stays as it is written.
function markdown(text) {
  const made = [];
  let list = null, words = null;
  for (const line of text.split("\n")) {
    const heading = /^(#{1,4})\s+(.*)/.exec(line), entry = /^\s*[-*]\s+(.*)/.exec(line);
    if (heading) { made.push(make(heading[1].length < 2 ? "h2" : "h3", heading[2])); list = words = null; }
    else if (entry) { if (!list) made.push((list = make("ul"))); list.append(make("li", entry[1])); words = null; }
    else if (!line.trim()) list = words = null;
    else if (words) words.textContent += ` ${line.trim()}`;
    else { made.push((words = make("p", line.trim()))); list = null; }
  }
  return made;
}

function codebook(book) {
  const change = make("button", "Change it", { type: "button", onclick: () => edit(book) });
  return [...markdown(book.text), change];
}

function edit(book) {
  const area = make("textarea", "", { value: book.text, ariaLabel: "The codebook" });
  area.setAttribute("aria-label", "The codebook");
  const note = make("p", "All coders see the same text: codebook.md in the study's folder.", { className: "soft" });
  const keep = make("button", "Keep", { type: "button", onclick: () => once(async () => {
    const now = await ask("write_codebook", { post: { text: area.value, version: book.version } });
    if (now.changed) {
      book = now;
      note.textContent = "Somebody else changed it in the meantime. Their text is below yours: put the two together, and keep it.";
      area.value += `\n\n--- as it is now ---\n\n${now.text}`;
    } else el("beside").replaceChildren(...codebook(now));
  }) });
  const not = make("button", "Do not", { type: "button", onclick: () => attempt(() => show("c")) });
  el("beside").replaceChildren(make("h2", "The codebook"), note, area, keep, not);
  area.focus();
}

// -------------------------------------------------------------------------------------------------------- all is done

async function end() {
  const training = round === "training", progress = study.rounds[round], ways = [];
  const differ = training ? await ask("compare", { coder }) : [];
  el("end-title").textContent = `The ${round === "topics" ? "round of topics" : round} is done`;
  const others = Object.keys(progress.by).filter((name) => name !== coder).length;
  el("end-text").textContent = training
    ? !others ? "Nobody else has done it yet. When they have, this page shows where you differ."
      : differ.length ? `Coders differ on ${differ.length} of ${progress.both} comments. Talk about them, and make the codebook clearer.`
        : "On what two have coded, all coders agree."
    : "Thank you. threadline report shows what the codes say.";
  el("differ").replaceChildren(...(differ.length ? [table(differ)] : []));
  const skipped = items.filter((item) => item.skipped);
  if (skipped.length) ways.push(way("Look at what was skipped", `${skipped.length} comments`, () => look(items.indexOf(skipped[0]))));
  ways.push(way("Look again from the first", "A code that is given again takes the place of the one before.", () => look(0)));
  ways.push(way("Another round", "", () => once(() => begin(coder))));
  el("next").replaceChildren(...ways);
  only("end");
  el("end").focus();
}

function table(rows) {
  const made = make("table"), head = make("tr"), names = [...new Set(rows.flatMap((row) => row.codes.map(([who]) => who)))];
  head.append(...["Comment", ...names].map((name) => make("th", name, { scope: "col" })));
  made.append(make("caption", "Where coders differ"), head, ...rows.map((row) => {
    const line = make("tr"), codes = Object.fromEntries(row.codes);
    line.append(make("td", row.text, { className: "words", dir: "auto" }), ...names.map((name) => make("td", codes[name] || "–")));
    return line;
  }));
  const scroll = make("div", "", { className: "scroll", tabIndex: 0, role: "region" });
  scroll.setAttribute("aria-label", "Where coders differ");
  scroll.append(made);
  return scroll;
}

// --------------------------------------------------------------------------------------------------------------- keys

function press(key) {
  if (el("coding").hidden) {
    if (key === "u" && !el("end").hidden) once(undo);
    return;
  }
  const one = /^[1-9]$/.test(key) && keys(items[at])[Number(key) - 1];
  if (one && several()) toggle(one.cell);
  else if (one) once(() => say(one.cell, ""));
  else if (key === "Enter" && several()) once(() => say(chosen.join("|") || "none", ""));
  else if (key === "u" || key === "Backspace") once(undo);
  else if (key === "s") skip();
  else if ("tac".includes(key) && !(key !== "c" && items[at].choices)) beside === key ? ((beside = ""), unfold()) : attempt(() => show(key));
  else if (key === "ArrowLeft" && at > 0) look(at - 1);
  else if (key === "ArrowRight" && at + 1 < items.length) look(at + 1);
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, dialog");
  if (typing || event.repeat || event.ctrlKey || event.metaKey || event.altKey || el("coding").hidden && el("end").hidden) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key.length > 1 && !["Backspace", "ArrowLeft", "ArrowRight", "Enter"].includes(key)) return;
  if (key === "Enter" && (!several() || event.target.closest("button") || el("coding").hidden)) return; // of a button it is the click
  if (key.startsWith("Arrow") && event.target.closest("#beside")) return;
  press(key);
});

document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll(".tools button")) button.addEventListener("click", () => press(button.dataset.key));
  el("name-form").addEventListener("submit", (event) => { event.preventDefault(); once(() => begin(el("name").value.trim())); });
  el("skip-form").addEventListener("submit", (event) => { event.preventDefault(); leave(el("reason").value); });
  el("skip-not").addEventListener("click", () => el("skip").close());
  window.addEventListener("focus", () => { if (!el("coding").hidden && coder) ask("begin", { coder }).then((given) => tell(given.rounds[round])).catch(() => {}); });
  once(() => begin(decodeURIComponent(location.hash.slice(1))));
});
