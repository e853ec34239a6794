"""The part of scripts/check_pages.sh that looks at the pages."""

import html
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from PIL import Image

WIDTH = 1280
SCHEMES = {"light": [], "dark": ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"]}

# Appended to a copy of the page: where its charts are, which colours their legends name, and what happens when someone
# points at the first chart, drags across it, and double-clicks.
PROBE = """
<script>
function mouse(type, share) {
  const canvas = [...document.querySelector(".plot").querySelectorAll("canvas")].pop();
  const box = canvas.getBoundingClientRect();
  const at = {clientX: box.left + 60 + share * (box.width - 60), clientY: box.top + box.height / 2};
  canvas.dispatchEvent(new MouseEvent(type, {bubbles: true, view: window, ...at}));
}
function ranges() {
  return charts.map((chart) => chart.xAxisRange());
}
function use() {
  const before = ranges();
  mouse("mousemove", 0.5);
  const pointed = [...document.querySelectorAll(".legend")].map((legend) => legend.textContent);
  mouse("mousedown", 0.2);
  mouse("mousemove", 0.6);
  mouse("mouseup", 0.6);
  const zoomed = ranges();
  for (const type of ["mousedown", "mouseup", "dblclick"]) mouse(type, 0.5);
  const after = ranges();
  document.getElementById("log")?.click();
  document.getElementById("log")?.click();
  mouse("mouseout", 0.5);
  const steps = Math.max(...charts.map((chart) => chart.numRows()));
  return {before, pointed, zoomed, after, steps};
}
addEventListener("load", () => setTimeout(() => {
  const place = (box) => [box.left + scrollX, box.top + scrollY, box.right + scrollX, box.bottom + scrollY];
  const colour = (swatch) => getComputedStyle(swatch).backgroundColor.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const charts = [...document.querySelectorAll("figure")].map((figure) => ({
    title: figure.querySelector("h3").textContent,
    area: place(figure.querySelector(".plot").getBoundingClientRect()),
    colours: [...figure.querySelectorAll(".legend .swatch")].map(colour),
  }));
  const found = document.createElement("pre");
  found.id = "probe";
  found.textContent = JSON.stringify({
    charts, height: document.documentElement.scrollHeight, width: document.documentElement.scrollWidth,
    use: use(),
  });
  document.body.append(found);
}, 500));
</script>
"""


def chromium(page, height, scheme, *more):
    """What the browser prints: (standard output, messages of the page)."""
    with tempfile.TemporaryDirectory() as profile:
        command = [
            "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
            "--disable-background-networking", "--enable-logging=stderr", "--virtual-time-budget=5000",
            f"--user-data-dir={profile}", f"--window-size={WIDTH},{height}", *SCHEMES[scheme], *more, page.as_uri(),
        ]
        run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    return run.stdout, [line for line in run.stderr.splitlines() if "CONSOLE" in line]


def probe(page, scheme):
    """What is on the page: charts, height, width."""
    with tempfile.TemporaryDirectory() as directory:
        copy = pathlib.Path(directory) / page.name
        text = page.read_text()
        assert text.count("</body>\n</html>") == 1
        copy.write_text(text.replace("</body>\n</html>", PROBE + "</body>\n</html>"))
        dom, messages = chromium(copy, 900, scheme, "--dump-dom")
    if messages:
        sys.exit(f"{page}: {messages}")
    found = re.search(r'<pre id="probe">(.*?)</pre>', dom, re.S)
    if not found:
        sys.exit(f"{page}: the page did not run to its end: {messages}")
    return json.loads(html.unescape(found.group(1)))


def near(pixel, colour):
    return all(abs(a - b) <= 12 for a, b in zip(pixel, colour))


def problems_of(chart, picture, seen):
    """What is wrong with a chart. Adds to seen, per colour of a curve, whether it shows: it may lie under another."""
    left, top, right, bottom = map(round, chart["area"])
    area = picture.crop((left, top, right, bottom))
    colours = area.getcolors(area.width * area.height)
    if len(colours) < 20:  # anti-aliased lines and letters have more
        yield f"{chart['title']}: only {len(colours)} different colours"
    shown = [sum(count for count, pixel in colours if near(pixel, colour)) >= 10 for colour in chart["colours"]]
    if not any(shown):
        yield f"{chart['title']}: no curve"
    for colour, shows in zip(chart["colours"], shown):
        seen.setdefault(tuple(colour), []).append(shows)


def problems_of_use(use):
    """What is wrong with what the mouse does."""
    for text in use["pointed"]:
        if not re.search(r"\d", text.replace("head ", "")):
            yield f"no value is shown where the mouse points: {text}"
    if use["steps"] == 1:  # there is nothing to zoom
        return
    low, high = use["before"][0]
    for start, end in use["zoomed"]:
        if not (low < start < end < high):
            yield f"dragging shows {start} to {end} of {low} to {high}"
    if use["after"] != use["before"]:
        yield f"a double click shows {use['after'][0]}, and the like, want {use['before'][0]}"


def check(page, scheme, out):
    found = probe(page, scheme)
    screenshot = out / f"{page.stem}-{scheme}.png"
    _, messages = chromium(page, found["height"], scheme, f"--screenshot={screenshot}")
    picture = Image.open(screenshot).convert("RGB")
    problems = messages + list(problems_of_use(found["use"]))
    seen = {}
    problems += [p for chart in found["charts"] for p in problems_of(chart, picture, seen)]
    problems += [f"the curves of colour {c} show in {sum(s)} of {len(s)} charts" for c, s in seen.items()
                 if sum(s) < len(s) / 2]
    if not found["charts"]:
        problems.append("no chart")
    if found["width"] > WIDTH:
        problems.append(f"{found['width']} pixels wide, want at most {WIDTH}")
    brightness = sum(picture.getpixel((2, 2))) / 3
    if (brightness > 128) != (scheme == "light"):
        problems.append(f"the paper is not {scheme}")
    print(f"{page}, {scheme}: {len(found['charts'])} charts, {screenshot}, {len(problems)} problems")
    for problem in problems:
        print(f"  {problem}")
    return not problems


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    pages = [pathlib.Path(name).resolve() for name in sys.argv[2:]]
    good = [check(page, scheme, out.resolve()) for page in pages for scheme in SCHEMES]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
