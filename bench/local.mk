# The benchmarks: nothing of them is built by default.
