// Draws the charts and the list of problems. Everything that came from outside is set as text, never as HTML.
const data = JSON.parse(document.getElementById("data").textContent);
const PAGE = 20;
const byId = (id) => document.getElementById(id);

function element(tag, className, ...inside) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...inside.filter((part) => part !== null && part !== ""));
  return made;
}

// ---- charts ----

const options = { renderer: "svg", actions: false, ast: true, defaultStyle: false, tooltip: { disableDefaultStyle: true } };
for (const place of document.querySelectorAll("[data-chart]")) {
  window.vegaEmbed(place, data.charts[place.dataset.chart], options).catch((error) => {
    place.textContent = `This chart could not be drawn: ${error.message}`;
  });
}

// ---- problems ----

const filters = { search: byId("search"), outcome: byId("outcome"), difficulty: byId("difficulty"), status: byId("status"), order: byId("order") };
let page = 0;
let found = [];

const titles = new Map(data.languages);
const title = (name) => titles.get(name);
const kept = (problem, name) => (problem.counts[name] ? problem.counts[name].kept : 0);
const share = (problem) => problem.counts.python.passed / problem.counts.python.rollouts;

function survives(problem, outcome) {
  if (outcome === "") return true;
  if (outcome === "kept") return kept(problem, "python") > 0;
  if (outcome === "none") return kept(problem, "python") === 0;
  if (outcome === "disputed") return problem.disputed > 0;
  const [what, name] = outcome.split(":");
  return kept(problem, "python") > 0 && kept(problem, name) > 0 === (what === "kept");
}

function choose() {
  const words = filters.search.value.toLowerCase().split(/\s+/).filter(Boolean);
  found = data.problems.filter((problem) => {
    const text = `${problem.id} ${problem.sample ? problem.sample.prompt : ""}`.toLowerCase();
    return (
      words.every((word) => text.includes(word)) &&
      survives(problem, filters.outcome.value) &&
      (filters.difficulty.value === "" || problem.difficulty === filters.difficulty.value) &&
      (filters.status.value === "" || problem.reasons.includes(filters.status.value))
    );
  });
  if (filters.order.value) {
    const sign = filters.order.value === "best" ? -1 : 1;
    found.sort((one, other) => sign * (share(one) - share(other)));
  }
  page = 0;
  show();
}

function show() {
  const pages = Math.max(Math.ceil(found.length / PAGE), 1);
  const first = page * PAGE;
  const rows = found.slice(first, first + PAGE);
  byId("rows").replaceChildren(...rows.map(row));
  byId("found").textContent = found.length
    ? `${(first + 1).toLocaleString("en")}–${(first + rows.length).toLocaleString("en")} of ${found.length.toLocaleString("en")} problems`
    : "No problem matches.";
  byId("page").textContent = `Page ${page + 1} of ${pages}`;
  byId("before").disabled = page === 0;
  byId("after").disabled = page >= pages - 1;
}

function turn(by) {
  page += by;
  show();
  byId("filters").scrollIntoView();
}

function row(problem) {
  const inside = element("div", "inside");
  inside.hidden = true;
  const button = element(
    "button",
    "row",
    element("span", "id", problem.id, problem.disputed ? element("span", "chip bad", "in dispute") : ""),
    element("span", "chip", problem.difficulty || "unrated"),
    ...data.languages.map(([name], at) => meter(problem, name, at)),
    element("span", "arrow", "›"),
  );
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", () => {
    if (!inside.hasChildNodes()) inside.append(...details(problem));
    inside.hidden = !inside.hidden;
    button.setAttribute("aria-expanded", String(!inside.hidden));
  });
  return element("li", "", button, inside);
}

function meter(problem, name, at) {
  const counts = problem.counts[name];
  if (!counts) return element("span", "meter", `${title(name)}: not tried`);
  const bar = element("b", "");
  bar.style.width = `${(100 * counts.passed) / counts.rollouts}%`;
  bar.style.background = `var(--language${at % 5})`;
  const text = `${title(name)}: ${counts.passed} of ${counts.rollouts} pass, ${counts.kept} kept`;
  return element("span", "meter", text, element("i", "", bar));
}

