"use strict";
// Texts come from the environment, so they only ever become text nodes and checked links.
const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const compare = new Intl.Collator("en", { numeric: true }).compare;
const SHOWN = 20; // paths of a finding, packages of a command
const LARGEST = 10;

function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value != null && value !== false) element.setAttribute(key, value);
  }
  element.append(...children.filter((one) => one != null));
  return element;
}
const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
const add = (numbers) => numbers.reduce((sum, one) => sum + (one ?? 0), 0);
const tag = (text, kind) => h("span", { class: `tag ${kind ?? ""}` }, text);
const button = (text, click, kind) => h("button", { type: "button", class: kind, click }, text);
const normalize = (name) => name.toLowerCase().replace(/[-_.]+/g, "-");
const listOthers = (one) => one.distributions.filter((name) => name !== normalize(one.name)).join(", ");
const open = (one) => button(one.name, () => showDetails(one), "link");
const link = (url) => (/^https?:\/\//.test(url) ? h("a", { href: url, rel: "noopener noreferrer" }, url) : url);

function formatSize(bytes) {
  if (bytes == null) return "–";
  const power = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), 4);
  return `${(bytes / 1000 ** power).toFixed(power ? 1 : 0)} ${["B", "kB", "MB", "GB", "TB"][power]}`;
}

function showCommand(label, text) {
  const code = h("code", null, text);
  const copy = button("Copy", async () => {
    let copied = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch { // an old browser, or a page that came over http
      getSelection().selectAllChildren(code);
      copied = document.execCommand("copy");
    }
    copy.textContent = copied ? "Copied" : "Selected";
    $("announcement").textContent = copied ? `Copied: ${text}` : "";
    setTimeout(() => { copy.textContent = "Copy"; }, 2000);
  });
  copy.setAttribute("aria-label", `Copy: ${text}`);
  return h("div", { class: "command" }, h("span", { class: "label muted" }, label), code, copy);
}

function showSome(title, texts) {
  if (!texts.length) return null;
  const items = texts.slice(0, SHOWN).map((one) => h("li", null, h("code", null, one)));
  const rest = texts.length - items.length;
  if (rest > 0) items.push(h("li", null, `and ${rest} more`));
  return h("details", null, h("summary", null, title), h("ul", null, ...items));
}

// -- the environments, with what needs each package and what is wrong with it

const isAbout = (finding, one) =>
  one.distributions.includes(finding.distribution) || (finding.conda != null && [one.name, one.in_place_of].includes(finding.conda));

for (const environment of data.environments) {
  const packages = new Map(environment.packages.map((one) => [one.key, one]));
  for (const one of environment.packages) {
    one.neededBy = [];
    one.findings = environment.findings.filter((finding) => isAbout(finding, one));
    one.text = [one.name, one.version, one.owner, one.source, one.license, one.in_place_of, ...one.distributions].join(" ").toLowerCase();
  }
  for (const one of environment.packages) {
    for (const need of one.needs) {
      need.package = packages.get(need.key);
      need.package?.neededBy.push({ ...need, name: one.name, package: one });
    }
  }
  environment.packages.sort((a, b) => compare(a.name, b.name));
}
let current = data.environments[0];

// -- the table of packages

const COLUMNS = [
  {
    name: "Name",
    value: (one) => one.name,
    show: (one) => [open(one), " ", one.findings.length ? tag(count(one.findings.length, "finding"), "alarm") : "",
      h("div", { class: "muted" }, listOthers(one))],
  },
  { name: "Version", value: (one) => one.version },
  { name: "Owner", value: (one) => one.owner, show: (one) => [tag(one.owner, one.owner)] },
  { name: "Source", value: (one) => one.source, kind: "wide" },
  { name: "Size", value: (one) => one.size ?? -1, show: (one) => [formatSize(one.size)], kind: "number" },
  { name: "License", value: (one) => one.license, kind: "wide" },
  { name: "Requested", value: (one) => (one.asked ? "requested" : "only needed"), kind: "wide" },
];
const sorting = { column: COLUMNS[0], descending: false };
let rows = [];

