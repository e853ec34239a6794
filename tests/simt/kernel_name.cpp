// The name of a kernel, from the symbol table of the program that runs.
#include <cxxabi.h>
#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstring>
#include <fstream>

#include "tests/simt/executor.h"

namespace simt {
namespace {

// Where the program lies in memory.
std::uintptr_t load_address() {
  std::uintptr_t address = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* out) {
        *static_cast<std::uintptr_t*>(out) = info->dlpi_addr;
        return 1;  // the first is the program itself
      },
      &address);
  return address;
}

std::string symbol(std::uintptr_t address) {
  std::ifstream file("/proc/self/exe", std::ios::binary | std::ios::ate);
  std::string bytes(static_cast<std::size_t>(std::max<std::streamoff>(file.tellg(), 0)), '\0');
  file.seekg(0);
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  ElfW(Ehdr) header;
  if (bytes.size() < sizeof header) return "";
  std::memcpy(&header, bytes.data(), sizeof header);
  const auto section = [&](std::size_t i) {
    ElfW(Shdr) s;
    std::memcpy(&s, bytes.data() + header.e_shoff + i * sizeof s, sizeof s);
    return s;
  };
  for (std::size_t i = 0; i < header.e_shnum; ++i) {
    const ElfW(Shdr) table = section(i);
    if (table.sh_type != SHT_SYMTAB) continue;
    const ElfW(Shdr) names = section(table.sh_link);
    for (std::size_t at = 0; at + sizeof(ElfW(Sym)) <= table.sh_size; at += sizeof(ElfW(Sym))) {
      ElfW(Sym) s;
      std::memcpy(&s, bytes.data() + table.sh_offset + at, sizeof s);
      if (s.st_value == address && (s.st_info & 0xf) == STT_FUNC)
        return bytes.data() + names.sh_offset + s.st_name;
    }
  }
  return "";
}

// "void ns::(anonymous namespace)::f<float>(ns::Args<float>)" is f<float>.
std::string short_name(const std::string& full) {
  int depth = 0;
  std::size_t begin = 0, end = full.size();
  for (std::size_t i = 0; i < full.size(); ++i) {
    const char c = full[i];
    if (c == '<') ++depth;
    if (c == '>') --depth;
    if (depth > 0) continue;
    if (full.compare(i, 21, "(anonymous namespace)") == 0) {
      i += 20;
    } else if (c == '(') {
      end = i;
      break;
    } else if (c == ' ' || c == ':') {
      begin = i + 1;
    }
  }
  return full.substr(begin, end - begin);
}

}  // namespace

std::string kernel_name(const void* kernel, bool demangled) {
  const std::string mangled = symbol(reinterpret_cast<std::uintptr_t>(kernel) - load_address());
  if (!demangled || mangled.empty()) return mangled.empty() ? "(unnamed)" : mangled;
  int status = 0;
  char* full = abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status);
  if (full == nullptr) return mangled;
  const std::string name = short_name(full);
  std::free(full);
  return name;
}

}  // namespace simt
