// Self-contained HTML pages: templates, styles and scripts are part of the program, and a page asks
// for nothing from outside.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace carousel::program {

// Pages that show the data of report_data and inspection_data. Nothing of the data is HTML: it is
// JSON that the page's script reads, and puts into the document as text.
std::string report_page(const nlohmann::json& data);
std::string inspect_page(const nlohmann::json& data);

}  // namespace carousel::program