function renderHead() {
  $("packages").querySelector("thead tr").replaceChildren(...COLUMNS.map((column) => h(
    "th",
    { scope: "col", class: column.kind, "aria-sort": column === sorting.column && (sorting.descending ? "descending" : "ascending") },
    button(column.name, () => sortBy(column)),
  )));
}

function sortBy(column) {
  sorting.descending = column === sorting.column && !sorting.descending;
  sorting.column = column;
  renderHead();
  renderRows();
  $("packages").querySelectorAll("thead button")[COLUMNS.indexOf(column)].focus();
}

function renderPackages() {
  rows = current.packages.map((one) => ({ one, row: h("tr", null, ...COLUMNS.map((column) =>
    h("td", { class: column.kind }, ...(column.show?.(one) ?? [column.value(one)])))) }));
  const licenses = [...new Set(current.packages.map((one) => one.license))].sort(compare);
  $("license").replaceChildren(h("option", { value: "all" }, "All"), ...licenses.map((one) => h("option", { value: `=${one}` }, one || "Unknown")));
  renderRows();
}

function renderRows() {
  const { column, descending } = sorting;
  const order = (a, b) => (typeof a === "number" ? a - b : compare(a, b));
  rows.sort((a, b) => (descending ? -1 : 1) * order(column.value(a.one), column.value(b.one)) || compare(a.one.name, b.one.name));
  $("packages").querySelector("tbody").replaceChildren(...rows.map((one) => one.row));
  filterRows();
}

function filterRows() {
  const words = $("search").value.toLowerCase().split(/\s+/);
  const [owner, asked, license, affected] = [$("owner").value, $("asked").value, $("license").value, $("affected").checked];
  let shown = 0;
  for (const { one, row } of rows) {
    row.hidden = !(words.every((word) => one.text.includes(word)) && (!owner || one.owner === owner)
      && (!asked || one.asked === (asked === "yes")) && (license === "all" || `=${one.license}` === license)
      && (!affected || one.findings.length));
    shown += !row.hidden;
  }
  $("shown").textContent = shown === rows.length ? `All ${count(rows.length, "package")}` : `${shown} of ${count(rows.length, "package")}`;
}

function moveFocus(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !event.target.matches("button")) return;
  event.preventDefault();
  const buttons = rows.filter((one) => !one.row.hidden).map((one) => one.row.querySelector("button"));
  buttons[buttons.indexOf(event.target) + step]?.focus();
}

// -- one package: its facts, what it needs, what needs it

const trail = [];

function showDetails(one) {
  if (trail.at(-1) !== one) trail.push(one);
  $("details-name").textContent = `${one.name} ${one.version}`;
  $("back").hidden = trail.length < 2;
  const facts = [
    ["Source", one.source],
    ["URL", one.url && link(one.url)],
    ["Build", one.build],
    ["Contains", listOthers(one)],
    ["In place of", one.in_place_of && `conda's ${one.in_place_of}`],
    ["Size", formatSize(one.size)],
    ["License", one.license || "unknown"],
  ].filter(([, value]) => value);
  $("details").querySelector(".body").replaceChildren(
    h("p", null, tag(one.owner, one.owner), " ", tag(one.asked ? "requested" : "only needed")),
    h("p", null, one.summary ?? ""),
    h("dl", { class: "facts" }, ...facts.flatMap(([name, value]) => [h("dt", null, name), h("dd", null, value)])),
    h("div", { class: "list" }, ...one.findings.map((finding) => showFinding(finding))),
    h("h3", null, `Needs ${one.needs.length ? count(one.needs.length, "package") : "nothing"}`),
    drawTree(one, "needs", [one]),
    h("h3", null, `Needed by ${one.neededBy.length ? count(one.neededBy.length, "package") : "nothing"}`),
    drawTree(one, "neededBy", [one]),
  );
  if (!$("details").open) $("details").showModal();
  $("details").scrollTop = 0;
  $("details-name").focus();
}

