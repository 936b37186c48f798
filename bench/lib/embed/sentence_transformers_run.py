"""sentence-transformers on the processor, fp32: texts.json → one line of JSON. Run by bench/embed.mjs."""

import json
import resource
import sys
import time

from sentence_transformers import SentenceTransformer

MODEL, TEXTS, BATCH_SIZES = sys.argv[1], json.load(open(sys.argv[2])), [int(size) for size in sys.argv[3].split(",")]
model = SentenceTransformer(MODEL, device="cpu")
model.max_seq_length = 256
model.encode(["warm up"])


def run(batch_size, texts):
    wall, cpu = time.perf_counter(), time.process_time()
    model.encode(texts, batch_size=batch_size, normalize_embeddings=True)
    return time.perf_counter() - wall, time.process_time() - cpu


best = min(BATCH_SIZES, key=lambda size: run(size, TEXTS[:: max(1, len(TEXTS) // 64)])[1])
seconds, cpu_seconds = run(best, TEXTS)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "cpuSeconds": cpu_seconds, "peakMb": peak, "batch": best}))
