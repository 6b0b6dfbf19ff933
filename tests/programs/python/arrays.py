"""NumPy over a threaded BLAS: products, factorizations, transforms, sorting, and an array that is a file."""
import os
import tempfile
import threading

import numpy

generator = numpy.random.default_rng(7)
a = generator.integers(-5, 6, (300, 300)).astype(float)
b = generator.integers(-5, 6, (300, 300)).astype(float)
product = a @ b  # exact in floating point: small whole numbers
print("product", int(product.sum()), int(numpy.abs(product).max()))
print("threads agree", all((a @ b == product).all() for _ in range(20)))
solution = numpy.linalg.solve(a, product)
print("solve", numpy.allclose(solution, b))
u, s, v = numpy.linalg.svd(a[:100, :100])
print("svd", numpy.allclose(u * s @ v, a[:100, :100]))
values = numpy.linalg.eigvalsh(a + a.T)
print("eigen", numpy.isclose(values.sum(), numpy.trace(a + a.T)))
signal = generator.standard_normal(1 << 18)
print("fft", numpy.allclose(numpy.fft.irfft(numpy.fft.rfft(signal)), signal))
order = numpy.sort(generator.integers(0, 1 << 40, 1_000_000))
print("sort", bool((numpy.diff(order) >= 0).all()), int(order[500_000]))
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "mapped.npy")
    mapped = numpy.lib.format.open_memmap(path, mode="w+", dtype="int32", shape=(1000, 1000))
    workers = [threading.Thread(target=lambda n=n: mapped[n::8].__setitem__(slice(None), numpy.arange(1000) * n)) for n in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    mapped.flush()
    print("mapped", int(numpy.load(path).sum()))
