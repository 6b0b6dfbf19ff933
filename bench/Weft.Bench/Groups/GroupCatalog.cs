using System.Runtime.Intrinsics.X86;
using Weft.Bench.Groups.Rdma;

namespace Weft.Bench.Groups;

/// <summary>All groups, in the order of the report.</summary>
internal static class GroupCatalog
{
    private const string Kernels = "kernels";

    internal static IReadOnlyList<IBenchmarkGroup> All { get; } =
    [
        new KernelGroup("compute", "Compute kernels",
            new KernelBenchmark("integer", Kernels, "integer", 80_000_000, "ns") { Expected = Expectation.NearNative },
            new KernelBenchmark("floating point", Kernels, "floating", 40_000_000, "ns") { Expected = Expectation.NearNative },
            new KernelBenchmark("AVX2", Kernels, "avx2", 240_000_000, "ns") { Expected = Expectation.NearNative, IsSupported = Fma.IsSupported && Avx2.IsSupported },
            new KernelBenchmark("AVX-512", Kernels, "avx512", 240_000_000, "ns") { Expected = Expectation.NearNative, IsSupported = Avx512F.IsSupported },
            new KernelBenchmark("pointer chase, 64 MiB", Kernels, "chase", 2_097_152, "ns") { Expected = Expectation.NearNative },
            new KernelBenchmark("memory triad, 96 MiB", Kernels, "triad", 8, "ms") { Expected = Expectation.NearNative }),
        new KernelGroup("openmp", "OpenMP on two threads",
            new KernelBenchmark("reduction", "openmp", "reduction", 80_000_000, "ns") { Expected = Expectation.NearNative },
            new KernelBenchmark("memory triad, 96 MiB", "openmp", "triad", 12, "ms") { Expected = Expectation.NearNative }),
        new KernelGroup("touch", "First touch of memory",
            new KernelBenchmark("256 MiB, a page", Kernels, "touch", 256, "ns") { IsWhole = true }),
        new KernelGroup("clock", "The clock",
            new KernelBenchmark("clock_gettime", Kernels, "clock", 2_000_000, "ns") { Expected = new Expectation(2, "×") }),
        new CallGroup(),
        new KernelGroup("io", "Files and pipes, 4 KiB",
            new KernelBenchmark("read of a file", Kernels, "read-file", 4_000, "µs"),
            new KernelBenchmark("write to a file", Kernels, "write-file", 4_000, "µs"),
            new KernelBenchmark("pipe, write and read", Kernels, "pipe", 2_000, "µs")),
        new KernelGroup("futex", "Threads",
            new KernelBenchmark("futex hand-over", Kernels, "futex", 4_000, "µs")),
        new MpiGroup("mpich", "MPICH"),
        new MpiGroup("openmpi", "Open MPI"),
        new MpiCodeGroup(),
        new RdmaGroup(),
        new PerftestGroup(),
        new RdmaHostsGroup(),
        new StartGroup(),
        new IdleGroup(),
    ];
}
