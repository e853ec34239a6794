#include "examples/language_model/pages/page.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/error.h"
#include "examples/language_model/embed.h"

CAROUSEL_EMBED(page_shell, CAROUSEL_PAGES "/shell.html");
CAROUSEL_EMBED(page_style, CAROUSEL_PAGES "/style.css");
CAROUSEL_EMBED(page_charts, CAROUSEL_PAGES "/charts.js");
CAROUSEL_EMBED(page_report_html, CAROUSEL_PAGES "/report.html");
CAROUSEL_EMBED(page_report_js, CAROUSEL_PAGES "/report.js");
CAROUSEL_EMBED(page_inspect_html, CAROUSEL_PAGES "/inspect.html");
CAROUSEL_EMBED(page_inspect_js, CAROUSEL_PAGES "/inspect.js");
CAROUSEL_EMBED(page_dygraph_css, CAROUSEL_DYGRAPHS "/dygraph.min.css");
CAROUSEL_EMBED(page_dygraph_js, CAROUSEL_DYGRAPHS "/dygraph.min.js");

namespace carousel::program {

namespace {

using Parts = std::map<std::string_view, std::string_view>;

// The text with every "{{name}}" replaced by the part of that name, which is taken as it is.
std::string filled_in(std::string_view text, const Parts& parts) {
  std::string result;
  for (std::size_t open; (open = text.find("{{")) != text.npos;) {
    const std::size_t close = text.find("}}", open);
    const auto part = parts.find(text.substr(open + 2, close - open - 2));
    CAROUSEL_CHECK(part != parts.end(), "page: there is no part {}",
                   text.substr(open, close - open));
    result.append(text.substr(0, open)).append(part->second);
    text.remove_prefix(close + 2);
  }
  return result.append(text);
}

// JSON in which nothing can end a script element, or be taken for the start of anything in HTML.
std::string script_safe(const nlohmann::json& data) {
  const auto replace = nlohmann::json::error_handler_t::replace;  // bytes that are no UTF-8
  std::string safe;
  for (const char c : data.dump(-1, ' ', /*ensure_ascii=*/true, replace)) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string page(std::string_view title, std::string_view body, std::string_view script,
                 const nlohmann::json& data) {
  const std::string json = script_safe(data);
  return filled_in(page_shell(), {{"title", title},
                                  {"library style", page_dygraph_css()},
                                  {"style", page_style()},
                                  {"body", body},
                                  {"data", json},
                                  {"library", page_dygraph_js()},
                                  {"charts", page_charts()},
                                  {"script", script}});
}

}  // namespace

std::string report_page(const nlohmann::json& data) {
  return page("Training report", page_report_html(), page_report_js(), data);
}

std::string inspect_page(const nlohmann::json& data) {
  return page("Inside the model", page_inspect_html(), page_inspect_js(), data);
}

}  // namespace carousel::program