function drawTree(one, direction, above) {
  return h("ul", { class: "tree" }, ...one[direction].map((edge) => {
    const next = edge.package;
    const required = [edge.asked, edge.extra && `for extra ${edge.extra}`].filter(Boolean).join(" ");
    const verb = direction === "needs" ? "required" : "requires";
    const item = h("li", null, next ? open(next) : edge.name, " ", next && tag(next.owner, next.owner),
      h("span", { class: "muted" }, next ? ` ${next.version}` : "", required && ` (${verb}: ${required}) `),
      edge.met ? null : tag(next ? "not satisfied" : "not installed", "alarm"));
    if (next && next[direction].length && !above.includes(next)) {
      const title = `${direction === "needs" ? "needs" : "needed by"} ${next[direction].length}`;
      const below = h("details", { toggle: () => {
        if (below.children.length === 1) below.append(drawTree(next, direction, [...above, next]));
      } }, h("summary", null, h("span", { class: "unseen" }, next.name), ` ${title}`));
      item.append(below);
    }
    return item;
  }));
}

// -- the other sections

function showFinding(finding, named) {
  const about = named ? current.packages.filter((one) => one.findings.includes(finding)) : [];
  return h("article", { class: "card finding" },
    h("h3", null, tag(finding.kind, "alarm"), ...about.flatMap((one) => [" ", open(one)])),
    h("p", null, finding.summary),
    showSome(count(finding.paths.length, "path"), finding.paths.map((one) => one.path)),
    ...finding.commands.map((text, number) => showCommand(number ? "or" : "To fix", text)));
}

function showEvent(event) {
  const owners = [event.revision == null ? null : tag("conda", "conda"), " ", event.operation == null ? null : tag("conda pip", "pip")];
  const changes = [...event.added.map((one) => `+ ${one}`), ...event.removed.map((one) => `− ${one}`)];
  return h("li", { class: "card" },
    h("p", { class: "muted" }, event.when || "unknown time", " ", ...owners, event.revision == null ? "" : ` revision ${event.revision}`),
    h("p", null, h("code", null, event.what)),
    showSome(`${event.added.length} linked, ${event.removed.length} unlinked`, changes),
    event.command && showCommand(event.operation == null ? "Go to" : "To undo", event.command));
}

function showTiles(packages) {
  const owned = (owner) => packages.filter((one) => one.owner === owner).length;
  const unknown = packages.filter((one) => one.size == null).length;
  const tiles = [
    ["Python", current.python ?? "none"],
    ["Packages", packages.length, `${owned("conda")} conda, ${owned("pip")} pip`],
    ["Requested", packages.filter((one) => one.asked).length],
    ["Findings", current.findings.length],
    ["Size", formatSize(add(packages.map((one) => one.size))), unknown ? `${unknown} unknown` : null],
    ["Licenses", new Set(packages.map((one) => one.license).filter(Boolean)).size],
  ];
  return tiles.map(([name, value, more]) => h("div", null, h("dt", null, name), h("dd", null, value, " ", more && h("small", null, more))));
}

function renderSizes(packages) {
  const total = add(packages.map((one) => one.size)) || 1;
  const largest = packages.filter((one) => one.size).sort((a, b) => b.size - a.size).slice(0, LARGEST);
  $("largest").replaceChildren(...largest.map((one) => {
    const bar = h("i");
    bar.style.width = `${(100 * one.size) / largest[0].size}%`;
    const share = h("div", { class: "share" }, `${((100 * one.size) / total).toFixed(1)} %`, bar);
    return h("tr", null, h("td", null, open(one)), h("td", { class: "number" }, formatSize(one.size)), h("td", null, share));
  }));
  const groups = new Map(packages.map((one) => [one.license, []]));
  packages.forEach((one) => groups.get(one.license).push(one));
  const licenses = [...groups].sort((a, b) => b[1].length - a[1].length || compare(a[0], b[0]));
  $("licenses").replaceChildren(...licenses.map(([name, those]) => h("tr", null,
    h("td", null, button(name || "Unknown", () => {
      $("license").value = `=${name}`;
      filterRows();
      $("license").focus();
    }, "link")),
    h("td", { class: "number" }, those.length), h("td", { class: "number" }, formatSize(add(those.map((one) => one.size)))))));
}

