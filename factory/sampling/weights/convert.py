"""A program of its own: GGUF file -> directory of safetensors that vLLM loads.

    python -P convert.py FILE.gguf DIRECTORY

`factory.sampling.weights.resolve` runs it as a child, so that its gigabytes and its libraries' chatter end
with it. Needs transformers, torch, accelerate and gguf. Weights become bfloat16; the tokenizer keeps its chat template.
"""

from __future__ import annotations

import sys
from pathlib import Path


def convert(source: Path, target: Path) -> None:
    """Write model and tokenizer of GGUF file `source` into directory `target`."""
    import torch
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    model = transformers.AutoModelForCausalLM.from_pretrained(
        str(source.parent), gguf_file=source.name, dtype=torch.bfloat16
    )
    # What follows un-marks it: the weights are plain again, though they came from a quantized file.
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.hf_quantizer = None
    model.is_quantized = False
    model.save_pretrained(target)
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(source.parent), gguf_file=source.name)
    if not tokenizer.chat_template:
        raise SystemExit(f"{source}: carries no chat template")
    tokenizer.save_pretrained(target)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