function details(problem) {
  const sample = problem.sample;
  const disputes = problem.disputed ? [dispute(problem)] : [];
  const planned = problem.planned ? [element("p", "evidence", problem.planned)] : [];
  if (!sample) return [...planned, element("p", "evidence", "This page holds no sample of this problem; its parts in the run directory do."), ...disputes];
  const source = sample.source ? element("p", "evidence", sample.source) : null;
  const parts = [
    ...planned,
    element("div", "", element("h4", "", "Prompt"), element("p", "prompt", sample.prompt), ...(source ? [source] : [])),
    ...disputes,
    element("div", "programs", ...sample.programs.map((made) => program(made, differs(problem, made)))),
  ];
  if (sample.cases.length) parts.push(cases(sample));
  if (sample.test_code) parts.push(element("div", "", element("h4", "", "Tests that are code"), block([` ${sample.test_code}`])));
  return parts;
}

const differs = (problem, made) =>
  made.language === "python" ? problem.in_dispute.find((one) => one.sha256 === made.sha256) : undefined;
const agreeing = (one) => `${Math.round(100 * one.agreement)} % of the others agree`;

function dispute(problem) {
  const inputs = `${problem.disputed.toLocaleString("en")} generated input${problem.disputed === 1 ? "" : "s"}`;
  const programs = problem.in_dispute.map((one) =>
    element("li", "", `rollout ${one.index} · sha256 ${one.sha256} · ${agreeing(one)}${one.kept ? " · kept" : ""}`),
  );
  const text = `In dispute: programs that passed answer ${inputs} differently, and nothing decides which are right.`;
  return element("div", "failure", text, element("ul", "", ...programs));
}

function program(made, disputed) {
  const passed = made.status === "passed";
  const evidence = [
    `${made.cases_passed} of ${made.cases_total} tests`,
    made.cpu_ms ? `${made.cpu_ms.toFixed(1)} ms CPU` : "",
    made.peak_mb ? `${made.peak_mb.toFixed(0)} MiB` : "",
    `rollout ${made.index}`,
    made.sha256 ? `sha256 ${made.sha256}` : "",
  ];
  const head = element(
    "header",
    "",
    element("strong", "", title(made.language)),
    element("span", passed ? "chip good" : "chip bad", made.status.replaceAll("_", " ")),
    made.kept ? element("span", "chip", "kept") : "",
    disputed ? element("span", "chip bad", `in dispute: ${agreeing(disputed)}`) : "",
  );
  const parts = [head, element("p", "evidence", evidence.filter(Boolean).join(" · "))];
  if (made.import_fixes.length) parts.push(element("p", "evidence", `repaired: ${made.import_fixes.join("; ")}`));
  parts.push(made.tokens.length ? block(made.tokens) : element("p", "evidence", "No program was found in the rollout."));
  if (!passed) parts.push(failure(made));
  return element("article", "program", ...parts);
}

function failure(made) {
  const box = element("div", "failure", made.detail || made.status.replaceAll("_", " "));
  if (made.failure) {
    const list = element("dl", "");
    for (const [name, text] of Object.entries(made.failure)) list.append(element("dt", "", name), element("dd", "mono", text));
    box.append(list);
  }
  return box;
}

function block(tokens) {
  const pre = element("pre", "code");
  pre.tabIndex = 0;
  for (const token of tokens) {
    const text = token.slice(1);
    pre.append(token[0] === " " ? text : element("span", token[0], text));
  }
  return pre;
}

function cases(sample) {
  const body = element("tbody", "");
  for (const one of sample.cases) {
    body.append(element("tr", "", element("td", "mono", one.input), element("td", "mono", one.expected)));
  }
  const head = element("tr", "", element("th", "", "input"), element("th", "", "expected"));
  const table = element("table", "", element("thead", "", head), body);
  const scroll = element("div", "scroll", table);
  scroll.tabIndex = 0;
  const text = `${sample.cases.length} of ${sample.cases_total} test cases, compared as “${sample.comparison}”`;
  return element("div", "", element("h4", "", text), scroll);
}

document.documentElement.style.setProperty("--languages", String(Math.max(data.languages.length, 1)));
byId("filters").addEventListener("submit", (event) => event.preventDefault());
for (const input of Object.values(filters)) input.addEventListener("input", choose);
byId("before").addEventListener("click", () => turn(-1));
byId("after").addEventListener("click", () => turn(1));
choose();