function render() {
  const { packages, findings, events, problem } = current;
  document.title = `${current.name}: environment report`;
  $("title").textContent = current.name;
  $("prefix").textContent = current.name === current.prefix ? "" : current.prefix;
  $("environment").value = data.environments.indexOf(current);
  const sections = { findings: findings.length, packages: packages.length, history: events.length, sizes: "" };
  for (const id of Object.keys(sections)) $(id).hidden = problem != null;
  $("nav").replaceChildren(...Object.entries(sections).map(([id, number]) =>
    h("a", { href: `#${id}` }, `${$(`h-${id}`).textContent} ${number}`.trim())));
  $("nav").hidden = problem != null;
  const overview = $("overview");
  overview.querySelector("dl").replaceChildren(...(problem == null ? showTiles(packages) : []));
  overview.querySelector(".notes").replaceChildren(
    ...(problem == null ? [] : [h("p", { class: "alarm" }, `This environment could not be read: ${problem}`)]),
    ...current.notes.map((one) => h("p", { class: "muted" }, one)));
  const none = h("p", { class: "card" }, "No findings: what conda and pip recorded matches the files.");
  $("findings").querySelector(".list").replaceChildren(...(findings.length ? findings.map((one) => showFinding(one, true)) : [none]));
  const unknown = h("li", { class: "card" }, "No command is recorded.");
  $("history").querySelector("ol").replaceChildren(...(events.length ? events.toReversed().map(showEvent) : [unknown]));
  renderPackages();
  renderSizes(packages);
}

function choose(environment) {
  current = environment;
  render();
}

// -- what a person does

$("generated").textContent = `Generated ${data.generated}`;
if (data.environments.length > 1) {
  $("chooser").hidden = $("environments").hidden = false;
  $("environment").append(...data.environments.map((one, number) => h("option", { value: number }, one.name)));
  $("environments").querySelector("tbody").append(...data.environments.map((one) => h("tr", null,
    h("td", null, button(one.name, () => { choose(one); $("main").focus(); }, "link")),
    h("td", null, one.python ?? (one.problem == null ? "none" : "not read")),
    h("td", { class: "number" }, one.packages.length),
    h("td", { class: "number" }, one.findings.length ? tag(one.findings.length, "alarm") : 0),
    h("td", { class: "number wide" }, formatSize(add(one.packages.map((each) => each.size)))))));
}
$("environment").addEventListener("change", (event) => choose(data.environments[event.target.value]));
$("filters").addEventListener("input", filterRows);
$("filters").addEventListener("submit", (event) => event.preventDefault());
$("packages").querySelector("tbody").addEventListener("keydown", moveFocus);
$("close").addEventListener("click", () => $("details").close());
$("back").addEventListener("click", () => { trail.pop(); showDetails(trail.at(-1)); });
$("details").addEventListener("close", () => { trail.length = 0; });
addEventListener("beforeprint", () => document.querySelectorAll("#findings details").forEach((one) => { one.open = true; }));

function setTheme(name) {
  document.documentElement.dataset.theme = name;
  $("theme").value = name;
}
try { setTheme(localStorage.getItem("conda-pip-report-theme") ?? ""); } catch { setTheme(""); } // no storage for local files
$("theme").addEventListener("change", (event) => {
  setTheme(event.target.value);
  try { localStorage.setItem("conda-pip-report-theme", event.target.value); } catch { /* this page only */ }
});
renderHead();
render();
