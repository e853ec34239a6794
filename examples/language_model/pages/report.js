// Curves, samples and configuration of the runs in `data`.

const runs = data.runs;

function runName(run, index) {
  return element("span", {}, swatch(colorOf(index)), run.name);
}

function showRuns() {
  const heads = ["run", "state", "steps", "loss", "best validation", "tokens/s"];
  const number = {class: "number"};
  const rows = runs.map((run, i) => {
    const best = run.best_validation;
    return element("tr", {},
      element("td", {}, runName(run, i)),
      element("td", {}, run.finished ? "finished" : "not finished"),
      element("td", number, String(run.steps)),
      element("td", number, short(run.last_loss)),
      element("td", number, best ? `${short(best.value)} after step ${best.step}` : "–"),
      element("td", number, short(run.median_speed)));
  });
  document.getElementById("runs").append(element("table", {},
    element("thead", {}, element("tr", {},
      heads.map((head, i) => element("th", i < 2 ? {} : number, head)))),
    element("tbody", {}, rows)));
}

// A curve of every run.
function curves(key, change = {}) {
  return runs.map((run, i) => ({
    label: run.name, x: run.curves[key][0], y: run.curves[key][1], color: colorOf(i), ...change,
  }));
}

// The same, faint and without a legend.
function faintCurves(key) {
  return curves(key, {silent: true, style: {strokeWidth: 1}})
    .map((one, i) => ({...one, color: colorOf(i, 0.3)}));
}

function showCurves() {
  const place = document.getElementById("curves");
  const validation = curves("val_loss", {style: {strokePattern: [6, 3], drawPoints: true, pointSize: 2.5}});
  const scaled = [];
  scaled.push(addChart(place, [...faintCurves("loss"), ...curves("smooth_loss")], {
    title: "Training loss",
    caption: "Nats per token, before each step; the strong line is its moving average over a 50th of the run.",
  }));
  if (runs.some((run) => run.curves.val_loss[0].length > 0)) {
    scaled.push(addChart(place, [...faintCurves("smooth_loss"), ...validation], {
      title: "Validation loss",
      caption: "Nats per token, on data the model does not learn from; faint, the training loss.",
    }));
  }
  scaled.push(addChart(place, curves("grad_norm"), {
    title: "Gradient norm", caption: "2-norm of the gradient of all parameters, before clipping.",
  }));
  addChart(place, curves("lr"), {title: "Learning rate"});
  if (runs.some((run) => run.curves.tokens_per_second[0].length > 0)) {
    addChart(place, [...faintCurves("tokens_per_second"), ...curves("smooth_tokens_per_second")], {
      title: "Speed",
      caption: "Tokens per second, of the training steps without validation, and the moving average.",
    });
  }
  document.getElementById("log").addEventListener("change", (event) => {
    for (const chart of scaled) chart.updateOptions({logscale: event.target.checked});
  });
}

function showSamples() {
  if (runs.every((run) => run.samples.length === 0)) return;
  const section = document.getElementById("samples");
  section.hidden = false;
  section.querySelector(".columns").append(...runs.map((run, i) => element("div", {},
    element("p", {}, runName(run, i)),
    run.samples.length < run.sample_count
      ? element("p", {class: "faint"}, `${run.samples.length} of ${run.sample_count} samples`) : "",
    run.samples.map((sample) => element("div", {class: "sample"},
      element("div", {class: "faint"}, `after step ${sample.step}`),
      element("pre", {}, sample.text.trim() ? sample.text : "(white space)"))))));
}

function settingsTable(rows) {
  const marked = runs.length > 1;
  return element("div", {class: "scroll"}, element("table", {},
    element("thead", {}, element("tr", {},
      element("th", {}, ""), element("th", {}, ""), runs.map((run, i) => element("th", {}, runName(run, i))))),
    element("tbody", {}, rows.map((row) => element("tr", marked && row.differs ? {class: "differs"} : {},
      element("td", {class: "faint"}, row.group),
      element("td", {}, element("code", {}, row.key)),
      row.values.map((value) => element("td", {}, ["", "null", null].includes(value) ? "–" : value)))))));
}

function showSettings() {
  const section = document.getElementById("settings");
  const different = data.settings.filter((row) => row.differs);
  const same = data.settings.filter((row) => !row.differs);
  if (runs.length === 1) {
    section.append(settingsTable(same));
    return;
  }
  section.append(element("p", {}, different.length > 0 ? "Where the runs differ:" : "The runs are configured alike."));
  if (different.length > 0) section.append(settingsTable(different));
  section.append(element("details", {}, element("summary", {}, `${same.length} settings are the same`),
    settingsTable(same)));
}

showRuns();
showCurves();
showSamples();
showSettings();
