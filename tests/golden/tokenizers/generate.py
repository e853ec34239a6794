"""Writes the golden files of the tokenizers: small ones in the forms of GPT-2 and GPT-NeoX, and the ids that tiktoken and
Hugging Face's tokenizers give for some texts.

    python3 -m venv /tmp/tokenizers
    /tmp/tokenizers/bin/pip install -r tests/golden/tokenizers/requirements.txt
    /tmp/tokenizers/bin/python tests/golden/tokenizers/generate.py
"""

import json
import pathlib
import sys

import tiktoken
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2] / "scripts"))
from compare_tokenizers import END, EMOJI, WORDS, byte_of_character  # noqa: E402

TEXTS = [
    "",
    " ",
    "a",
    "The river runs under the old bridge, and the children run over it; they'll be home before the rain.",
    "He said: \"I'm sure it's theirs, we've seen it, you'd say so, don't!\"  She'LL see.",
    "Der Fluß fließt unter der alten Brücke hindurch, und die Kinder laufen darüber; sie sind vor dem Regen zu Hause.",
    "for (int i = 0; i < 10; ++i) {\n        total += row[i] * 3.25;\n\tif (total >= 1e9) return -1;\n}\n",
    "1234567890 ½ ² Ⅷ 3.14159 2024-02-29 0x1F",
    "   leading, trailing   ",
    "\n\n\n  \n\t\n text \r\n\r\n",
    EMOJI,
    "日本語のテキスト、中文文本，한국어 텍스트",
    "Ελληνικά, русский, עברית, العربية, हिन्दी",
    "cafe\u0301 e\u0323\u0301 A\u030a \u1100\u1161\u11a8 \u2126 \u212b",
    "nbsp\u00a0thin\u2009wide\u3000mongolian\u180enext\u0085zero\u200bjoin\u200d",
    "\u0000\u0001\u001a\u007f\ufffd\uffff\U0010ffff",
    f"one text{END}another text{END}{END} and a third <|endoftext| > not one",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "|" * 31 + "----" * 9,
]


def train(vocab_size):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=[END],
        show_progress=False,
    )
    tokenizer.train_from_iterator([text for text in TEXTS if END not in text], trainer)
    return json.loads(tokenizer.to_str())["model"]


def write_gpt2(directory, vocab, merges):
    directory.mkdir(exist_ok=True)
    (directory / "vocab.json").write_text(json.dumps(vocab))
    (directory / "merges.txt").write_text("".join(line + "\n" for line in ["#version: 0.2", *merges]))


def neox(vocab, merges):
    without_utf8 = {c for c, b in byte_of_character().items() if b in (0xC0, 0xC1) or b >= 0xF5}
    names = [END, "<|padding|>", *(name for name in vocab if name != END and not without_utf8 & set(name))]
    tokenizer = Tokenizer(models.BPE(vocab={name: id for id, name in enumerate(names)}, merges=merges))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([END, "<|padding|>"])
    tokenizer.add_tokens([AddedToken(" " * n, normalized=True) for n in range(8, 1, -1)])
    return tokenizer


def main():
    model = train(420)
    vocab = dict(sorted(model["vocab"].items(), key=lambda entry: entry[1]))
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    write_gpt2(HERE / "gpt2", vocab, merges)
    (HERE / "neox").mkdir(exist_ok=True)
    hugging_face = neox(vocab, [tuple(merge.split(" ")) for merge in merges])
    hugging_face.save(str(HERE / "neox" / "tokenizer.json"), pretty=False)

    bytes_of = byte_of_character()
    ranks = {bytes(bytes_of[c] for c in name): id for name, id in vocab.items() if name != END}
    encoding = tiktoken.Encoding("small", pat_str=WORDS, mergeable_ranks=ranks, special_tokens={END: vocab[END]})
    cases = [
        {
            "text": text,
            "gpt2": encoding.encode(text, allowed_special="all"),
            "gpt2_plain_text": encoding.encode(text, disallowed_special=()),
            "neox": hugging_face.encode(text).ids,
            "neox_decoded": hugging_face.decode(hugging_face.encode(text).ids, skip_special_tokens=False),
        }
        for text in TEXTS
    ]
    lines = ",\n".join(json.dumps(case) for case in cases)
    (HERE / "ids.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
