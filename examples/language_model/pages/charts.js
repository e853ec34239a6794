// What the pages share: elements without HTML in strings, and charts that move together.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);

// An element with attributes, a class among them, and children, of which strings become text.
function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.flat());
  return made;
}

function swatch(color) {
  const made = element("span", {class: "swatch"});
  made.style.background = color;
  return made;
}

// One colour per run or head, that shows on light and dark paper.
function colorOf(index, opacity = 1) {
  const palette = ["213 67% 54%", "24 75% 53%", "154 54% 40%", "329 53% 56%", "258 52% 63%", "47 71% 41%",
    "190 49% 48%", "0 60% 55%"];
  const tone = palette[index] ?? `${(index * 137.5) % 360} 55% 52%`;
  return `hsl(${tone} / ${opacity})`;
}

// Four significant digits.
function short(value) {
  if (value === null || value === undefined) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(2);
  return size >= 1e4 ? String(Math.round(value)) : String(Number(value.toPrecision(4)));
}

// HTML of a text: the library takes the labels of axes as HTML.
function escaped(text) {
  return element("span", {}, text).innerHTML;
}

// A row [x, y of series 0, …] for every x of any series, with null where a series has none.
function mergedRows(series) {
  const byX = new Map();
  series.forEach((one, index) => {
    one.x.forEach((x, i) => {
      if (!byX.has(x)) byX.set(x, new Array(series.length).fill(null));
      byX.get(x)[index] = one.y[i];
    });
  });
  return [...byX].sort((a, b) => a[0] - b[0]).map(([x, values]) => [x, ...values]);
}

// The last place with xs[place] ≤ x, or 0.
function placeOf(xs, x) {
  let low = 0, high = xs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle] <= x) low = middle + 1; else high = middle;
  }
  return Math.max(low - 1, 0);
}

const charts = [];
let moving = false;

// Runs a change of all charts that would otherwise set itself off again.
function together(change) {
  if (moving) return;
  moving = true;
  for (const chart of charts) change(chart);
  moving = false;
}

// Marks x in every chart; null: nothing.
function choose(x) {
  together((chart) => chart.choose(x));
  document.dispatchEvent(new CustomEvent("chosen", {detail: x}));
}

function themed() {
  const style = getComputedStyle(document.documentElement);
  const line = style.getPropertyValue("--line").trim();
  return {gridLineColor: line, axisLineColor: line};
}

// The legend under a chart's title: a swatch, a name and, where x is chosen, a value per series.
function legend(series, describeX) {
  const shown = series.filter((one) => !one.silent && one.x.length > 0);
  const values = shown.map(() => element("span", {}));
  const place = element("span", {});
  const entries = shown.map((one, i) => element("span", {}, swatch(one.color), one.label, values[i]));
  const box = element("div", {class: "legend"}, ...entries, place);
  const choose = (x) => {
    place.textContent = x === null ? "" : describeX(x);
    shown.forEach((one, i) => {
      values[i].textContent = x === null ? "" : ` ${short(one.y[placeOf(one.x, x)])}`;
    });
  };
  return {box, choose};
}

// A line that is a single point is drawn as a dot.
function styleOf(one) {
  return one.x.length === 1 ? {...one.style, drawPoints: true, pointSize: 3} : one.style;
}

// Draws series {label, x, y, color} into parent. A series may have options of the library under
// `style`, and be `silent`: not in the legend. settings: title, caption, and, where they are not
// numbers, describeX and axisX (the library's options of the x axis).
function addChart(parent, series, settings) {
  const describeX = settings.describeX ?? ((x) => `step ${x}`);
  const names = legend(series, describeX);
  const plot = element("div", {class: "plot"});
  const caption = settings.caption ? [element("figcaption", {}, settings.caption)] : [];
  parent.append(element("figure", {}, element("h3", {}, settings.title), names.box, plot, ...caption));

  const rows = mergedRows(series);
  const alone = rows.length === 1  // nothing to zoom
    ? {dateWindow: [rows[0][0] - 1, rows[0][0] + 1], interactionModel: {}} : {};
  const labels = series.map((one, i) => `${i}`);
  const graph = new Dygraph(plot, rows, {
    labels: ["x", ...labels],
    series: Object.fromEntries(series.map((one, i) => [labels[i], {color: one.color, ...styleOf(one)}])),
    legend: "never",
    connectSeparatedPoints: true,
    strokeWidth: 1.5,
    highlightCircleSize: 0,
    drawHighlightPointCallback: () => {},
    xRangePad: 6,
    yRangePad: 8,
    axes: {
      x: {...settings.axisX},
      y: {axisLabelWidth: 56, axisLabelFormatter: (value) => short(value), ...settings.axisY},
    },
    highlightCallback: (event, x) => choose(x),
    unhighlightCallback: () => choose(null),
    zoomCallback: (from, to) => zoom(graph, [from, to]),
    ...themed(),
    ...alone,
  });
  const mark = element("div", {class: "mark", hidden: ""});
  plot.append(mark);
  graph.choose = (x) => {
    names.choose(x);
    const range = graph.xAxisRange();
    mark.hidden = x === null || x < range[0] || x > range[1];
    if (!mark.hidden) mark.style.left = `${graph.toDomXCoord(x)}px`;
  };
  charts.push(graph);
  return graph;
}

// Every chart shows the stretch of x that one of them shows; a double click shows all again.
function zoom(graph, range) {
  const whole = !graph.isZoomed("x");
  together((chart) => {
    if (chart !== graph) chart.updateOptions({dateWindow: whole ? null : range});
  });
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const chart of charts) chart.updateOptions(themed());
});
