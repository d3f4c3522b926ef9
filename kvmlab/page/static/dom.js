// Elements made from data. Text is always text; only `prose` takes HTML, which the server has made from the course's
// Markdown and never from anything of a lab host.

export function h(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export function prose(name, html, attributes = {}) {
  const made = h(name, attributes);
  made.innerHTML = html;
  made.querySelectorAll("pre, table").forEach((wide) => (wide.tabIndex = 0)); // scrolled with keys, too
  return made;
}

// `code` in a sentence of ours as code.
export function sentence(text) {
  return String(text).split("`").map((part, at) => (at % 2 ? h("code", {}, part) : part));
}

export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));
}
