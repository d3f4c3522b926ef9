// Which page is shown: `#` the course, `#/lab/ID` a lab; in which language.

import { fill, h } from "./dom.js";
import { login, Refused } from "./server.js";
import { bookPage } from "./book.js";
import { coursePage } from "./course.js";
import { labPage } from "./lab.js";
import { quizPage } from "./quiz.js";

const PAGES = { lab: labPage, quiz: quizPage, book: bookPage };
const LANGUAGES = { en: "English", zh: "中文" };

export const app = { lang: "en", words: {} };
let shown = null;

function remembered() {
  const lang = localStorage.getItem("kvmlab-lang") || navigator.language.slice(0, 2);
  return lang in LANGUAGES ? lang : "en";
}

async function speak(lang) {
  localStorage.setItem("kvmlab-lang", lang);
  app.lang = lang;
  app.words = await (await fetch(`/static/words/${lang}.json`)).json();
  app.say = (name, values = {}) => fill(app.words[name] ?? name, values);
  document.documentElement.lang = lang === "zh" ? "zh-Hans" : lang;
}

function frame(main, title) {
  const other = Object.keys(LANGUAGES).find((lang) => lang !== app.lang);
  const change = async () => {
    await speak(other);
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
        LANGUAGES[other])),
    main);
}

async function show() {
  shown?.close?.();
  const [, kind, name] = location.hash.slice(1).split("/");
  try {
    const page = await (PAGES[kind] ?? coursePage)(app, name);
    shown = page;
    frame(page.main, page.title);
    page.shown?.();
  } catch (error) {
    shown = null;
    const said = error instanceof Refused ? app.say("login") : error instanceof TypeError ? app.say("gone") : error.message;
    frame(h("main", { class: "message" }, h("h1", {}, "kvmlab"), h("p", {}, said)), "");
    if (error instanceof TypeError) setTimeout(show, 2000);
  }
}

await speak(remembered());
await login();
await show();
addEventListener("hashchange", show);
