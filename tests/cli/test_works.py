# SPDX-License-Identifier: MIT
"""The works that docs/PERFORMANCE.md measures, on the digits of the source: the same bits for 1, 2, 3, 4 and 7
threads in both precisions."""
from nnrun import Case, SAMPLE, differing, main, model

# Hidden units, their activation, the last one's, cost,
# optimizer, batch size.
WORKS = {
    "w1": ([30], "sigmoid", "sigmoid", "quadratic", "{use: sgd, rate: 3.0}", 10),
    "w2": ([100], "sigmoid", "sigmoid", "binary_cross_entropy", "{use: sgd, rate: 0.5}", 10),
    "w3": ([512, 512], "relu", "softmax", "categorical_cross_entropy", "{use: adam, rate: 0.001}", 128),
    "w4": ([2048, 2048], "relu", "softmax", "categorical_cross_entropy",
           "{use: sgd, rate: 0.1, momentum: 0.9}", 512),
}
WORK = """nnrun: 1
name: {name}
data:
  train: {{use: jpeg_folder, path: {sample}/train}}
network:
  initializer: scaled_normal
  layers: [{hidden}, {{units: classes, activation: {last}}}]
  cost: {cost}
training: {{epochs: 1, batch_size: {batch}, optimizer: {optimizer}, l2: 1e-4}}
"""


class Works(Case):
    def test_any_number_of_threads_gives_the_same_bits(self):
        for name, (hidden, activation, last, cost, optimizer, batch) in WORKS.items():
            layers = ", ".join(f"{{units: {units}, activation: {activation}}}" for units in hidden)
            spec = self.write(f"{name}.yaml", WORK.format(name=name, sample=SAMPLE, hidden=layers, last=last, cost=cost,
                                                          optimizer=optimizer, batch=batch))
            for precision in ("float32", "float64"):
                runs = []
                for threads in (1, 2, 3, 4, 7):
                    out = f"{name}-{precision}-{threads}"
                    self.run_spec(spec, "--out", out, "--threads", threads, f"precision={precision}")
                    runs.append(model(next((self.folder / out).rglob("run.h5")).parent))
                    with self.subTest(work=name, precision=precision, threads=threads):
                        self.assertEqual(differing(runs[0], runs[-1]), [])


if __name__ == "__main__":
    main()
