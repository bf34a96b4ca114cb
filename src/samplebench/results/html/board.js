"use strict";
// Sorts, filters and explains the tables of a board. Without it the page shows all that there is.

const EACH_PAGE = 200; // rows; a table with more is shown in pages

/** The number that a score begins with; null for a dash or a word. */
function numberOf(cell) {
  const found = cell.replace(/<[^>]*>/g, "").match(/^\s*(-?[\d,]*\.?\d+(?:e-?\d+)?)/);
  return found ? Number(found[1].replaceAll(",", "")) : null;
}

/** Orders numbers, with what is missing last in both directions. */
function order(sign) {
  return (one, other) =>
    one === null || other === null
      ? (one === null) - (other === null)
      : sign * (one - other);
}

DataTable.type("score", {
  detect: () => false,
  order: { pre: numberOf, asc: order(1), desc: order(-1) },
});

function startTable(section) {
  const table = section.querySelector(".scroll table");
  const controls = section.querySelector(".controls");
  const headings = [...table.tHead.rows[0].cells];
  const titles = headings.map((cell) => cell.textContent);
  const columns = titles.map((title, place) => ({
    type: place < 2 ? "string" : "score",
    orderSequence: title.endsWith("↑") ? ["desc", "asc", ""] : ["asc", "desc", ""],
  }));
  const many = table.tBodies[0].rows.length > EACH_PAGE;
  const board = new DataTable(table, {
    columns,
    order: [],
    autoWidth: false,
    paging: many,
    pageLength: EACH_PAGE,
    layout: {
      topStart: null, topEnd: null, bottomStart: null, bottomEnd: many ? "paging" : null,
    },
  });
  const rows = board.rows().nodes().toArray();
  const names = rows.map((row) => row.cells[0].textContent);
  startControls(controls, board, rows, names);
  startDetails(table, board, rows, names, titles, section);
}

function startControls(controls, board, rows, names) {
  const find = controls.querySelector(".find");
  const autoencoder = controls.querySelector(".autoencoder");
  const kinds = controls.querySelector(".kinds");
  const count = controls.querySelector(".count");
  controls.hidden = false;
  controls.addEventListener("submit", (event) => event.preventDefault());
  board.search.fixed("rows", (text, data, place) => {
    const { kind, copies } = rows[place].dataset;
    return (
      (!autoencoder?.value || autoencoder.value === names[place]) &&
      (!kinds.value || (kind === "sampler" && (kinds.value !== "honest" || copies === undefined)))
    );
  });
  find.addEventListener("input", () => board.search(find.value).draw());
  kinds.addEventListener("change", () => board.draw());
  autoencoder?.addEventListener("change", () => {
    board.column(0).visible(!autoencoder.value, false); // it would say the same in each row
    board.draw();
  });
  startColumns(controls, board);
  board.on("draw", () => {
    const { recordsDisplay, recordsTotal } = board.page.info();
    count.textContent = `${recordsDisplay} of ${recordsTotal} rows`;
    const places = board.rows({ page: "current", search: "applied" }).indexes().toArray();
    const inOrder = board.order().length === 0; // the rows of an autoencoder stand together
    places.forEach((place, number) => {
      const starts = inOrder && number > 0 && names[place] !== names[places[number - 1]];
      rows[place].classList.toggle("first", starts);
    });
    makeReachable(board);
  });
  board.draw();
}

/** Checkboxes for each column and for each group of them. */
function startColumns(controls, board) {
  const columns = [...controls.querySelectorAll(".column")];
  const show = (boxes) => {
    for (const box of boxes) board.column(Number(box.value)).visible(box.checked, false);
    board.columns.adjust().draw(false);
  };
  for (const group of controls.querySelectorAll(".group")) {
    const members = columns.filter((box) => box.dataset.group === group.value);
    const follow = () => {
      for (const box of members) box.checked = group.checked;
      show(members);
    };
    group.addEventListener("change", follow);
    for (const box of members) {
      box.addEventListener("change", () => {
        group.checked = members.some((each) => each.checked);
        group.indeterminate = group.checked && !members.every((each) => each.checked);
        show([box]);
      });
    }
    if (!group.checked) follow();
  }
}

/** One cell of a table is reached by tab, and the others from it by arrow keys. */
function makeReachable(board) {
  const body = board.table().body();
  for (const cell of body.querySelectorAll('td[tabindex="0"]')) cell.tabIndex = -1;
  const first = body.querySelector("th + td + td");
  if (first) first.tabIndex = 0;
}

function startDetails(table, board, rows, names, titles, section) {
  const meanings = [...section.querySelectorAll(".meanings")[0].querySelectorAll("dd")];
  const floors = new Map(
    rows.flatMap((row, place) => (row.dataset.kind === "floor" ? [[names[place], place]] : [])),
  );
  const describe = (cell) => {
    const head = cell.closest("thead th");
    const { row, column } = head ? { column: board.column(head).index() } : board.cell(cell).index();
    if (column < 2) return null;
    const lines = [[titles[column], ""]];
    if (head) return [...lines, [meanings[column - 2].textContent, ""]];
    return [...lines, ...describeScore({ row, column, cell, rows, names, board, floors })];
  };
  const reach = (event) => event.target.closest?.("td, thead th");
  table.addEventListener("mouseover", (event) => showDetails(reach(event), describe));
  table.addEventListener("focusin", (event) => showDetails(reach(event), describe));
  table.addEventListener("mouseleave", hideSoon);
  table.addEventListener("focusout", hideSoon);
  table.addEventListener("click", (event) => {
    const cell = event.target.closest("tbody td");
    if (cell && !event.target.closest("a")) moveTo(cell);
  });
  table.addEventListener("keydown", (event) => {
    const cell = event.target.closest("tbody td");
    const next = cell && neighbour(cell, event.key);
    if (!next) return;
    event.preventDefault();
    moveTo(next);
  });
  for (const link of section.querySelectorAll("tbody th a")) link.addEventListener("click", openSamples);
}

