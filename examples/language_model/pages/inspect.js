// Tokens, gradient norms and the cells of every block, from `data`.

const titles = {
  mlstm: {
    input_log: ["Input gate ĩ", "The logarithm of the input gate exp(ĩ)."],
    forget: ["Forget gate σ(f̃)", "The share of the memory that stays: 1 keeps all, 0 none."],
    output: ["Output gate SiLU(z)", "Mean over the head's channels."],
    input_stable: ["Stabilised input gate i′", "The weight with which this token is written."],
    forget_stable: ["Stabilised forget gate f′", "The factor on what was there before."],
    m: ["Stabiliser m", "The logarithm of the scale in which C and n are stored."],
    n: ["Normaliser state ‖n‖", "The 2-norm of n, the sum of the keys that are still there."],
    normaliser: ["Normaliser max(|n·q|, exp(−m))", "What Cᵀq is divided by."],
    memory: ["Memory ‖C‖", "The Frobenius norm of C, as stored: without the scale exp(m)."],
  },
  slstm: {
    input_log: ["Input gate ĩ", "The logarithm of the input gate exp(ĩ)."],
    forget: ["Forget gate f", "The share of the memory that stays: 1 keeps all, 0 none."],
    output: ["Output gate σ(õ)", "The share of c/n that leaves the cell."],
    input_stable: ["Stabilised input gate i′", "The weight with which this token is written."],
    forget_stable: ["Stabilised forget gate f′", "The factor on what was there before."],
    m: ["Stabiliser m", "The logarithm of the scale in which c and n are stored."],
    n: ["Normaliser n", "The sum of the weights that are still there."],
    cell: ["Cell ‖c‖", "The 2-norm of c, as stored: without the scale exp(m)."],
    hidden: ["Output ‖h‖", "The 2-norm of what leaves the cell, and enters its gates at the next token."],
  },
  lstm: {
    input: ["Input gate σ(ĩ)", "The weight with which this token is written."],
    forget: ["Forget gate σ(f̃)", "The share of the memory that stays: 1 keeps all, 0 none."],
    output: ["Output gate σ(õ)", "The share of tanh(c) that leaves the cell."],
    cell: ["Cell ‖c‖", "The 2-norm of c."],
    hidden: ["Output ‖h‖", "The 2-norm of what leaves the cell, and enters its gates at the next token."],
  },
};
const kinds = {mlstm: "mLSTM", slstm: "sLSTM", lstm: "LSTM"};
const positions = data.tokens.map((token, i) => i);

function describeToken(i) {
  const loss = i > 0 ? `, loss ${short(data.losses[i - 1])}` : "";
  return `token ${i}, “${data.tokens[i]}”${loss}`;
}

function showPrompt() {
  document.getElementById("model").textContent = `${data.model}, ${data.tokens.length} tokens`;
  const worst = Math.max(...data.losses, 1e-9);
  const tokens = data.tokens.map((token, i) => {
    const made = element("span", {class: "token"}, token === " " ? "\u00a0" : token);
    const share = i > 0 ? Math.max(data.losses[i - 1], 0) / worst : 0;
    made.style.background = `hsl(0 70% 55% / ${0.65 * share})`;
    made.addEventListener("pointerenter", () => choose(i));
    made.addEventListener("pointerleave", () => choose(null));
    return made;
  });
  document.getElementById("prompt").append(...tokens);
  const chosen = document.getElementById("chosen");
  const mean = data.losses.reduce((a, b) => a + b, 0) / data.losses.length;
  const idle = `mean loss ${short(mean)} nats per token`;
  chosen.textContent = idle;
  document.addEventListener("chosen", ({detail}) => {
    chosen.textContent = detail === null ? idle : describeToken(detail);
    tokens.forEach((token, i) => token.classList.toggle("chosen", i === detail));
  });
}

function gradientRow(one, largest) {
  const bar = element("div", {class: "bar"});
  bar.style.width = `${largest > 0 ? (100 * one.norm) / largest : 0}%`;
  return element("tr", {},
    element("td", {}, one.name),
    element("td", {class: "number"}, String(one.numbers)),
    element("td", {class: "number"}, short(one.norm)),
    element("td", {class: "bars"}, bar));
}

function gradientTable(all) {
  const largest = Math.max(...all.map((one) => one.norm));
  const heads = [["", {}], ["parameters", {class: "number"}], ["gradient norm", {class: "number"}], ["", {}]];
  return element("table", {},
    element("thead", {}, element("tr", {}, heads.map(([text, attributes]) => element("th", attributes, text)))),
    element("tbody", {}, all.map((one) => gradientRow(one, largest))));
}

function showGradients() {
  const every = data.gradients.flatMap((part) => part.parameters);
  document.getElementById("gradients").append(gradientTable(data.gradients),
    element("details", {}, element("summary", {}, "every parameter"), gradientTable(every)));
}

// Tokens under the x axis: every one where there is room, else every 2nd, 5th, 10th, …
function tokenTicks(from, to, pixels) {
  const room = Math.max(pixels / 16, 1);
  const gap = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((n) => (to - from) / n <= room) ?? 2000;
  return positions.filter((i) => i % gap === 0 && i >= from && i <= to)
    .map((i) => ({v: i, label: gap === 1 ? escaped(data.tokens[i]) : String(i)}));
}

function showBlock(block, index) {
  const section = element("section", {id: `block-${index}`}, element("h2", {}, `Block ${index}: ${kinds[block.kind]}`));
  section.append(document.getElementById(block.kind).content.cloneNode(true));
  const grid = element("div", {class: "charts small"});
  section.append(grid);
  document.getElementById("blocks").append(section);
  for (const [key, [title, caption]] of Object.entries(titles[block.kind])) {
    const series = block.quantities[key].map((values, head) => ({
      label: `head ${head}`, x: positions, y: values, color: colorOf(head),
    }));
    addChart(grid, series, {title, caption, describeX: () => "", axisX: {ticker: tokenTicks, drawGrid: false}});
  }
}

function showBlocks() {
  document.getElementById("blocks-list").append(...data.blocks.map((block, i) =>
    element("a", {href: `#block-${i}`}, `Block ${i}: ${kinds[block.kind]}`)));
  data.blocks.forEach(showBlock);
}

showPrompt();
showGradients();
showBlocks();
