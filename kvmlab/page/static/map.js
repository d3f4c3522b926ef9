// The lab host as a picture: bridges with their ports at the left, guests with their interfaces and disks at the right.
// All names come from the lab host, and are text.

import { h } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const ROW = 20;
const WIDE = 330;
const GAP = 90;
const MOST = 60; // boxes, and rows of one

function s(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter(Boolean));
  return made;
}

function short(text, most = 44) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

// Boxes of the host: each bridge with its ports, each other link that is no guest's plug.
function hostBoxes(map, say) {
  const plugs = new Set(map.domains.flatMap((domain) => domain.plugs.map((plug) => plug.target)));
  const facts = (link) => [...link.addresses, ...(link.up ? [] : [say("down")])].join(", ");
  return map.links.filter((link) => link.bridge || (!link.master && !plugs.has(link.name))).map((link) => {
    const network = map.networks[link.name];
    const ports = map.links.filter((port) => link.bridge && port.master === link.name);
    return { name: link.name, kind: link.bridge ? "bridge" : "link",
      said: [facts(link), network ? `${network[0]} (${network[1]})` : ""].filter(Boolean).join(" · "),
      rows: ports.slice(0, MOST).map((port) => ({ name: port.name, said: facts(port), end: port.name })) };
  });
}

function guestBoxes(map) {
  return map.domains.map((domain) => ({ name: domain.name, kind: "guest", said: domain.state,
    rows: [
      ...domain.plugs.map((plug) => ({ name: plug.target || "–", said: `${plug.source} ${plug.model}`, end: plug.target })),
      ...domain.disks.map((disk) => ({ name: disk.target, said: disk.source.split("/").pop() + " " + disk.format })),
    ].slice(0, MOST) }));
}

function column(boxes, x, wrong, ends) {
  let y = 10;
  return boxes.slice(0, MOST).map((box) => {
    const high = ROW * (box.rows.length + 2) + 8;
    const made = s("g", { class: `${box.kind}${wrong.has(box.name) ? " wrong" : ""}` },
      s("title", {}, `${box.name} ${box.said}`),
      s("rect", { x, y, width: WIDE, height: high, rx: 6 }),
      s("text", { x: x + 10, y: y + 19, class: "name" }, (wrong.has(box.name) ? "✗ " : "") + short(box.name)),
      s("text", { x: x + 10, y: y + 19 + ROW, class: "said" }, short(box.said)),
      ...box.rows.map((row, at) => {
        const line = y + 19 + ROW * (at + 2);
        if (row.end) (ends[row.end] ??= []).push({ x: x ? x : WIDE, y: line - 5 });
        return s("text", { x: x + 22, y: line, class: wrong.has(row.name) ? "wrong" : "" }, short(`${row.name}  ${row.said}`));
      }));
    y += high + 14;
    made.high = y;
    return made;
  });
}

// `subjects`: what findings that are not as wanted are about, "link br0"; their names are marked.
export function picture(map, subjects, say) {
  const wrong = new Set(subjects.flatMap((subject) => subject.split(/[\s,]+/)));
  const ends = {};
  const boxes = [...column(hostBoxes(map, say), 0, wrong, ends), ...column(guestBoxes(map), WIDE + GAP, wrong, ends)];
  const wires = Object.values(ends).filter((both) => both.length === 2).map(([a, b]) =>
    s("path", { class: "wire", d: `M${a.x} ${a.y} C${a.x + GAP / 2} ${a.y} ${b.x - GAP / 2} ${b.y} ${b.x} ${b.y}` }));
  const high = Math.max(60, ...boxes.map((box) => box.high));
  const words = map.domains.map((domain) => `${domain.name}: ${domain.state}`).join("; ");
  return h("div", { class: "map", tabindex: "0" },
    s("svg", { viewBox: `0 0 ${WIDE * 2 + GAP} ${high}`, role: "img", "aria-label": `${say("map")}: ${words}` },
      ...wires, ...boxes));
}
