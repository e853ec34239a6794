"""Token ids and speed of carousel beside tiktoken and Hugging Face's tokenizers. See compare_tokenizers.sh."""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import unicodedata

import tiktoken
import tokenizers
from tokenizers import AddedToken, decoders, models, normalizers, pre_tokenizers

END = "<|endoftext|>"
WORDS = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
EMOJI = "🎉🏳️‍🌈👩‍👩‍👧‍👦 flags 🇦🇹🇩🇪, skin 👍🏽👍🏿 ☕️ ❤️‍🔥\n\t 1️⃣ ½ ² Ⅷ ①  'S 're 'RE don't x's\u00a0y\u2003z\u180ew\x85v\r\n\r\n  end  "


def byte_of_character():
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(b): b for b in printable} | {chr(256 + i): b for i, b in enumerate(others)}


def gpt2_tiktoken(vocab):
    bytes_of = byte_of_character()
    ranks = {bytes(bytes_of[c] for c in name): id for name, id in vocab.items() if name != END}
    return tiktoken.Encoding("gpt2", pat_str=WORDS, mergeable_ranks=ranks, special_tokens={END: vocab[END]})


def byte_level(vocab, merges):
    tokenizer = tokenizers.Tokenizer(models.BPE(vocab=vocab, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def gpt2_hugging_face(vocab, merges):
    tokenizer = byte_level(vocab, merges)
    tokenizer.add_special_tokens([END])
    return tokenizer


def neox_style(vocab, merges):
    """GPT-2's merges in the clothes of GPT-NeoX-20B's file: NFC, no token for 13 bytes that UTF-8 does not have, marks
    first, and runs of 24 to 2 spaces as added tokens that are looked for in the normalised text."""
    no_utf8 = {c for c, b in byte_of_character().items() if b in (0xC0, 0xC1) or b >= 0xF5}
    merges = [merge for merge in merges if not no_utf8 & set("".join(merge))]
    kept = [name for name in vocab if name != END and not no_utf8 & set(name)]
    vocab = {name: id for id, name in enumerate([END, "<|padding|>", *kept])}
    tokenizer = byte_level(vocab, merges)
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.add_special_tokens([END, "<|padding|>"])
    tokenizer.add_tokens([AddedToken(" " * n, normalized=True) for n in range(24, 1, -1)])
    return tokenizer


def every_character():
    """All that have a category in this Python's Unicode, each after a letter, a blank and itself."""
    characters = (chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs"))
    return END.join(f"a{c}1 {c}{c}\n" for c in characters)


def random_strings(seed, count):
    """Of letters, blanks, marks, other planes and combining characters, in runs."""
    generator = random.Random(seed)
    assigned = [chr(c) for c in range(0x20000) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co")]
    pools = ["abcdefgh", " \t\n\r", "0123456789", "'sdmtlvre", "äöüßéàçñ", "日本語中文", "\u0301\u0308\u0323\u05b0e", assigned]
    strings = []
    for _ in range(count):
        runs = range(generator.randrange(12))
        strings.append("".join("".join(generator.choices(generator.choice(pools), k=generator.randrange(8))) for _ in runs))
    return END.join(strings)


def without_new_marks(text):
    """The order of combining marks that are younger than Hugging Face's tables (U+08D3, U+1AC5, …) is theirs."""
    old = normalizers.NFC()
    strings = text.split(END)
    kept = [string for string in strings if old.normalize_str(string) == unicodedata.normalize("NFC", string)]
    print(f"           {len(strings) - len(kept)} random strings are left out: Hugging Face's NFC is an older Unicode's")
    return END.join(kept)


class Carousel:
    def __init__(self, program, bench, tokenizer):
        self.program, self.bench, self.tokenizer = program, bench, tokenizer
        self.directory = tempfile.TemporaryDirectory()

    def run(self, *arguments):
        return subprocess.run([self.program, "tokenizer", *arguments], check=True, stdout=subprocess.PIPE).stdout

    def encode(self, text):
        path = pathlib.Path(self.directory.name, "text")
        path.write_bytes(text)
        return [int(id) for id in self.run("encode", "--tokenizer", self.tokenizer, path).split()]

    def decode(self, ids):
        path = pathlib.Path(self.directory.name, "ids")
        path.write_text(" ".join(map(str, ids)))
        return self.run("decode", "--tokenizer", self.tokenizer, path)

    def seconds(self, file):
        arguments = [self.bench, "tokenizer", "--tokenizer", self.tokenizer, "--rounds", "5", file]
        return json.loads(subprocess.run(arguments, check=True, stdout=subprocess.PIPE).stdout)["seconds"]


class Report:
    failures = 0

    def check(self, what, got, want):
        same = got == want
        self.failures += not same
        print(f"{'same' if same else 'DIFFERENT':<10} {what}")
        if not same and isinstance(want, list):
            at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
            print(f"           from token {at}: {got[at:at + 8]} instead of {want[at:at + 8]}")


def compare_ids(report, name, carousel, texts, encoders, lossless):
    for title, text in texts.items():
        ids = carousel.encode(text.encode())
        for other, encode in encoders.items():
            report.check(f"{name}: {title}: {len(ids)} ids as from {other}", ids, encode(text))
        want = text if lossless else unicodedata.normalize("NFC", text)
        report.check(f"{name}: {title}: decoded again", carousel.decode(ids), want.encode())


def compare_invalid(report, carousel, encoding, text):
    """Text cut at every byte, and noise: back again it must be itself. What tiktoken does with an end that is half a
    character is its private affair, so that is only counted."""
    data = text.encode()
    cuts = [data[:at] for at in range(1, min(len(data), 400))]
    separator = END.encode()
    noise = random.Random(5).randbytes(1 << 20)
    for title, what in (("texts cut inside characters", separator.join(cuts)), ("1 MiB of noise", noise)):
        report.check(f"GPT-2: {title}: decoded again", carousel.decode(carousel.encode(what)), what)
    same = sum(carousel.encode(cut) == encoding._encode_bytes(cut) for cut in cuts[::7])
    print(f"           {same} of {len(cuts[::7])} cut texts have the ids of tiktoken's _encode_bytes")


def compare_speed(carousel, files, encoders, rounds):
    print(f"\nMB/s on one thread, the fastest of {rounds} rounds in turns\n{'':<28}{'carousel':>10}", end="")
    print("".join(f"{name:>14}{'ratio':>8}" for name in encoders))
    for file in files:
        data = file.read_bytes()
        text = data.decode()
        best = dict.fromkeys(["carousel", *encoders], float("inf"))
        for _ in range(rounds):
            best["carousel"] = min(best["carousel"], carousel.seconds(file))
            for name, encode in encoders.items():
                start = time.perf_counter()
                encode(text)
                best[name] = min(best[name], time.perf_counter() - start)
        rate = {name: len(data) / 1e6 / seconds for name, seconds in best.items()}
        row = "".join(f"{rate[name]:>14.1f}{rate['carousel'] / rate[name]:>8.1f}" for name in encoders)
        print(f"{file.name:<28}{rate['carousel']:>10.1f}{row}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("bench")
    parser.add_argument("vocab", type=pathlib.Path)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    vocab = json.loads(options.vocab.read_text())
    lines = options.vocab.with_name(options.vocab.name.replace("vocab.json", "merges.txt")).read_text().split("\n")
    merges = [tuple(line.split(" ")) for line in lines if line and not line.startswith("#version")]

    texts = {file.name: file.read_bytes().decode() for file in options.files}
    texts |= {"emoji": EMOJI, "every character of Unicode " + unicodedata.unidata_version: every_character()}
    texts |= {"100,000 random strings": random_strings(1, 100_000), "a long word": "ab" * 200_000}

    report = Report()
    encoding, hugging_face = gpt2_tiktoken(vocab), gpt2_hugging_face(vocab, merges)
    gpt2 = Carousel(options.program, options.bench, options.vocab)
    encoders = {
        "tiktoken": lambda text: encoding.encode(text, allowed_special="all"),
        "Hugging Face": lambda text: hugging_face.encode(text).ids,
    }
    compare_ids(report, "GPT-2", gpt2, texts, encoders, lossless=True)
    compare_invalid(report, gpt2, encoding, "".join(texts.values())[:100] + EMOJI)

    with tempfile.TemporaryDirectory() as directory:
        neox = neox_style(vocab, merges)
        neox.save(f"{directory}/tokenizer.json")
        carousel = Carousel(options.program, options.bench, f"{directory}/tokenizer.json")
        texts["100,000 random strings"] = without_new_marks(texts["100,000 random strings"])
        compare_ids(report, "NeoX style", carousel, texts, {"Hugging Face": lambda text: neox.encode(text).ids}, lossless=False)
        own = f"{directory}/own"
        gpt2.run("train", "--vocab-size", "1000", "--special", END, "--out", own, *options.files)
        trained = tokenizers.Tokenizer.from_file(f"{own}/tokenizer.json")
        compare_ids(report, "trained", Carousel(options.program, options.bench, own), texts,
                    {"Hugging Face": lambda text: trained.encode(text).ids}, lossless=True)

    compare_speed(gpt2, options.files, {"tiktoken": encoding.encode_ordinary, "Hugging Face": encoders["Hugging Face"]}, options.rounds)
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
