// Which page is shown: `#` the course, `#/lab/ID` a lab; in which language.

import { fill, h } from "./dom.js";
import { byCode, call, login, Refused, remember } from "./server.js";
import { boardPage } from "./board.js";
import { bookPage } from "./book.js";
import { coursePage } from "./course.js";
import { labPage } from "./lab.js";
import { quizPage } from "./quiz.js";
import { WORDS } from "./words.js";

const PAGES = { lab: labPage, quiz: quizPage, book: bookPage };
const LANGUAGES = { en: "English", zh: "中文" };

export const app = { lang: "en", words: {} };
let shown = null;
let who = "";
let instructs = false;
let turn = 0;

function remembered() {
  const lang = localStorage.getItem("kvmlab-lang") || navigator.language.slice(0, 2);
  return lang in LANGUAGES ? lang : "en";
}

function speak(lang) {
  localStorage.setItem("kvmlab-lang", lang);
  app.lang = lang;
  app.words = WORDS[lang];
  app.say = (name, values = {}) => fill(app.words[name] ?? name, values);
  document.documentElement.lang = lang === "zh" ? "zh-Hans" : lang;
}

function frame(main, title) {
  const other = Object.keys(LANGUAGES).find((lang) => lang !== app.lang);
  const change = () => {
    speak(other);
    show();
  };
  document.title = title ? `${title} · kvmlab` : "kvmlab";
  document.body.replaceChildren(
    h("header", {},
      shown?.skip ? h("a", { class: "skip", href: location.hash, onclick: (event) => { event.preventDefault(); shown.skip(); } },
        app.say("skip")) : null,
      h("a", { class: "home", href: "#/" }, "kvmlab"),
      h("span", { class: "where" }, title || ""),
      h("button", { type: "button", class: "plain", lang: other === "zh" ? "zh-Hans" : other, onclick: change },
        LANGUAGES[other]),
      who ? h("span", { class: "who" }, who) : null,
      who ? h("button", { type: "button", class: "plain", onclick: leave }, app.say("logout")) : null),
    main);
}

async function leave() {
  shown?.close?.();
  shown = null;
  await call("logout", {}).catch(() => {});
  who = "";
  remember("");
  location.hash = "";
  await show();
}

// In a class: the id and a code from the slip let in, once.
function loginPage() {
  const field = (name, more) => h("input", { name, type: "text", required: true, autocomplete: "off", autocapitalize: "none",
    spellcheck: "false", ...more });
  const student = field("student", { maxlength: 64, autocomplete: "username" });
  const code = field("code", { maxlength: 100 });
  const told = h("p", { class: "wrong", role: "alert" });
  const button = h("button", { type: "submit" }, app.say("enter"));
  const form = h("form", { class: "login" }, h("label", {}, app.say("student"), student), h("label", {}, app.say("code"), code),
    button, told);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    told.textContent = "";
    try {
      await byCode({ lang: app.lang, student: student.value.trim(), code: code.value.trim() });
      await show();
    } catch (error) {
      told.textContent = error instanceof TypeError ? app.say("gone") : error.message;
      code.value = "";
      code.focus();
    }
    button.disabled = false;
  });
  frame(h("main", { class: "message" }, h("h1", {}, "kvmlab"), form), "");
  student.focus();
}

async function show() {
  shown?.close?.();
  shown = null;
  const mine = (turn += 1); // who goes on meanwhile has gone on
  const [, kind, name] = location.hash.slice(1).split("/");
  try {
    if (byCode && !who) {
      const found = await call("who", { lang: app.lang });
      instructs = Boolean(found.instructor);
      who = found.student ?? app.say("instructor");
    }
    const page = await (instructs ? boardPage : PAGES[kind] ?? coursePage)(app, name);
    if (mine !== turn) return page.close?.();
    shown = page;
    frame(page.main, page.title);
    page.shown?.();
  } catch (error) {
    if (mine !== turn) return undefined;
    if (error instanceof Refused) who = "";
    if (byCode && error instanceof Refused) return loginPage();
    const said = error instanceof Refused ? app.say("login") : error instanceof TypeError ? app.say("gone") : error.message;
    frame(h("main", { class: "message" }, h("h1", {}, "kvmlab"), h("p", {}, said)), "");
    if (error instanceof TypeError) setTimeout(() => mine === turn && show(), 2000);
  }
  return undefined;
}

speak(remembered());
await login();
await show();
addEventListener("hashchange", show);