function describeScore({ row, column, cell, rows, names, board, floors }) {
  const about = rows[row].dataset;
  const sampler = rows[row].querySelector("th").textContent.replace(/ copies$/, "");
  const text = cell.textContent.trim();
  const seeds = about.records.split(" ").map((each) => each.split(":"));
  const lines = [[`${sampler} with ${names[row]}`, ""], [text, ""]];
  const interval = intervalOf(text);
  const fewer = text.match(/\(n = (\d+)\)/);
  const measured = fewer ? fewer[1] : numberOf(board.cell(row, 2).node().textContent);
  const over = about.kind === "floor" ? "subsets of real data" : `n = ${measured} seed${measured === 1 ? "" : "s"}`;
  if (interval) lines.push([`95 % interval ${interval}, over ${over}`, ""]);
  else if (column > 2 && numberOf(text) !== null) lines.push([`One value, or the same for each: ${over}`, ""]);
  if (column > 2 && floors.has(names[row]) && about.kind !== "floor") {
    const floor = board.cell(floors.get(names[row]), column).node().textContent.trim();
    if (numberOf(floor) !== null) lines.push([`Real data scores ${floor}`, ""]);
  }
  lines.push([`Records: ${seeds.map(([seed, record]) => `seed ${seed} ${record}`).join(", ")}`, "origin"]);
  const origin = document.querySelectorAll(".origins li")[Number(about.origin) - 1];
  return [...lines, [origin.textContent, "origin"]];
}

/** The interval that "1.23 ± 0.45" stands for, with as many decimals. */
function intervalOf(text) {
  const found = text.match(/^(-?[\d,.]+)(e-?\d+)? ± ([\d,.]+)/);
  if (!found) return null;
  const [mean, reach] = [found[1], found[3]].map((each) => Number(each.replaceAll(",", "")));
  const digits = (found[1].split(".")[1] ?? "").length;
  const show = (number) =>
    number.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }) +
    (found[2] ?? "");
  return `${show(mean - reach)} to ${show(mean + reach)}`;
}

const details = document.getElementById("details");
let shown = null;
let hiding = 0;

function showDetails(cell, describe) {
  if (!cell || cell === shown) return clearTimeout(hiding);
  const lines = describe(cell);
  if (!lines) return hideSoon();
  hideNow();
  shown = cell;
  cell.setAttribute("aria-describedby", "details");
  details.replaceChildren(
    ...lines.map(([text, kind]) => Object.assign(document.createElement("p"), { textContent: text, className: kind })),
  );
  details.hidden = false;
  const box = cell.getBoundingClientRect();
  const width = details.offsetWidth;
  const left = Math.max(8, Math.min(box.left, document.documentElement.clientWidth - width - 8));
  const below = box.bottom + details.offsetHeight + 8 < innerHeight || box.top < details.offsetHeight + 8;
  details.style.left = `${left + scrollX}px`;
  details.style.top = `${(below ? box.bottom + 4 : box.top - details.offsetHeight - 4) + scrollY}px`;
}

function hideNow() {
  clearTimeout(hiding);
  shown?.removeAttribute("aria-describedby");
  shown = null;
  details.hidden = true;
}

// A moment, in which the pointer can move on to the details and select their text.
function hideSoon() {
  clearTimeout(hiding);
  hiding = setTimeout(hideNow, 250);
}

function moveTo(cell) {
  for (const other of cell.closest("tbody").querySelectorAll('td[tabindex="0"]')) other.tabIndex = -1;
  cell.tabIndex = 0;
  cell.focus();
}

function neighbour(cell, key) {
  const row = cell.parentElement;
  const place = cell.cellIndex;
  const cells = {
    ArrowLeft: () => row.cells[place - 1],
    ArrowRight: () => row.cells[place + 1],
    ArrowUp: () => row.previousElementSibling?.cells[place],
    ArrowDown: () => row.nextElementSibling?.cells[place],
    Home: () => row.querySelector("th + td"),
    End: () => row.cells[row.cells.length - 1],
  };
  const next = cells[key]?.();
  return next?.matches("td") ? next : null;
}

/** Shows a row's samples over the table; the link alone would lead to them further down. */
function openSamples(event) {
  const figure = document.getElementById(event.currentTarget.hash.slice(1));
  const picture = figure?.querySelector("img");
  if (!picture) return;
  event.preventDefault();
  const dialog = document.getElementById("sample");
  dialog.querySelector("h2").textContent = picture.alt;
  dialog.querySelector(".shown").replaceChildren(picture.cloneNode());
  dialog.showModal();
}

details.addEventListener("mouseenter", () => clearTimeout(hiding));
details.addEventListener("mouseleave", hideSoon);
document.addEventListener("keydown", (event) => event.key === "Escape" && hideNow());
document.querySelectorAll("section.scores").forEach(startTable);
const folded = [];
addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll("main details:not(.menu):not([open])")) {
    folded.push(each);
    each.open = true;
  }
});
addEventListener("afterprint", () => folded.splice(0).forEach((each) => (each.open = false)));
